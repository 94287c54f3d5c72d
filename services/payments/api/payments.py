"""Payments: collecting, taking and letting go."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.payments.api.asking import Refunder, Writer
from services.payments.collection import authorisation, capture, keeping, release
from services.payments.collection.till import TillOf
from services.payments.schemas import (
    CaptureWrite,
    CardWrite,
    Payment,
    PaymentWrite,
    ReleaseWrite,
    RenewalWrite,
    Traces,
)

router = APIRouter(tags=["payments"])


@router.put("/payments/{payment_id}", summary="Collect: authorise a card, or take money at the desk", status_code=201)
async def authorise(payment_id: UUID, wanted: PaymentWrite, response: Response, _: Writer, till: TillOf) -> Payment:
    """Collect once under an id of the caller's; a repeat gives the same answer, also when that was 402."""
    payment, new = await authorisation.authorise(till, payment_id, wanted)
    response.status_code = 201 if new else 200
    return payment


@router.post("/payments/{payment_id}/capture", summary="Take an authorised payment")
async def take(payment_id: UUID, wanted: CaptureWrite, _: Writer, till: TillOf) -> Payment:
    """Take all of it, or `amount`; a repeat changes nothing."""
    return await capture.capture(till, payment_id, wanted)


@router.post("/payments/{payment_id}/renewal", summary="Reserve an authorised payment's money anew")
async def renew(payment_id: UUID, wanted: RenewalWrite, _: Writer, till: TillOf) -> Payment:
    """Reserve it before the reservation lapses; where the bank says no, the payment is voided."""
    return await keeping.renew(till, payment_id, wanted.turn)


@router.put("/cards/{card_id}", summary="Have a card kept for a later charge", status_code=204)
async def keep_card(card_id: UUID, wanted: CardWrite, _: Writer, till: TillOf) -> None:
    """Have the gateway keep it under an id of the caller's; a repeat changes nothing."""
    await keeping.keep(till, card_id, wanted)


@router.delete("/cards/{card_id}", summary="Forget a kept card", status_code=204)
async def forget_card(card_id: UUID, _: Writer, till: TillOf) -> None:
    """Charge it no more; harmless when there is none."""
    await keeping.forget(till, card_id)


@router.post("/payments/{payment_id}/void", summary="Let an authorised payment go")
async def void(payment_id: UUID, _: Writer, till: TillOf) -> Payment:
    """Let it go; harmless when there is nothing to let go."""
    return await capture.void(till, payment_id)


@router.get("/payments/{payment_id}/traces", summary="Tell whether a gateway may know of a payment")
async def traces(payment_id: UUID, _: Writer, till: TillOf, card_id: UUID | None = None) -> Traces:
    """Tell it from what is written here; the gateway is not asked. A kept card goes through whoever keeps it."""
    chosen = await till.chosen(payment_id)
    if chosen is None and card_id:
        chosen, _token = await keeping.named(till, card_id)
    return Traces(may_be_known=await (await till.gateway(chosen)).may_know(payment_id), gateway=chosen)


@router.put("/payments/{payment_id}/release", summary="Undo a payment, whatever became of it")
async def let_go(payment_id: UUID, wanted: ReleaseWrite, _: Refunder, till: TillOf) -> Payment:
    """End with no money kept: void, or refund in full; harmless when nothing happened."""
    return await release.release(till, payment_id, wanted)
