"""The queue of today: who is expected, here, with the consultant, and gone; and who walks in."""

from fastapi import APIRouter

from web.pages.queue import show, walk_in

router = APIRouter(include_in_schema=False)
router.include_router(show.router, prefix="/queue")
router.include_router(walk_in.router, prefix="/walk-ins")

__all__ = ["router"]
