"""Cash drawers: opened, counted, closed, reviewed; and whether cash needs one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.payments import repository
from services.payments.api.asking import Reader, Writer
from services.payments.collection import drawers
from services.payments.schemas import (
    CashRule,
    Drawer,
    DrawerClosing,
    DrawerFilter,
    DrawerMovement,
    DrawerReview,
    DrawerWrite,
    MovementWrite,
)

router = APIRouter(tags=["drawers"])
Reviewer = Annotated[Actor, require("drawers:review")]


@router.get("/drawers", summary="List cash drawers, the newest first")
async def listed(
    _: Reader, session: Read, paging: PagingQuery, wanted: Annotated[DrawerFilter, Query()]
) -> Page[Drawer]:
    """List one's own; whoever reviews them, and auditors, see those of everybody."""
    return await drawers.listed(session, wanted, paging)


@router.get("/cash-rule", summary="Tell whether cash needs an open drawer")
async def rule(_: Reader, session: Read) -> CashRule:
    """Tell it."""
    return CashRule(drawer_needed=await repository.drawer_needed(session))


@router.put("/cash-rule", summary="Say whether cash needs an open drawer")
async def set_rule(wanted: CashRule, _: Reviewer, session: Write) -> CashRule:
    """Say it, for everybody of the organisation."""
    await repository.set_drawer_needed(session, wanted.drawer_needed)
    session.record("cash_rule.set", "cash_rule", session.tenant_id, data=wanted.model_dump())
    return wanted


@router.put("/drawers/{drawer_id}", summary="Open a cash drawer", status_code=201)
async def open_drawer(drawer_id: UUID, wanted: DrawerWrite, response: Response, _: Writer, session: Write) -> Drawer:
    """Open it for whoever asks, under an id of theirs, with what was counted into it; a repeat changes nothing."""
    if not await drawers.open_(session, drawer_id, wanted):
        response.status_code = 200
    return await drawers.shown(session, await drawers.find(session, drawer_id))


@router.get("/drawers/{drawer_id}", summary="Read a cash drawer")
async def read(drawer_id: UUID, _: Reader, session: Read) -> Drawer:
    """Read one, with what should be in it."""
    return await drawers.shown(session, await drawers.find(session, drawer_id))


@router.get("/drawers/{drawer_id}/movements", summary="List what changed a drawer's cash, the newest first")
async def movements(drawer_id: UUID, _: Reader, session: Read) -> list[DrawerMovement]:
    """List payments, refunds, and what was put in and taken out."""
    return await drawers.movements(session, await drawers.find(session, drawer_id))


@router.put("/drawers/{drawer_id}/movements/{movement_id}", summary="Put cash in, or take it out", status_code=201)
async def move(
    drawer_id: UUID, movement_id: UUID, wanted: MovementWrite, response: Response, _: Writer, session: Write
) -> Drawer:
    """Do it under an id of the caller's, with a reason, and answer with the drawer; a repeat changes nothing."""
    if not await drawers.move(session, drawer_id, movement_id, wanted):
        response.status_code = 200
    return await drawers.shown(session, await drawers.find(session, drawer_id))


@router.put("/drawers/{drawer_id}/closing", summary="Close a cash drawer")
async def close(drawer_id: UUID, wanted: DrawerClosing, _: Writer, session: Write) -> Drawer:
    """Close it with what was counted; a difference is booked. A repeat with the same count changes nothing."""
    await drawers.close(session, drawer_id, wanted)
    return await drawers.shown(session, await drawers.find(session, drawer_id))


@router.put("/drawers/{drawer_id}/review", summary="Note that a closed drawer was looked at")
async def review(drawer_id: UUID, wanted: DrawerReview, _: Reviewer, session: Write) -> Drawer:
    """Note it, with who and when."""
    await drawers.review(session, drawer_id, wanted.note.strip())
    return await drawers.shown(session, await drawers.find(session, drawer_id))
