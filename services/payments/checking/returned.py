"""Refunds brought to where the gateway's list has them, when somebody who looked has decided so."""

from collections.abc import Container
from uuid import UUID

from careconnect.db import WriteSession
from services.payments import repository
from services.payments.collection import refund, waiting
from services.payments.collection.till import Till
from services.payments.errors import GatewaySaysOtherwise
from services.payments.models import Invoice, Payment, Refund
from services.payments.schemas import GatewayCharge, GatewayRefund
from services.payments.states import RefundStatus

_MISSING = "not_at_gateway"
"""The failure of a refund of which the gateway's list knows nothing."""
_UNEXPLAINED = (
    "The gateway counts another sum as returned than the refunds on its list add up to, and nothing was changed. Ask"
    " its support which refund that is; when it stands on its list, have the money checked again and do this anew."
)
_ANOTHER = (
    "It stands in the books as another refund: of another amount, or one that came back. Ask the gateway what left, and"
    " send what is missing as a new refund."
)


def explained(charge: GatewayCharge) -> bool:
    """Tell whether what a gateway says went back is what the refunds on its list add up to."""
    return sum(one.amount.amount for one in charge.refunds) == charge.refunded.amount


def known_to(charge: GatewayCharge) -> Container[UUID]:
    """Name the refunds that a gateway has made or is making."""
    return {one.reference for one in (*charge.refunds, *charge.unsettled) if one.status != "failed"}


async def missing(till: Till, charge: GatewayCharge) -> list[Refund]:
    """Find the refunds that have gone back here and that the gateway does not have."""
    there = known_to(charge)
    async with till.read() as session:
        rows = await repository.refunds(session, charge.reference)
    return [one for one in rows if one.status == RefundStatus.succeeded and one.id not in there]


async def drop(till: Till, charge: GatewayCharge) -> None:
    """Let those be failed ones: the money is here, and a patient waits for it."""
    lost = await missing(till, charge)
    if not lost:
        return
    async with till.write() as session:
        payment, invoice = await repository.lock_money(session, charge.reference)
        for one in lost:
            await refund.fail(session, payment, invoice, await repository.refund(session, one.id), _MISSING)


async def adopt_all(till: Till, charge: GatewayCharge, why: str) -> None:
    """Take every refund of the gateway's list into the books that is not there, each with its entry.

    Raises:
        GatewaySaysOtherwise: one stands in the books as another refund, or the sums differ yet.
        RefundExceedsCaptured: less is left of the payment.
    """
    reason = (await till.keys()).seal(why)
    async with till.write() as session:
        payment, invoice = await repository.lock_money(session, charge.reference)
        for one in charge.refunds:
            await adopt(session, payment, invoice, one, reason)
        if payment.refunded != charge.refunded.amount:
            raise GatewaySaysOtherwise(_UNEXPLAINED)
        await waiting.over(session, payment)


async def adopt(
    session: WriteSession, payment: Payment, invoice: Invoice | None, there: GatewayRefund, reason: bytes
) -> None:
    """Take a refund that the gateway made by itself into the books, with its entry; one that is there stays.

    Raises:
        GatewaySaysOtherwise: it stands in the books as another refund.
        RefundExceedsCaptured: less is left of the payment.
    """
    known = await repository.find_refund(session, there.reference)
    if known and (known.reversed_at or (known.payment_id, known.amount) != (payment.id, there.amount.amount)):
        raise GatewaySaysOtherwise(_ANOTHER)
    if known is None or known.status == RefundStatus.failed:
        credit = await repository.credit_of(session, invoice)
        amounts = payment.send_back(there.amount, 0 if known else credit)
    if known is None:
        known = Refund.ask(there.reference, payment, amounts, reason, b"adopted")
        if invoice:
            await repository.add_credit(session, invoice.patient_id, invoice.currency, -known.surplus)
        session.add(known)
        session.record("refund.adopted", "refund", known.id, data=known.facts())
    elif known.status == RefundStatus.failed:
        payment.refunding -= known.amount
    if bookings := known.succeed(payment, invoice, there.id):
        await repository.post(session, *bookings)
        session.record("refund.succeeded", "refund", known.id, data=known.facts())


def must_be_explained(charge: GatewayCharge) -> None:
    """Refuse what nothing on the gateway's list accounts for.

    Raises:
        GatewaySaysOtherwise: what it says went back is not what its list adds up to.
    """
    if not explained(charge):
        raise GatewaySaysOtherwise(_UNEXPLAINED)
