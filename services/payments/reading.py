"""Questions: lists, sums, and what the dashboard and the checks want to know."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from careconnect.db import ReadSession
from careconnect.money import Money
from careconnect.pagination import Paging, Rows, keyset, ordered
from services.payments.models import Base, Invoice, Payment, Refund
from services.payments.models import PatientCredit as CreditRow
from services.payments.models.beginnings import NO_CURRENCY
from services.payments.schemas import Count, DayRevenue, Figures, PatientCredit, Summary, Takings
from services.payments.states import PaymentStatus, RefundStatus

_PENDING = (PaymentStatus.pending, PaymentStatus.authorised)
_WHOLE = (selectinload(Invoice.lines), selectinload(Invoice.discounts), joinedload(Invoice.payer))
_PAYMENT_ORDERS = {
    "made": [Payment.created_at, Payment.id],
    "amount": [Payment.currency, Payment.amount, Payment.id],
}
_INVOICE_ORDERS = {
    "issued": [Invoice.issued_at, Invoice.id],
    "number": [Invoice.number, Invoice.id],
    "total": [Invoice.currency, Invoice.total, Invoice.id],
}
_FAILED = (PaymentStatus.declined, PaymentStatus.failed)


async def invoices(
    session: ReadSession,
    paging: Paging,
    since: datetime | None,
    until: datetime | None,
    *,
    sort: str,
    **wanted: UUID | str | None,
) -> Rows[Invoice]:
    """List invoices issued in [since, until) with their lines, in the order of `sort`.

    `wanted` are columns and their values, None for any.
    """
    statement = _where(sa.select(Invoice), Invoice, wanted).options(*_WHOLE)
    statement = _between(statement, Invoice.issued_at, since, until)
    return await keyset(session, statement, ordered(sort, _INVOICE_ORDERS), paging)


async def payments(
    session: ReadSession,
    paging: Paging,
    since: datetime | None,
    until: datetime | None,
    *,
    refunded: bool | None = None,
    failed: bool | None = None,
    sort: str,
    **wanted: UUID | str | None,
) -> Rows[Payment]:
    """List payments made in [since, until) by `sort`; closed doors without a charge are nobody's business."""
    statement = _where(sa.select(Payment), Payment, wanted).where(Payment.amount > 0)
    if refunded is not None:
        statement = statement.where((Payment.refunded > 0) == refunded)
    if failed is not None:
        statement = statement.where(Payment.status.in_(_FAILED) if failed else Payment.status.not_in(_FAILED))
    statement = _between(statement, Payment.created_at, since, until).options(joinedload(Payment.invoice))
    return await keyset(session, statement, ordered(sort, _PAYMENT_ORDERS), paging)


async def for_appointment(
    session: ReadSession, appointment_id: UUID
) -> tuple[Sequence[Invoice], Sequence[Payment], Sequence[Refund]]:
    """Read all the money of one appointment, oldest first."""
    owed = sa.select(Invoice).where(Invoice.appointment_id == appointment_id).order_by(Invoice.issued_at, Invoice.id)
    paid = sa.select(Payment).where(Payment.appointment_id == appointment_id).order_by(Payment.created_at, Payment.id)
    invoices = (await session.scalars(owed.options(*_WHOLE))).all()
    payments = (await session.scalars(paid.options(joinedload(Payment.invoice)))).all()
    back = sa.select(Refund).where(Refund.payment_id.in_([row.id for row in payments if row.captured]))
    refunds = (await session.scalars(back.order_by(Refund.created_at, Refund.id))).all() if payments else []
    return invoices, payments, refunds


async def main_currency(session: ReadSession) -> str:
    """Name the currency of the newest invoice: the tenant's own, where nobody says another one."""
    newest = sa.select(Invoice.currency).order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(1)
    return await session.scalar(newest) or NO_CURRENCY


async def summary(session: ReadSession, since: datetime | None, until: datetime | None, currency: str) -> Summary:
    """Count and add up payments made, and refunds that arrived, in [since, until)."""
    made = sa.select(
        *_count_and_sum(Payment.status == PaymentStatus.captured, Payment.captured),
        *_count_and_sum(Payment.status.in_(_PENDING), Payment.amount),
        *_count_and_sum(Payment.status.in_(_FAILED), Payment.amount),
    ).where(Payment.currency == currency)
    back = sa.select(*_count_and_sum(Refund.status == RefundStatus.succeeded, Refund.amount))
    back = back.where(Refund.currency == currency, Refund.settled_at.is_not(None))
    row = (await session.execute(_between(made, Payment.created_at, since, until))).one()
    returned = (await session.execute(_between(back, Refund.settled_at, since, until))).one()
    numbers = [*row, *returned]
    counts = [
        Count(count=numbers[at], amount=Money(amount=int(numbers[at + 1]), currency=currency)) for at in (0, 2, 4, 6)
    ]
    return Summary(paid=counts[0], pending=counts[1], failed=counts[2], refunded=counts[3])


