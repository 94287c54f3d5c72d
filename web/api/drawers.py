"""`/drawers`: cash by person and shift, counted in, moved, counted out and reviewed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page, PagingQuery
from services.identity.errors import LocationNotFound
from services.payments.errors import (
    DrawerClosed,
    DrawerDiffers,
    DrawerNotFound,
    DrawerOpen,
    DrawerTooEmpty,
    DrawerUnclosed,
)
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
from web.api.etags import TAGGED, Tagged
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/drawers", tags=["drawers"])
Reader = Annotated[Actor, may("payments:read")]
Writer = Annotated[Actor, may("payments:write")]
Reviewer = Annotated[Actor, may("drawers:review")]


@router.get("", summary="List cash drawers", **LIST)
async def search(
    actor: Reader, gateway: Door, paging: PagingQuery, wanted: Annotated[DrawerFilter, Query()]
) -> Page[Drawer]:
    """List one's own, the newest first; with `drawers:review`, or as an auditor, those of everybody."""
    return listed(await gateway.payments.drawers(actor, wanted, **paging.model_dump()))


@router.post(
    "",
    summary="Open a cash drawer",
    status_code=201,
    responses={201: TAGGED, **refusals(DrawerOpen, LocationNotFound, IdempotencyConflict)},
)
async def open_drawer(
    body: DrawerWrite, actor: Writer, gateway: Door, tag: Tagged, *, key: IdempotencyKey = None
) -> Drawer:
    """Open one for whoever asks, with what was counted into it. Cash that they take from now on belongs to it."""
    return tag(await gateway.money.open_drawer(actor, minted("drawer", actor, key), body))


@router.get("/rule", summary="Tell whether cash needs an open drawer", responses={200: TAGGED})
async def rule(actor: Reader, gateway: Door, tag: Tagged) -> CashRule:
    """Tell it. Until an organisation says so, it does not."""
    return tag(await gateway.payments.cash_rule(actor))


@router.put("/rule", summary="Say whether cash needs an open drawer")
async def set_rule(body: CashRule, actor: Reviewer, gateway: Door) -> CashRule:
    """Say it: without a drawer, cash is then refused with `drawer_needed`."""
    return await gateway.payments.set_cash_rule(actor, body)


@router.get("/{drawer_id}", summary="Read a cash drawer", responses={200: TAGGED, **refusals(DrawerNotFound)})
async def read(drawer_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Drawer:
    """Read one, with what should be in it by now."""
    return tag(await gateway.payments.drawer(actor, drawer_id))


@router.get(
    "/{drawer_id}/movements",
    summary="List what changed a drawer's cash",
    responses=refusals(DrawerNotFound),
    **LIST,
)
async def movements(drawer_id: UUID, actor: Reader, gateway: Door) -> Page[DrawerMovement]:
    """List all payments, refunds, and what was put in and taken out, the newest first."""
    found = await gateway.payments.drawer_movements(actor, drawer_id)
    return Page[DrawerMovement](items=found, next_cursor=None)


@router.post(
    "/{drawer_id}/movements",
    summary="Put cash into a drawer, or take it out",
    status_code=201,
    responses={201: TAGGED, **refusals(DrawerNotFound, DrawerClosed, DrawerTooEmpty, IdempotencyConflict)},
)
async def move(
    drawer_id: UUID, body: MovementWrite, actor: Writer, gateway: Door, tag: Tagged, *, key: IdempotencyKey = None
) -> Drawer:
    """Bring cash to the bank or from it, or spend it on something small, with a reason; booked in the ledger."""
    return tag(await gateway.payments.move_cash(actor, drawer_id, minted("cash movement", actor, key), body))


@router.post(
    "/{drawer_id}/closing",
    summary="Close a cash drawer",
    responses={200: TAGGED, **refusals(DrawerNotFound, DrawerClosed, DrawerDiffers)},
)
async def close(drawer_id: UUID, body: DrawerClosing, actor: Writer, gateway: Door, tag: Tagged) -> Drawer:
    """Close it with what was counted; a difference needs a reason and is booked. A repeat is harmless."""
    return tag(await gateway.payments.close_drawer(actor, drawer_id, body))


@router.post(
    "/{drawer_id}/review",
    summary="Note that a closed drawer was looked at",
    responses={200: TAGGED, **refusals(DrawerNotFound, DrawerUnclosed)},
)
async def review(
    drawer_id: UUID, actor: Reviewer, gateway: Door, tag: Tagged, body: DrawerReview | None = None
) -> Drawer:
    """Note it, with who and when; the last look counts."""
    return tag(await gateway.payments.review_drawer(actor, drawer_id, body or DrawerReview()))
