"""The notifications service: what patients are told, by e-mail and short message, once each."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.notifications.api import mails, messages, preferences


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    routers = [messages.router, preferences.router, mails.router]
    return create_service("notifications", routers, settings=settings, database="notifications")