async def figures(session: ReadSession, since: datetime, until: datetime, zone: str, currency: str) -> Figures:
    """Compute the dashboard's numbers; the session is to see one snapshot."""
    outbox = Base.metadata.tables["outbox_events"]
    watermark = await session.scalar(sa.select(sa.func.coalesce(sa.func.max(outbox.c.id), 0)))
    came = _per_day(Payment.captured_at, Payment.captured, zone).where(Payment.currency == currency)
    went = _per_day(Refund.settled_at, Refund.amount, zone).where(
        Refund.currency == currency, Refund.status == RefundStatus.succeeded
    )
    days: dict[Any, int] = {}
    for statement, sign, moment in ((came, 1, Payment.captured_at), (went, -1, Refund.settled_at)):
        for day, amount in await session.execute(_between(statement, moment, since, until)):
            days[day] = days.get(day, 0) + sign * int(amount)
    totals = await summary(session, since, until, currency)
    return Figures(
        watermark=watermark or 0,
        currency=currency,
        revenue=sum(days.values()),
        by_day=[DayRevenue(day=day, amount=amount) for day, amount in sorted(days.items())],
        pending=totals.pending.count,
        failed=totals.failed.count,
    )


async def takings(session: ReadSession, since: datetime, until: datetime, zone: str) -> list[Takings]:
    """Count and add up, by currency, what was captured and what was refunded in [since, until), and by local day."""
    came = _per_day_and_currency(Payment.currency, Payment.captured_at, Payment.captured, zone)
    went = _per_day_and_currency(Refund.currency, Refund.settled_at, Refund.amount, zone)
    went = went.where(Refund.status == RefundStatus.succeeded)
    captured = (await session.execute(_between(came, Payment.captured_at, since, until))).all()
    refunded = (await session.execute(_between(went, Refund.settled_at, since, until))).all()
    found = sorted({row.currency for row in (*captured, *refunded)})
    return [
        _taken(
            currency,
            [row for row in captured if row.currency == currency],
            [row for row in refunded if row.currency == currency],
        )
        for currency in found
    ]


def _taken(currency: str, captured: Sequence[Any], refunded: Sequence[Any]) -> Takings:
    days: dict[date, int] = defaultdict(int)
    for row in captured:
        days[row.day] += int(row.amount)
    for row in refunded:
        days[row.day] -= int(row.amount)
    return Takings(
        currency=currency,
        captured=_added_up(currency, captured),
        refunded=_added_up(currency, refunded),
        by_day=[DayRevenue(day=day, amount=amount) for day, amount in sorted(days.items())],
    )


def _added_up(currency: str, rows: Sequence[Any]) -> Count:
    amount = Money(amount=sum(int(row.amount) for row in rows), currency=currency)
    return Count(count=sum(row.count for row in rows), amount=amount)


async def credit_of(session: ReadSession, patient_id: UUID) -> list[PatientCredit]:
    """Tell what the clinic holds for a patient, in each currency."""
    held = sa.select(CreditRow).where(CreditRow.patient_id == patient_id, CreditRow.balance > 0)
    rows = await session.scalars(held.order_by(CreditRow.currency))
    return [
        PatientCredit(patient_id=patient_id, credit=Money(amount=row.balance, currency=row.currency)) for row in rows
    ]


def _where(statement: sa.Select[Any], entity: type[Any], wanted: dict[str, UUID | str | None]) -> sa.Select[Any]:
    return statement.where(*(getattr(entity, name) == value for name, value in wanted.items() if value is not None))


def _between(statement: sa.Select[Any], moment: Any, since: datetime | None, until: datetime | None) -> sa.Select[Any]:
    if since:
        statement = statement.where(moment >= since)
    return statement.where(moment < until) if until else statement


def _count_and_sum(condition: Any, amount: Any) -> tuple[Any, Any]:
    return sa.func.count().filter(condition), sa.func.coalesce(sa.func.sum(amount).filter(condition), 0)


def _per_day(moment: Any, amount: Any, zone: str) -> sa.Select[Any]:
    day = sa.cast(sa.func.timezone(zone, moment), sa.Date)
    return sa.select(day, sa.func.sum(amount)).group_by(sa.literal_column("1"))


def _per_day_and_currency(currency: Any, moment: Any, amount: Any, zone: str) -> sa.Select[Any]:
    day = sa.cast(sa.func.timezone(zone, moment), sa.Date).label("day")
    sums = sa.func.count().label("count"), sa.func.sum(amount).label("amount")
    return sa.select(currency, day, *sums).group_by(currency, sa.literal_column("2"))
