"""The reports service."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.reports import api


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    return create_service("reports", [api.router], settings=settings, database="reports")
