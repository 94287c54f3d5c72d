"""The identity service."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.identity.api import ROUTERS


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    return create_service("identity", ROUTERS, settings=settings, database="identity")
