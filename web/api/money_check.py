"""`/payments/money-check`: the newest comparison of the gateway's list with the books, and the orphans of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.errors import VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.appointments.errors import AppointmentNotFound
from services.payments.errors import (
    GatewaySaysOtherwise,
    GatewayUnavailable,
    InvoiceNotFound,
    InvoiceState,
    OrphanNotFound,
    OrphanSettled,
    RefundExceedsCaptured,
    RefundFailed,
    RemedyNotOffered,
)
from services.payments.schemas import (
    Dismissal,
    MendingRule,
    MendingRuleWrite,
    MoneyChecks,
    Orphan,
    OrphanStatus,
    RemedyWrite,
)
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.gateway.errors import EngineUnavailable
from web.session import Door, may

router = APIRouter(prefix="/payments", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]
Refunder = Annotated[Actor, may("payments:refund")]
Manager = Annotated[Actor, may("gateways:manage")]


class CheckStarted(BaseModel):
    """A money check that runs; `/workflows/{workflow_id}` says when it is done."""

    workflow_id: str


@router.get("/money-check", summary="Read the newest money check")
async def newest(actor: Reader, gateway: Door) -> MoneyChecks:
    """Give the newest that has ended, with how much of what was compared, and the one that runs."""
    return await gateway.checks.newest(actor)


@router.post(
    "/money-check", summary="Have the money checked now", status_code=202, responses=refusals(EngineUnavailable)
)
async def begin(actor: Refunder, gateway: Door, response: Response) -> CheckStarted:
    """Start a check, or join the one that runs. It sends back what nobody has a right to keep."""
    workflow_id = await gateway.checks.begin(actor)
    response.headers["Location"] = f"/api/v1/workflows/{workflow_id}"
    return CheckStarted(workflow_id=workflow_id)


@router.get("/money-check/rule", summary="Tell what a money check mends by itself", responses={200: TAGGED})
async def rule(actor: Reader, gateway: Door, tag: Tagged) -> MendingRule:
    """Tell it; until the organisation says something, everything that can be mended is."""
    return tag(await gateway.payments.mending_rule(actor))


@router.put(
    "/money-check/rule",
    summary="Say what a money check mends by itself",
    responses={200: TAGGED, **refusals(VersionConflict)},
)
async def set_rule(body: MendingRuleWrite, actor: Manager, gateway: Door, tag: Tagged, *, seen: IfMatch) -> MendingRule:
    """Say it, from the next check on; what is left out waits under Attention for a person."""
    return tag(await gateway.payments.set_mending_rule(actor, as_seen(body, seen)))


@router.get("/orphans", summary="List orphans", **LIST)
async def orphans(
    actor: Reader, gateway: Door, paging: PagingQuery, status: OrphanStatus | None = None
) -> Page[Orphan]:
    """List those that wait for a person, or those of one status, the newest first."""
    return listed(await gateway.payments.orphans(actor, status=status, **paging.model_dump()))


@router.post(
    "/orphans/{orphan_id}/remedy",
    summary="Do something about an orphan",
    responses=refusals(
        OrphanNotFound,
        OrphanSettled,
        RemedyNotOffered,
        AppointmentNotFound,
        InvoiceNotFound,
        GatewaySaysOtherwise,
        RefundFailed,
        RefundExceedsCaptured,
        InvoiceState,
        GatewayUnavailable,
    ),
)
async def remedy(orphan_id: UUID, body: RemedyWrite, actor: Refunder, gateway: Door) -> Orphan:
    """Do one of its `remedies`, with a reason. The gateway is asked first, its word counts; a repeat is harmless."""
    return await gateway.checks.remedy(actor, orphan_id, body)


@router.post(
    "/orphans/{orphan_id}/dismissal",
    summary="Take an orphan from Attention as it is",
    responses=refusals(OrphanNotFound, OrphanSettled),
)
async def dismiss(orphan_id: UUID, body: Dismissal, actor: Refunder, gateway: Door) -> Orphan:
    """Dismiss it with a reason; it comes back if its amounts change."""
    return await gateway.checks.dismiss(actor, orphan_id, body.reason)
