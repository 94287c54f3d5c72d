"""Who covers an invoice that is being issued, and how much of it."""

from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from careconnect import clock
from careconnect.db import ReadSession
from careconnect.money import Money
from services.payments.errors import CoverageNotFound
from services.payments.insurance.cover import Cover
from services.payments.insurance.schemas import Share, ShareAsk
from services.payments.models import Coverage, Covering, Invoice, Payer
from services.payments.schemas import InvoiceWrite
from services.payments.states import ENDED


async def covering(session: ReadSession, wanted: InvoiceWrite) -> Covering | None:
    """Find who covers it; what covers an amount per visit covers it once, however many invoices the visit has.

    Raises:
        CoverageNotFound: the patient has no such coverage.
        PayerRetired, CoverageNotValid, InvalidInput: it does not hold for this visit.
    """
    if wanted.coverage_id is None:
        return None
    coverage, payer = await find(session, wanted.coverage_id, wanted.patient_id)
    day = wanted.visit_day or clock.now().astimezone(ZoneInfo(wanted.zone)).date()
    cover = coverage.covers(payer, day, wanted.total.currency)
    if cover.fixed and wanted.appointment_id:
        used = await _used(session, coverage.id, wanted.appointment_id)
        cover = Cover(fixed=max(0, cover.fixed - used))
    return Covering(coverage.id, payer.id, cover)


async def find(session: ReadSession, coverage_id: UUID, patient_id: UUID | None = None) -> tuple[Coverage, Payer]:
    """Read a coverage with its payer, of this patient where one is named.

    Raises:
        CoverageNotFound: there is none.
    """
    statement = sa.select(Coverage, Payer).join(Payer, Payer.id == Coverage.payer_id).where(Coverage.id == coverage_id)
    row = (await session.execute(statement)).one_or_none()
    if row is None or (patient_id is not None and row[0].patient_id != patient_id):
        raise CoverageNotFound
    return row[0], row[1]


async def share(session: ReadSession, coverage_id: UUID, asked: ShareAsk) -> Share:
    """Tell who would pay what of a visit; refuses as `covering` does."""
    coverage, payer = await find(session, coverage_id, asked.patient_id)
    covered = coverage.covers(payer, asked.day, asked.total.currency).share(asked.total.amount)
    part = Money(amount=covered, currency=asked.total.currency)
    return Share(
        coverage_id=coverage.id, payer_id=payer.id, payer_name=payer.name, payer=part, patient=asked.total - part
    )


async def _used(session: ReadSession, coverage_id: UUID, appointment_id: UUID) -> int:
    others = sa.select(sa.func.coalesce(sa.func.sum(Invoice.covered), 0)).where(
        Invoice.appointment_id == appointment_id,
        Invoice.coverage_id == coverage_id,
        Invoice.status.not_in(ENDED),
    )
    return int(await session.scalar(others) or 0)
