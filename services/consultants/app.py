"""The consultants service."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.consultants.api import ROUTERS


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    return create_service("consultants", ROUTERS, settings=settings, database="consultants")
