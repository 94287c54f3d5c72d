"""Recalling what is due: kept here for each invoice, moved by its process."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from careconnect.money import Money
from services.payments import repository, schemas
from services.payments.errors import DunningNotFound, NothingDue
from services.payments.models import Dunning, DunningReminder, Invoice
from services.payments.schemas import DunningBegin, ReminderWrite

_SHOWN = 50


async def begin(session: WriteSession, invoice_id: UUID, wanted: DunningBegin) -> schemas.Dunning:
    """Begin to recall an invoice, or find that it is recalled.

    Raises:
        InvoiceNotFound: there is none.
        NothingDue: nothing is to be paid, and nothing was recalled before.
    """
    invoice = await repository.lock_invoice(session, invoice_id)
    row = await session.scalar(sa.select(Dunning).where(Dunning.id == invoice_id))
    if row is None:
        if not invoice.open:
            raise NothingDue
        row = Dunning.begin(session.tenant_id, invoice_id, wanted)
        session.add(row)
        await session.flush()
        session.record("dunning.begun", "invoice", invoice_id, data={"days": row.days})
    return await _told(session, row, invoice, clock.now())


async def read(session: ReadSession, invoice_id: UUID, now: datetime) -> schemas.Dunning:
    """Tell how an invoice is recalled, as of `now`.

    Raises:
        DunningNotFound: it is not.
    """
    return await _told(session, *await _find(session, invoice_id), now)


async def pause(session: WriteSession, invoice_id: UUID, *, paused: bool) -> schemas.Dunning:
    """Stop the reminders of an invoice, or let them go on; refuses as `read` does."""
    row, invoice = await _find(session, invoice_id, lock=True)
    if row.pause(paused=paused):
        session.record("dunning.paused" if paused else "dunning.resumed", "invoice", invoice_id)
    await session.flush()
    return await _told(session, row, invoice, clock.now())


async def note(session: WriteSession, invoice_id: UUID, reminder_id: UUID, wanted: ReminderWrite) -> schemas.Dunning:
    """Count a reminder that went out, once; refuses as `read` does."""
    row, invoice = await _find(session, invoice_id, lock=True)
    known = any(one.id == reminder_id for one in await _reminders(session, [invoice_id]))
    sent = None if known else row.remind(reminder_id, wanted)
    if sent:
        session.add(sent)
        await session.flush()
        session.record("dunning.reminded", "invoice", invoice_id, data={"number": sent.number} | sent.statuses)
    return await _told(session, row, invoice, wanted.at)


async def dismiss(session: WriteSession, invoice_id: UUID) -> schemas.Dunning:
    """Take an invoice from Attention as it is; it stays owed. Refuses as `read` does."""
    row, invoice = await _find(session, invoice_id, lock=True)
    row.dismiss()
    session.record("dunning.dismissed", "invoice", invoice_id)
    await session.flush()
    return await _told(session, row, invoice, clock.now())


async def exhausted(session: ReadSession) -> list[schemas.Dunning]:
    """List the invoices whose last reminder went out and that are still to be paid, the longest waiting first."""
    statement = (
        sa.select(Dunning, Invoice)
        .join(Invoice, sa.and_(Invoice.tenant_id == Dunning.tenant_id, Invoice.id == Dunning.id))
        .where(Dunning.exhausted_at.is_not(None), Dunning.dismissed_at.is_(None), Invoice.status == "issued")
        .where(Invoice.total - Invoice.covered - Invoice.credited - Invoice.paid + Invoice.returned > Invoice.reserved)
        .order_by(Dunning.exhausted_at)
        .limit(_SHOWN)
    )
    rows = (await session.execute(statement)).all()
    sent = await _reminders(session, [row.id for row, _ in rows])
    now = clock.now()
    return [shown(row, invoice, [one for one in sent if one.invoice_id == row.id], now) for row, invoice in rows]


async def _find(session: ReadSession, invoice_id: UUID, *, lock: bool = False) -> tuple[Dunning, Invoice]:
    statement = sa.select(Dunning).where(Dunning.id == invoice_id)
    row = await session.scalar(statement.with_for_update() if lock else statement)
    invoice = await repository.find_invoice(session, invoice_id)
    if row is None or invoice is None:
        raise DunningNotFound
    return row, invoice


async def _reminders(session: ReadSession, invoices: list[UUID]) -> Sequence[DunningReminder]:
    statement = sa.select(DunningReminder).where(DunningReminder.invoice_id.in_(invoices))
    return (await session.scalars(statement.order_by(DunningReminder.number))).all()


async def _told(session: ReadSession, row: Dunning, invoice: Invoice, now: datetime) -> schemas.Dunning:
    return shown(row, invoice, await _reminders(session, [row.id]), now)


def shown(row: Dunning, invoice: Invoice, sent: Sequence[DunningReminder], now: datetime) -> schemas.Dunning:
    """Write how an invoice is recalled as the wire shows it."""
    return schemas.Dunning(
        invoice_id=row.id,
        invoice_number=invoice.number,
        patient_id=invoice.patient_id,
        appointment_id=invoice.appointment_id,
        due=Money(amount=invoice.open, currency=invoice.currency),
        status=row.status(invoice),
        next_at=row.next_at(invoice, now),
        days=row.days,
        zone=row.zone,
        exhausted_at=row.exhausted_at,
        reminders=[schemas.Reminder.model_validate(one, from_attributes=True) for one in sent],
        version=row.version,
    )
