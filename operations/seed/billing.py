"""Invoices, payments, refunds, the ledger and the gateway's own books as rows, in the words of the payments service."""

import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.crypto import TenantKeys
from careconnect.db import table_of
from careconnect.ids import derived_id
from operations.seed.bulk import Event, Writer
from operations.seed.claims import Story, story
from operations.seed.gateway_books import charge, refunded
from operations.seed.ground import ZONE, Ground
from operations.seed.money import Account, Paid, Return
from operations.seed.money_events import events
from operations.seed.team import Hands
from services.payments import ledger, models
from services.payments.states import EarnedAs, RefundStatus

Rows = dict[str, list[dict[str, Any]]]
_INVOICES = table_of(models.Invoice)
_TABLES = {
    table.name: table
    for table in map(
        table_of,
        (
            models.Invoice, models.InvoiceLine, models.InvoiceCredit, models.Payment, models.Refund,
            models.Claim, models.ClaimStep, models.LedgerEntry, models.LedgerLine, models.SandboxCharge,
            models.SandboxRefund, models.EndedVisit,
        ),
    )
}  # fmt: skip
_WITHOUT_NUMBER = (
    "ledger_entries", "ledger_lines", "sandbox_charges", "sandbox_refunds", "ended_visits", "payments", "refunds",
)  # fmt: skip
_OPEN = "SELECT zone, ledger_period_for(tenant_id, 'epoch') FROM ledger_books WHERE tenant_id = $1"
"""Where months begin, and the first that is not closed; while this transaction lasts, none is closed."""
_BOOKS = "INSERT INTO ledger_books (tenant_id, zone) VALUES ($1, $2) ON CONFLICT (tenant_id) DO NOTHING"
_HOLD = "SELECT pg_advisory_lock_shared(hashtextextended('ledger ' || $1, 0))"
_NEXT_NUMBERS = """
INSERT INTO invoice_counters (tenant_id, year, last) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, year) DO UPDATE SET last = invoice_counters.last + $3 RETURNING last
"""


async def hold(writer: Writer) -> None:
    """Keep totals of months from being made as long as this connection lasts, and forget those that there are.

    Several who write together take turns, which Postgres knows nothing of: whoever forgot a total would wait for their
    turn, and whoever has it for that total.
    """
    await writer.connection.execute(_HOLD, str(writer.tenant_id))
    async with writer.transaction():
        await writer.connection.execute("DELETE FROM ledger_totals WHERE tenant_id = $1", writer.tenant_id)


async def write(
    writer: Writer,
    ground: Ground,
    accounts: Sequence[Account],
    *,
    brief: bool = False,
    turn: Callable[[], Awaitable[object]] | None = None,
) -> dict[str, int]:
    """Write the money of those visits whose invoice is not there yet, and count the rows; `brief` tells less of it.

    Whoever has taken numbers holds up all who want some, until the commit: what needs none is written and checked
    before, and `turn` is awaited in between, where several write; each of them has to `hold` the books first.
    """
    async with writer.transaction():
        await writer.connection.execute(_BOOKS, writer.tenant_id, ZONE)
        there = await writer.present(_INVOICES, [one.id for one in accounts])
        missing = sorted((one for one in accounts if one.id not in there), key=lambda one: (one.issued_at, one.id))
        rows: Rows = defaultdict(list)
        (known,) = await writer.connection.fetch(_OPEN, writer.tenant_id)
        months = Months(*known)
        for books in missing:
            _note(rows, books, writer.keys, ground, months)
        await _insert(writer, rows, _WITHOUT_NUMBER)
        await writer.connection.execute("SET CONSTRAINTS balanced IMMEDIATE")
        if turn:
            await turn()
        numbers = await _numbers(writer, missing)
        for row, number in zip(rows["invoices"], numbers, strict=True):
            row["number"] = number
        await _insert(writer, rows, [name for name in _TABLES if name not in _WITHOUT_NUMBER])
        hands = Hands.of(ground)
        told = [
            event
            for books, number in zip(missing, numbers, strict=True)
            for event in (*events(hands, books, number, brief=brief), *_claimed(ground, hands, books))
        ]
        await writer.tell(told)
    return {name: len(rows[name]) for name in _TABLES}


class Months:
    """The months of the books: Postgres would look for that of each entry, and of each line, one by one."""

    def __init__(self, zone: str, first_open: date) -> None:
        self._zone, self._first_open = ZoneInfo(zone), first_open

    def of(self, moment: datetime) -> date:
        """Give the first day of the month in which something of that moment is booked."""
        return max(moment.astimezone(self._zone).date().replace(day=1), self._first_open)


async def _insert(writer: Writer, rows: Rows, names: Iterable[str]) -> None:
    for name in names:
        await writer.insert(_TABLES[name], rows[name])


async def _numbers(writer: Writer, accounts: Sequence[Account]) -> list[str]:
    """Take the next invoice numbers of each year, in the order of issue, as one does who issues them one by one."""
    zone = ZoneInfo(ZONE)
    years = [books.issued_at.astimezone(zone).year for books in accounts]
    following = {}
    for year in sorted(set(years)):
        count = years.count(year)
        last = await writer.connection.fetchval(_NEXT_NUMBERS, writer.tenant_id, year, count)
        following[year] = iter(range(last - count + 1, last + 1))
    return [f"INV-{year}-{next(following[year]):06}" for year in years]


def _claimed(ground: Ground, hands: Hands, books: Account) -> Iterator[Event]:
    claim = story(books, ground.moment)
    return claim.events(hands) if claim else iter(())


