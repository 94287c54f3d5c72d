"""`/payments/invoices/{invoice_id}/dunning`: how the patient is reminded of what is due."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from services.payments.errors import DunningNotFound, InvoiceNotFound, NothingDue
from services.payments.schemas import Dunning, DunningWrite
from web.api.etags import TAGGED, Tagged
from web.api.keys import IdempotencyKey
from web.api.openapi import WAITING, refusals
from web.gateway.errors import EngineUnavailable
from web.session import Door, may

router = APIRouter(prefix="/payments/invoices/{invoice_id}", tags=["payments"])
Writer = Annotated[Actor, may("payments:write")]


@router.get(
    "/dunning",
    summary="Read how the patient is reminded of an invoice",
    responses={200: TAGGED, **refusals(DunningNotFound)},
)
async def read(invoice_id: UUID, actor: Annotated[Actor, may("payments:read")], gateway: Door, tag: Tagged) -> Dunning:
    """Tell which reminders went out, and when the next one goes, unless the invoice is paid before."""
    found = await gateway.dunning.of(actor, invoice_id)
    if found is None:
        raise DunningNotFound
    return tag(found)


@router.put(
    "/dunning",
    summary="Pause the reminders of an invoice, or let them go on",
    responses=refusals(DunningNotFound, EngineUnavailable),
)
async def pause(invoice_id: UUID, body: DunningWrite, actor: Writer, gateway: Door) -> Dunning:
    """Stop them at once, or let them go on; a repeat changes nothing."""
    return await gateway.dunning.pause(actor, invoice_id, paused=body.paused)


@router.post(
    "/reminders",
    summary="Remind the patient of an invoice now",
    status_code=201,
    responses=WAITING | refusals(InvoiceNotFound, NothingDue, EngineUnavailable),
)
async def remind(invoice_id: UUID, actor: Writer, gateway: Door, key: IdempotencyKey = None) -> Dunning:
    """Send the next reminder, with a payment link, on each channel the patient wants. Once per `Idempotency-Key`."""
    await gateway.dunning.remind(actor, invoice_id, key)
    found = await gateway.dunning.of(actor, invoice_id)
    if found is None:
        raise DunningNotFound
    return found
