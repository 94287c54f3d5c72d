"""`/payments/links`: addresses where an amount of an invoice can be paid."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page
from services.payments.errors import (
    AmountExceedsDue,
    GatewayUnavailable,
    InvoiceNotFound,
    InvoiceState,
    LinkNotFound,
    LinkOver,
)
from services.payments.schemas import LinkWrite, PaymentLink, PositiveMoney
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/payments/links", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]
Writer = Annotated[Actor, may("payments:write")]


class LinkCreate(BaseModel):
    """What is to be paid by link: all that is open on the invoice, or `amount` of it."""

    model_config = ConfigDict(extra="forbid")

    invoice_id: UUID
    amount: PositiveMoney | None = None
    valid_hours: int = Field(23, ge=1, le=23)


@router.post(
    "",
    summary="Make a payment link",
    status_code=201,
    responses=refusals(InvoiceNotFound, InvoiceState, AmountExceedsDue, IdempotencyConflict, GatewayUnavailable),
)
async def create(body: LinkCreate, actor: Writer, gateway: Door, *, key: IdempotencyKey = None) -> PaymentLink:
    """Make an address at the organisation's gateway where the patient pays. Once per `Idempotency-Key`."""
    wanted = LinkWrite.model_validate(body.model_dump())
    return await gateway.money.link(actor, minted("payment link", actor, key), wanted)


@router.post("/{link_id}/closing", summary="Close a payment link", responses=refusals(LinkNotFound, LinkOver))
async def close(link_id: UUID, actor: Writer, gateway: Door) -> PaymentLink:
    """Let nothing be paid by it any more; a repeat is harmless. Links close by themselves with their invoice."""
    return await gateway.money.close_link(actor, link_id)


@router.get("", summary="List the payment links of an invoice", responses=refusals(InvoiceNotFound), **LIST)
async def search(actor: Reader, gateway: Door, invoice_id: Annotated[UUID, Query()]) -> Page[PaymentLink]:
    """List them, the newest first, each with whether it was paid; an invoice has few, so there is one page."""
    return Page[PaymentLink](items=await gateway.money.links(actor, invoice_id), next_cursor=None)
