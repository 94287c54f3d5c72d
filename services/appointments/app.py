"""The appointments service."""

from fastapi import FastAPI

from careconnect.config import Settings
from careconnect.service import create_service
from services.appointments import api, availability, charged, clock_changes, diary, endings, remarks, visit
from services.appointments.absences import api as absences
from services.appointments.closings import api as closings
from services.appointments.feeds import api as feeds
from services.appointments.holds import api as holds
from services.appointments.reach import api as reach
from services.appointments.series import api as series
from services.appointments.utilisation import api as utilisation
from services.appointments.waitlist import api as waitlist


def create(settings: Settings) -> FastAPI:
    """Make the application."""
    routers = [
        availability.router,
        clock_changes.router,
        diary.router,
        series.router,
        waitlist.router,
        absences.router,
        feeds.router,
        closings.router,
        holds.router,
        reach.router,
        utilisation.router,
        api.router,
        visit.router,
        endings.router,
        charged.router,
        remarks.router,
    ]
    return create_service("appointments", routers, settings=settings, database="appointments")
