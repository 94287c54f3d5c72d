"""The endpoints of the consultants service."""

from services.consultants.api import (
    availability,
    consultants,
    places,
    policies,
    prices,
    schedules,
    timetable,
    visit_types,
)

ROUTERS = (
    consultants.router,
    schedules.router,
    timetable.router,
    visit_types.router,
    policies.router,
    prices.router,
    places.router,
    availability.router,
)
