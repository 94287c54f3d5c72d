"""Series: the list, laying one down with a look at its dates, its page, and what changes it."""

from fastapi import APIRouter

from web.pages.series import changing, detail, planning

router = APIRouter(include_in_schema=False)
for module in (planning, changing, detail):
    router.include_router(module.router, prefix="/series")

__all__ = ["router"]
