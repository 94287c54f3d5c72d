"""The appointments service."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.appointments import api, availability, visit


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    return create_service(
        "appointments", [availability.router, api.router, visit.router], settings=settings, database="appointments"
    )
