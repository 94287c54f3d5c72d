"""The tenant's accounts at card gateways: which one is used, with which keys, and how it stands."""

from typing import Annotated

from fastapi import APIRouter, Path

from careconnect import clock
from careconnect.db import Read, Write
from services.payments import models
from services.payments.api.asking import Manager, Reader, Writer
from services.payments.collection.till import TillOf
from services.payments.gateways import accounts, standing
from services.payments.schemas import GatewayAccount, GatewayAccountWrite, GatewayStanding, GatewayStandingWrite
from services.payments.states import GatewayKind

router = APIRouter(tags=["gateways"])


@router.get("/gateways", summary="List the gateways, with how each stands; never a key")
async def list_accounts(_: Reader, session: Read) -> list[GatewayAccount]:
    """List all that there is an adapter for, the one in use first."""
    found = await accounts.overview(session)
    known = {row.kind: row for row in found.accounts}
    used = next((row.kind for row in found.accounts if row.active), GatewayKind.sandbox)
    kinds = sorted(GatewayKind, key=lambda kind: (kind != used, kind))
    return [_shown(kind, known.get(kind), found, used=kind == used) for kind in kinds]


@router.put("/gateways/{kind}", summary="Set the keys of a gateway, and whether it is used")
async def change(kind: GatewayKind, wanted: GatewayAccountWrite, _: Manager, session: Write, till: TillOf) -> None:
    """Set what is given; a key that is left out stays. An active one takes the place of the other."""
    await accounts.change(session, kind, wanted)
    till.forget_accounts()


@router.put("/gateways/{kind}/standing", summary="Note whether calls to a gateway go through")
async def note(
    kind: Annotated[str, Path(max_length=50)], wanted: GatewayStandingWrite, _: Writer, session: Write
) -> None:
    """Note what whoever calls it found."""
    await standing.note(session, kind, wanted)


def _shown(
    kind: GatewayKind, row: models.GatewayAccount | None, found: accounts.Overview, *, used: bool
) -> GatewayAccount:
    known = found.standings.get(kind)
    shown = GatewayStanding.model_validate(known, from_attributes=True) if known else GatewayStanding()
    if shown.state == "open" and shown.retry_at and shown.retry_at <= clock.now():
        shown.state = "half_open"  # the next call is the one that tries
    return GatewayAccount(
        kind=kind,
        active=used,
        publishable_key=row.publishable_key if row else "",
        has_secret_key=bool(row and row.secret_key),
        has_webhook_secret=bool(row and row.webhook_secrets),
        standing=shown,
        events_today=found.events.get(kind, 0),
        refused_today=found.refused.get(kind, 0),
        version=row.version if row else None,
    )
