"""The patients service: who is treated, how to reach them, and what the desk must know of their health."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.patients.api import reading, writing


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    return create_service("patients", [reading.router, writing.router], settings=settings, database="patients")
