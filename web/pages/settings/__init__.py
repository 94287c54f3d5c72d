"""Settings: the organisation, places, hours, rooms, holidays, what can be booked, money, people, programs."""

from fastapi import APIRouter

from web.pages.settings import clients, holidays, locations, money, opening, people, price, rooms, show, visit_types

router = APIRouter()
for _part in (locations, opening, holidays, rooms, visit_types, price, money, people, clients, show):
    router.include_router(_part.router)