def _note(rows: Rows, books: Account, keys: TenantKeys, ground: Ground, months: Months) -> None:
    claim = story(books, ground.moment)
    rows["invoices"].append(_invoice(books, keys) | _shares(books, claim))
    rows["invoice_lines"].append(_line(books, keys))
    if books.ended and books.credited:
        rows["invoice_credits"].append(_credit(books, *books.ended, keys))
    for paid in books.payments:
        rows["payments"].append(_payment(books, paid, keys))
        if paid.method.through_gateway:
            rows["sandbox_charges"].append(charge(books, paid))
        for back in paid.returns:
            rows["refunds"].append(_refund(books, paid, back, keys))
            if paid.method.through_gateway:
                rows["sandbox_refunds"].append(refunded(paid, back))
    if books.earned or books.ended:
        at, how = books.earned or (books.ended[0] if books.ended else books.issued_at, EarnedAs.fee)
        visit = {"appointment_id": books.visit.id, "took_place": how == EarnedAs.visit, "ended_at": at}
        rows["ended_visits"].append(visit)
    if claim:
        rows["claims"].append(claim.row())
        rows["claim_steps"] += claim.step_rows(Hands.of(ground), keys)
    for at, booking in (*books.bookings(), *(claim.bookings() if claim else ())):
        entry, period = derived_id("ledger", booking.kind, booking.subject), months.of(at)
        said = {"id": entry, "kind": booking.kind, "subject_id": booking.subject, "booked_at": at, "period": period}
        rows["ledger_entries"].append(said)
        for name, amount in booking.lines:
            line = {"entry_id": entry, "account": name, "currency": booking.currency, "amount": amount}
            line["period"] = period
            rows["ledger_lines"].append(line)


def _invoice(books: Account, keys: TenantKeys) -> dict[str, Any]:
    cancelled_at, reason = books.cancelled or (None, None)
    return {
        "id": books.id,
        "patient_id": books.visit.entry.patient.id,
        "appointment_id": books.visit.id,
        "currency": books.currency,
        "total": books.total,
        "paid": books.paid,
        "reserved": 0,
        "refunded": books.refunded,
        "credited": books.credited,
        "returned": books.returned,
        "deferred": True,
        "earned_as": books.earned[1].value if books.earned else None,
        "status": books.status.value,
        "issued_at": books.issued_at,
        "cancelled_at": cancelled_at,
        "cancel_reason": keys.seal(reason) if reason else None,
        "request_hash": _once(books.id),
        **_times(books.issued_at, cancelled_at or _last(books)),
        "version": 1 + len(books.payments) + bool(books.refunded) + bool(cancelled_at) + bool(books.credited),
    }


def _shares(books: Account, claim: Story | None) -> dict[str, Any]:
    by = books.insured
    return {
        "coverage_id": by.coverage_id if by else None,
        "payer_id": by.payer_id if by else None,
        "cover_rate": by.rate if by else None,
        "covered": books.covered,
        "payer_paid": claim.paid if claim else 0,
        "written_off": claim.written_off if claim else 0,
        "claimed": bool(claim and claim.steps),
    }


def _line(books: Account, keys: TenantKeys) -> dict[str, Any]:
    place = books.visit.place
    return {
        "id": derived_id("invoice line", books.id, 1),
        "invoice_id": books.id,
        "position": 1,
        "description": keys.seal(f"{place.type.terms.name}, {place.doctor.name}"),
        "quantity": 1,
        "unit": books.total,
        "total": books.total,
        **_times(books.issued_at, books.issued_at),
    }


def _credit(books: Account, at: datetime, reason: str, keys: TenantKeys) -> dict[str, Any]:
    return {
        "id": books.credit_id,
        "invoice_id": books.id,
        "currency": books.currency,
        "amount": books.credited,
        "returned": books.returned,
        "reason": keys.seal(reason),
        "against": ledger.DEPOSITS,
        **_times(at, at),
    }


def _payment(books: Account, paid: Paid, keys: TenantKeys) -> dict[str, Any]:
    released_at, reason = paid.released or (None, None)
    return {
        "id": paid.id,
        "invoice_id": books.id,
        "appointment_id": books.visit.id,
        "patient_id": books.visit.entry.patient.id,
        "method": paid.method.value,
        "amount": paid.amount,
        "currency": books.currency,
        "status": paid.status.value,
        "captured": paid.captured,
        "refunding": 0,
        "refunded": paid.refunded,
        "decline_code": paid.decline,
        "gateway": paid.gateway,
        "gateway_reference": f"ch_{paid.charge_id.hex}" if paid.method.through_gateway else None,
        "captured_at": paid.taken_at,
        "released_at": released_at,
        "release_reason": keys.seal(reason) if reason else None,
        "request_hash": _once(paid.id),
        **_times(paid.at, max((paid.taken_at or paid.at, *(back.at for back in paid.returns)))),
        "version": 1 + bool(paid.taken_at) + bool(released_at) + len(paid.returns),
    }


def _once(key: UUID) -> bytes:
    """Fingerprint a request that nobody will repeat."""
    return hashlib.sha256(key.bytes).digest()


def _refund(books: Account, paid: Paid, back: Return, keys: TenantKeys) -> dict[str, Any]:
    return {
        "id": back.id,
        "payment_id": paid.id,
        "amount": back.amount,
        "currency": books.currency,
        "reason": keys.seal(back.reason),
        "status": RefundStatus.succeeded.value,
        "gateway_reference": f"re_{back.gateway_id.hex}" if paid.method.through_gateway else None,
        "settled_at": back.at,
        "request_hash": b"release" if back.released else _once(back.id),
        **_times(back.at, back.at),
        "version": 2,
    }


def _last(books: Account) -> datetime:
    return max((books.issued_at, *(paid.taken_at or paid.at for paid in books.payments)))


def _times(created_at: datetime, updated_at: datetime) -> dict[str, datetime]:
    return {"created_at": created_at, "updated_at": updated_at}
