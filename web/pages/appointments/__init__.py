"""Appointments: the list, booking, the record with its timeline, and what changes it."""

from fastapi import APIRouter

from web.pages.appointments import booking, changes, detail, holding, listing, moving, outcome

router = APIRouter(include_in_schema=False)
for module in (listing, booking, holding, outcome, moving, changes, detail):
    router.include_router(module.router, prefix="/appointments")

__all__ = ["router"]
