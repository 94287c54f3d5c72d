"""The calendar: days with consultants as columns, weeks of one consultant, moving, and what other desks change."""

from fastapi import APIRouter

from web.pages.calendar import beginning, data, events, groups, moving, peek, show
from web.pages.calendar.view import PATH

router = APIRouter(include_in_schema=False)
for module in (show, data, events, beginning, groups, moving, peek):
    router.include_router(module.router, prefix=PATH)

__all__ = ["router"]
