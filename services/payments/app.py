"""The payments service."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.payments.api import routers
from services.payments.gateways.registry import Gateways


def create(settings: Settings) -> FastAPI:
    """Make the application; `app.state.gateways` are what it moves card money through."""
    app = create_service("payments", routers, settings=settings, database="payments")
    app.state.gateways = Gateways(app.state.database, settings)
    app.state.closing.append(app.state.gateways.close)
    return app
