"""Events of a gateway: each is taken in once, in the transaction of its effect.

An event only says where to look. What is written is what the gateway answers about the charge now, so an event that
comes late, twice or before its predecessor does no harm. One whose gateway does not answer at the moment is kept
without its effect, and looked into later (`finish`): once it is acknowledged, nobody will send it again.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from careconnect.errors import Unavailable
from careconnect.ids import uuid7
from services.payments import repository
from services.payments.collection import links, refund, stray
from services.payments.collection.till import Till
from services.payments.errors import GatewayNotFound, RefundFailed
from services.payments.gateways.protocol import Event
from services.payments.models import Invoice, Payment, WebhookEvent
from services.payments.schemas import GatewayCharge, Outcome, Unfinished, WebhookReceipt
from services.payments.states import PaymentStatus

RETURN = "return"
_TOO_LATE = "paid too late"
_AT_ONCE = 200
_RETURNED = Payment.refunded + Payment.refunding


async def take_in(till: Till, gateway: str, event: Event) -> WebhookReceipt:
    """Bring the payment to where the gateway says that it is."""
    async with till.read() as session:
        if await _known(session, gateway, event.id):
            return _receipt(till, event, "duplicate")
    try:
        known, charge = await _ask(till, gateway, event.reference)
    except (Unavailable, RefundFailed):
        async with till.write() as session:
            kept = await _first(session, gateway, event, "accepted")
        return _receipt(till, event, "accepted" if kept else "duplicate")
    try:
        return await _write_down(till, gateway, event, known, charge)
    except repository.Doubled:
        # Another event has just written the same payment down. This one's turn comes again, and finds it.
        return await take_in(till, gateway, event)


async def _write_down(
    till: Till, gateway: str, event: Event, known: Payment | None, charge: GatewayCharge | None
) -> WebhookReceipt:
    late = (await till.keys()).seal(_TOO_LATE)
    async with till.write() as session:
        outcome: Outcome = "nothing" if known else "unmatched"
        if not await _first(session, gateway, event, outcome):
            return _receipt(till, event, "duplicate")
        if charge is None or (known and known.is_closed_door):
            return _receipt(till, event, outcome)
        made = None if known else await links.adopt(session, charge, late)
        if known is None and made is None:
            return _receipt(till, event, outcome)
        outcome, back = await _apply(session, gateway, event, charge, adopted=made is not None)
    receipt = _receipt(till, event, outcome, back)
    return receipt.model_copy(update={"paid_appointment": made.appointment_id}) if made else receipt


def _receipt(till: Till, event: Event, outcome: Outcome, back: UUID | None = None) -> WebhookReceipt:
    return WebhookReceipt(event_id=event.id, outcome=outcome, tenant_id=till.actor.tenant_id, return_payment=back)


async def _known(session: ReadSession, gateway: str, event_id: str) -> bool:
    known = sa.select(WebhookEvent.id).where(WebhookEvent.gateway == gateway, WebhookEvent.event_id == event_id)
    return await session.scalar(known) is not None


async def _ask(till: Till, gateway: str, reference: UUID | None) -> tuple[Payment | None, GatewayCharge | None]:
    """Find the payment, and ask the gateway how its charge stands; what it holds behind a closed door does not stay."""
    if reference is None:
        return None, None
    async with till.read() as session:
        payment = await repository.find_payment(session, reference)
    if payment and payment.is_closed_door:
        await stray.clear(till, payment, _TOO_LATE, gateway)
    return payment, await (await till.gateway(gateway)).find(reference)


async def _first(session: WriteSession, gateway: str, event: Event, outcome: Outcome) -> bool:
    row = {"tenant_id": session.tenant_id, "id": uuid7(), "created_at": clock.now(), "updated_at": clock.now()}
    row |= {"gateway": gateway, "event_id": event.id, "type": event.type, "reference": event.reference}
    fresh = insert(WebhookEvent).values(row | {"outcome": outcome}).on_conflict_do_nothing().returning(WebhookEvent.id)
    return await session.scalar(fresh) is not None


async def _apply(
    session: WriteSession, gateway: str, event: Event, charge: GatewayCharge, *, adopted: bool = False
) -> tuple[Outcome, UUID | None]:
    """Write down what the gateway says, and what is to come of it; tell whose money is to go back."""
    payment, invoice = await repository.lock_payment(session, charge.reference)
    outcome: Outcome = "applied" if await _follow(session, payment, invoice, charge) or adopted else "nothing"
    back = payment.id if payment.came_late else None
    if outcome == "applied" or back:
        said = {"outcome": outcome, "follow_up": RETURN if back else None}
        this = sa.and_(WebhookEvent.gateway == gateway, WebhookEvent.event_id == event.id)
        await session.execute(sa.update(WebhookEvent).where(this).values(said))
    return outcome, back


async def _follow(session: WriteSession, payment: Payment, invoice: Invoice, charge: GatewayCharge) -> bool:
    changed = False
    if payment.status == PaymentStatus.authorised and charge.status == "voided":
        changed = payment.void(invoice)
        session.record("payment.voided", "payment", payment.id, data=payment.facts())
    if payment.status == PaymentStatus.authorised and charge.status == "captured":
        await repository.post(session, *payment.capture(charge.captured, invoice))
        if payment.to_credit:
            await repository.add_credit(session, invoice.patient_id, invoice.currency, payment.to_credit)
        session.record("payment.captured", "payment", payment.id, data=payment.facts())
        changed = True
    return await refund.follow(session, payment, invoice, charge) or changed


async def finish(till: Till) -> Unfinished:
    """Do what acknowledged events left undone: look into those that waited for their gateway.

    Tells whose money came too late and has not gone back by now.
    """
    await links.shut(till)
    waiting = 0
    async with till.read() as session:
        rows = (await session.scalars(_unfinished(WebhookEvent.outcome == "accepted"))).all()
    for row in rows:
        event = Event(row.event_id, row.type, till.actor.tenant_id, row.reference)
        try:
            known, charge = await _ask(till, row.gateway, row.reference)
        except (Unavailable, GatewayNotFound, RefundFailed):
            waiting += 1
            continue
        try:
            await _look_into(till, row.gateway, event, known, charge)
        except repository.Doubled:
            waiting += 1  # another event has just written the same payment down; the next turn finds it
    return Unfinished(return_payments=await _to_return(till), waiting=waiting)


async def _look_into(
    till: Till, gateway: str, event: Event, known: Payment | None, charge: GatewayCharge | None
) -> None:
    this = sa.and_(WebhookEvent.gateway == gateway, WebhookEvent.event_id == event.id)
    late = (await till.keys()).seal(_TOO_LATE)
    async with till.write() as session:
        outcome = "nothing" if known else "unmatched"
        still = sa.update(WebhookEvent).where(this, WebhookEvent.outcome == "accepted").values(outcome=outcome)
        if await session.scalar(still.returning(WebhookEvent.id)) is None:
            return  # somebody else was faster
        if charge is None or (known and known.is_closed_door):
            return
        if known or await links.adopt(session, charge, late):
            await _apply(session, gateway, event, charge, adopted=known is None)


async def _to_return(till: Till) -> list[UUID]:
    """Name whose money is still to go back; what has gone back is looked at no more, so that it hides no other."""
    tenant, this = Payment.tenant_id == WebhookEvent.tenant_id, Payment.id == WebhookEvent.reference
    held = sa.exists().where(tenant, this, Payment.released_at.is_not(None), Payment.captured > _RETURNED)
    marked = WebhookEvent.follow_up == RETURN
    told = sa.select(WebhookEvent.reference).where(marked).group_by(WebhookEvent.reference)
    async with till.write() as session:
        await session.execute(sa.update(WebhookEvent).where(marked, ~held).values(follow_up=None))
        oldest = told.order_by(sa.func.min(WebhookEvent.created_at)).limit(_AT_ONCE)
        return sorted(key for key in await session.scalars(oldest) if key)


def _unfinished(which: sa.ColumnElement[bool]) -> sa.Select[WebhookEvent]:
    return sa.select(WebhookEvent).where(which).order_by(WebhookEvent.created_at).limit(_AT_ONCE)
