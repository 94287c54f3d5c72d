"""The endpoints of the consultants service."""

from services.consultants.api import availability, consultants, places, prices, schedules, timetable, visit_types

ROUTERS = (
    consultants.router,
    schedules.router,
    timetable.router,
    visit_types.router,
    prices.router,
    places.router,
    availability.router,
)
