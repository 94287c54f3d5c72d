"""Payment links: an amount of an invoice that is paid at the gateway's own page, whenever that is."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import WriteSession
from careconnect.errors import IdempotencyConflict, Unavailable
from careconnect.money import Money
from services.payments import repository, schemas
from services.payments.collection.till import Till
from services.payments.errors import GatewayNotFound, InvoiceState, LinkNotFound, LinkOver
from services.payments.gateways.protocol import LinkOrder
from services.payments.models import Payment, PaymentLink
from services.payments.models.beginnings import paid_by_link
from services.payments.schemas import GatewayCharge, LinkWrite

_AT_ONCE = 100


async def offer(till: Till, link_id: UUID, wanted: LinkWrite) -> tuple[schemas.PaymentLink, bool]:
    """Have the gateway make a page for an amount of an invoice; tell whether it is new.

    Raises:
        InvoiceNotFound, InvoiceState, AmountExceedsDue: there is nothing, or less, to be paid.
        IdempotencyConflict: the id was used for another link.
    """
    keys = await till.keys()
    async with till.read() as session:
        known = await session.scalar(sa.select(PaymentLink).where(PaymentLink.id == link_id))
        invoice = await repository.invoice(session, wanted.invoice_id)
    if known:
        if known.request_hash != wanted.fingerprint():
            raise IdempotencyConflict
        return shown(known, keys.open(known.url)), False
    amount = wanted.amount or Money(amount=invoice.open, currency=invoice.currency)
    invoice.admit(amount)
    gateway = await till.route(link_id)
    expires_at = clock.now() + timedelta(hours=wanted.valid_hours)
    order = LinkOrder(link_id, amount, invoice.number, expires_at, wanted.return_url)
    url = await gateway.payment_link(order, f"{link_id}:link:1")
    row = {
        "tenant_id": till.actor.tenant_id, "id": link_id, "invoice_id": invoice.id, "amount": amount.amount,
        "currency": amount.currency, "gateway": gateway.name, "url": keys.seal(url), "expires_at": expires_at,
        "request_hash": wanted.fingerprint(), "created_at": clock.now(), "updated_at": clock.now(),
    }  # fmt: skip
    async with till.write() as session:
        await session.execute(insert(PaymentLink).values(row).on_conflict_do_nothing())
        made = (await session.scalars(sa.select(PaymentLink).where(PaymentLink.id == link_id))).one()
        session.record("payment_link.offered", "payment_link", link_id, data={"invoice_id": str(invoice.id)})
    return shown(made, keys.open(made.url)), True


async def of_invoice(till: Till, invoice_id: UUID) -> list[schemas.PaymentLink]:
    """List an invoice's links, the newest first."""
    keys = await till.keys()
    statement = sa.select(PaymentLink).where(PaymentLink.invoice_id == invoice_id)
    async with till.read() as session:
        rows: Sequence[PaymentLink] = (
            await session.scalars(statement.order_by(PaymentLink.created_at.desc(), PaymentLink.id))
        ).all()
    return [shown(row, keys.open(row.url)) for row in rows]


async def close(till: Till, link_id: UUID) -> schemas.PaymentLink:
    """Let nothing be paid by a link any more; harmless when repeated.

    Raises:
        LinkNotFound: there is none.
        LinkOver: it was paid.
    """
    keys = await till.keys()
    async with till.write() as session:
        row = await session.scalar(sa.select(PaymentLink).where(PaymentLink.id == link_id).with_for_update())
        if row is None:
            raise LinkNotFound
        if row.paid_at:
            raise LinkOver
        if row.closed_at is None:
            row.closed_at = clock.now()
            session.record("payment_link.closed", "payment_link", link_id, data={"invoice_id": str(row.invoice_id)})
    await shut(till)
    return shown(row, keys.open(row.url))


async def shut(till: Till) -> None:
    """Tell gateways of links that were closed here; one that does not answer is told at the next turn.

    Until it knows, a payment by such a link is taken in and goes back (see `adopt`).
    """
    closed = sa.select(PaymentLink).where(PaymentLink.closed_at.is_not(None), PaymentLink.shut_at.is_(None))
    async with till.read() as session:
        rows = (await session.scalars(closed.where(PaymentLink.paid_at.is_(None)).limit(_AT_ONCE))).all()
    for row in rows:
        if row.expires_at > clock.now():
            try:
                await (await till.gateway(row.gateway)).close_link(row.id)
            except (Unavailable, GatewayNotFound):
                continue
        async with till.write() as session:
            told = sa.update(PaymentLink).where(PaymentLink.id == row.id)
            await session.execute(told.values(shut_at=clock.now()))


def shown(row: PaymentLink, url: str) -> schemas.PaymentLink:
    """Give a link as the wire shows it."""
    unpaid = "closed" if row.closed_at else "expired" if row.expires_at <= clock.now() else "open"
    return schemas.PaymentLink.model_validate(
        {
            "id": row.id,
            "invoice_id": row.invoice_id,
            "amount": Money(amount=row.amount, currency=row.currency),
            "gateway": row.gateway,
            "url": url,
            "status": "paid" if row.paid_at else unpaid,
            "expires_at": row.expires_at,
        }
    )


async def adopt(session: WriteSession, charge: GatewayCharge, late: bytes) -> Payment | None:
    """Write down what was paid by a link, in the transaction of the event that tells of it; None if it is of no link.

    What the invoice has no room for becomes the patient's credit. Where it has none at all, because it was paid
    meanwhile or is owed no more, the payment is released with the reason `late`, so that it goes back.
    """
    row = await session.scalar(sa.select(PaymentLink).where(PaymentLink.id == charge.reference).with_for_update())
    if row is None or charge.status != "captured":
        return None
    invoice = await repository.lock_invoice(session, row.invoice_id)
    try:
        room = invoice.room_for(charge.captured)
    except InvoiceState:
        room = 0
    payment = paid_by_link(charge, invoice, room)
    if not await repository.claim(session, payment):
        raise repository.Doubled
    payment, invoice = await repository.lock_payment(session, payment.id)
    bookings = payment.capture(charge.captured, invoice)
    if not room:
        payment.release(late)
    await repository.add_credit(session, invoice.patient_id, invoice.currency, payment.to_credit)
    await repository.post(session, *bookings)
    row.paid_at = clock.now()
    session.record("payment.captured", "payment", payment.id, data=payment.facts())
    return payment
