"""Settings: the organisation, places with their hours and rooms, holidays, what can be booked, people, programs."""

from fastapi import APIRouter

from web.pages.settings import clients, holidays, locations, opening, people, rooms, show, visit_types

router = APIRouter()
for _part in (locations, opening, holidays, rooms, visit_types, people, clients, show):
    router.include_router(_part.router)
