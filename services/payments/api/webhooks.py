"""The address that gateways send their events to."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request

from careconnect.auth import Actor
from careconnect.errors import TooLarge
from services.payments.api.asking import Refunder
from services.payments.collection import events
from services.payments.collection.till import Till, TillOf
from services.payments.errors import SignatureInvalid
from services.payments.gateways import standing
from services.payments.gateways.registry import Gateways
from services.payments.schemas import Unfinished, WebhookReceipt

router = APIRouter(tags=["gateways"])
LARGEST = 256 * 1024
"""Bytes of an event; a gateway's own are a tenth of it."""


@router.post("/webhooks/{gateway}", summary="Take in an event of a gateway that says for which tenant it is")
@router.post("/webhooks/{gateway}/{tenant_id}", summary="Take in an event of a tenant's account at a gateway")
async def webhook(
    gateway: str,
    request: Request,
    signature: Annotated[str, Header(alias="gateway-signature")] = "",
    tenant_id: UUID | None = None,
) -> WebhookReceipt:
    """Take it in once, and answer when it is kept. The signature says who asks, so there is no token.

    What is signed names the tenant, or else the address does, whose secret then has to have signed it.
    """
    known: Gateways = request.app.state.gateways
    body = await request.body()
    if len(body) > LARGEST:
        raise TooLarge
    try:
        event = await known.event(gateway, body, signature, tenant_id)
    except SignatureInvalid:
        await standing.refused(request.app.state.database, gateway, tenant_id or _named(body))
        raise
    till = Till(request.app.state.database, known, Actor.system(tenant_id=event.tenant_id))
    receipt = await events.take_in(till, gateway, event)
    standing.EVENTS.labels(gateway, receipt.outcome).inc()
    return receipt


@router.post("/gateway/events/unfinished", summary="Do what acknowledged events left undone")
async def unfinished(_: Refunder, till: TillOf) -> Unfinished:
    """Look into events that waited for their gateway, and tell whose money is still to go back."""
    return await events.finish(till)


def _named(body: bytes) -> UUID | None:
    """Read which tenant an event names that nobody has signed: good enough to count it."""
    try:
        return UUID(json.loads(body)["account"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
