"""The books: balances by account and month, the entries of a month, and closing it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession
from careconnect.ids import derived_id
from careconnect.money import Money
from careconnect.pagination import Page, Paging, keyset
from services.payments import totals
from services.payments.accounts import account_of
from services.payments.errors import EarlierPeriodOpen, LaterPeriodClosed, PeriodNotOver
from services.payments.models import LedgerBooks, LedgerEntry, LedgerLine, LedgerPeriod
from services.payments.schemas import Balance, Entry, EntryFilter, EntryLine, Period, PeriodWrite

_MOST_MONTHS = 600
_DAY = timedelta(days=1)


class _Moved(NamedTuple):
    debits: int = 0
    credits: int = 0

    def __or__(self, other: Any) -> "_Moved":
        return _Moved(self.debits + other.debits, self.credits + other.credits)

    @property
    def balance(self) -> int:
        return self.debits + self.credits


async def balances(
    session: ReadSession, first: str | None = None, last: str | None = None, *, each: bool = False
) -> list[Balance]:
    """Add up every account from the month `first` to the month `last`; with `each`, month by month."""
    opening: dict[tuple[str, str], int] = defaultdict(int)
    months: dict[tuple[str, str], dict[date | None, _Moved]] = defaultdict(dict)
    rows = await totals.until(session, first_day(last) if last else date.max)
    for account, currency, period, debits, credits_ in rows:
        key, moved = (account, currency), _Moved(debits, credits_)
        if first and period < first_day(first):
            opening[key] += moved.balance
            months[key].setdefault(None, _Moved())
        else:
            known = months[key].setdefault(period if each else None, _Moved())
            months[key][period if each else None] = known | moved
    return [one for key, found in months.items() for one in _rows(key, opening[key], found)]


async def currencies(session: ReadSession) -> list[str]:
    """Name the currencies of the books, by leaping from month and account to the next in the index of the lines."""
    key = [LedgerLine.period, LedgerLine.account, LedgerLine.currency]
    of_tenant = sa.select(*key).where(LedgerLine.tenant_id == session.tenant_id).order_by(*key).limit(1)
    seen = of_tenant.subquery("first").select().cte("seen", recursive=True)
    following = of_tenant.where(sa.tuple_(*key) > sa.tuple_(*seen.c)).correlate(seen).lateral("following")
    seen = seen.union_all(sa.select(following).select_from(seen.join(following, sa.true())))
    return list(await session.scalars(sa.select(seen.c.currency).distinct().order_by(seen.c.currency)))


def _rows(key: tuple[str, str], opening: int, months: dict[date | None, _Moved]) -> Iterable[Balance]:
    account, currency = key

    def money(amount: int) -> Money:
        return Money(amount=amount, currency=currency)

    for period, moved in months.items():
        yield Balance(
            account=account,
            kind=account_of(account).kind,
            opening=money(opening),
            debits=money(moved.debits),
            credits=money(moved.credits),
            balance=money(opening + moved.balance),
            period=month_of(period) if period else None,
        )
        opening += moved.balance


async def entries(session: ReadSession, wanted: EntryFilter, paging: Paging) -> Page[Entry]:
    """List the entries of a month with their lines, the newest first."""
    period = first_day(wanted.period)
    statement = sa.select(LedgerEntry).where(LedgerEntry.period == period)
    if wanted.kind:
        statement = statement.where(LedgerEntry.kind == wanted.kind)
    if wanted.subject_id:
        statement = statement.where(LedgerEntry.subject_id == wanted.subject_id)
    if wanted.account or wanted.currency:
        lines = sa.select(LedgerLine.entry_id).where(LedgerLine.period == period)
        if wanted.account:
            lines = lines.where(LedgerLine.account == wanted.account)
        if wanted.currency:
            lines = lines.where(LedgerLine.currency == wanted.currency)
        statement = statement.where(LedgerEntry.id.in_(lines))
    page = await keyset(session, statement, [LedgerEntry.booked_at.desc(), LedgerEntry.id.desc()], paging)
    lines_of = await _lines(session, [row.id for row in page.items])
    return page.of(lambda row: _entry(row, lines_of[row.id]))


async def _lines(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, list[EntryLine]]:
    found: dict[UUID, list[EntryLine]] = defaultdict(list)
    if ids:
        statement = sa.select(LedgerLine).where(LedgerLine.entry_id.in_(ids))
        # Debits first, as books are written.
        for line in await session.scalars(statement.order_by(LedgerLine.amount.desc(), LedgerLine.account)):
            said = EntryLine(account=line.account, amount=Money(amount=line.amount, currency=line.currency))
            found[line.entry_id].append(said)
    return found


def _entry(row: LedgerEntry, lines: list[EntryLine]) -> Entry:
    return Entry(
        id=row.id,
        kind=row.kind,
        subject_id=row.subject_id,
        booked_at=row.booked_at,
        period=month_of(row.period),
        lines=lines,
    )


async def periods(session: ReadSession, keys: TenantKeys) -> list[Period]:
    """List the months from the first entry, or the first that was closed, to the present one; the newest first."""
    zone = await zone_of(session)
    known = {row.period: row for row in await session.scalars(sa.select(LedgerPeriod))}
    first = await session.scalar(sa.select(sa.func.min(LedgerEntry.period)))
    present = _present(zone)
    begin = min([one for one in (first, *known) if one], default=present)
    last = max([present, *known])
    months = list(_months(begin, last))[-_MOST_MONTHS:]
    return [_period(one, known.get(one), zone, keys) for one in reversed(months)]


def _period(month: date, row: LedgerPeriod | None, zone: str, keys: TenantKeys) -> Period:
    if row is None:
        return Period(period=month_of(month), status="open", zone=zone)
    return Period.model_validate(
        {
            "period": month_of(month),
            "status": row.status,
            "reason": keys.open(row.reason),
            "changed_by": row.changed_by,
            "changed_at": row.changed_at,
            "zone": zone,
        }
    )


async def set_period(session: WriteSession, month: str, wanted: PeriodWrite, keys: TenantKeys) -> Period:
    """Close a month, or open it again; a repeat changes nothing.

    Raises:
        PeriodNotOver: it has not ended.
        EarlierPeriodOpen: an earlier month with entries is still open.
        LaterPeriodClosed: a later month is closed, so this one is too.
    """
    await totals.lock(session)
    zone, period = await zone_of(session), first_day(month)
    known = await session.scalar(sa.select(LedgerPeriod).where(LedgerPeriod.period == period))
    if (known.status if known else "open") == wanted.status:
        return _period(period, known, zone, keys)
    await _admit(session, period, wanted.status, zone)
    row = {"tenant_id": session.tenant_id, "period": period, "status": wanted.status}
    row |= {"reason": keys.seal(wanted.reason), "changed_by": session.actor.id, "changed_at": clock.now()}
    said = insert(LedgerPeriod).values(row)
    said = said.on_conflict_do_update(index_elements=["tenant_id", "period"], set_=dict(said.excluded))
    fresh = (await session.scalars(said.returning(LedgerPeriod), execution_options={"populate_existing": True})).one()
    verb = "closed" if wanted.status == "closed" else "reopened"
    session.record(f"ledger_period.{verb}", "ledger_period", _key(session.tenant_id, month), data={"period": month})
    return _period(period, fresh, zone, keys)


async def keep_totals(session: WriteSession) -> None:
    """Keep the totals of all months that have ended."""
    await totals.keep(session, _present(await zone_of(session)) - _DAY)


async def _admit(session: ReadSession, period: date, status: str, zone: str) -> None:
    if status == "closed":
        if period >= _present(zone):
            raise PeriodNotOver
        closed = sa.select(sa.func.max(LedgerPeriod.period)).where(LedgerPeriod.status == "closed")
        last = await session.scalar(closed)
        earlier = sa.select(LedgerEntry.period).where(LedgerEntry.period < period)
        open_one = await session.scalar((earlier.where(LedgerEntry.period > last) if last else earlier).limit(1))
        if open_one:
            raise EarlierPeriodOpen(period=month_of(open_one))
    else:
        later = sa.select(LedgerPeriod.period).where(LedgerPeriod.period > period, LedgerPeriod.status == "closed")
        if await session.scalar(later.limit(1)):
            raise LaterPeriodClosed


async def zone_of(session: ReadSession) -> str:
    """Name the zone in which the months of the books begin and end."""
    return await session.scalar(sa.select(LedgerBooks.zone)) or "UTC"


def first_day(month: str) -> date:
    """Give the first day of a month such as 2026-11."""
    return date.fromisoformat(f"{month}-01")


def month_of(day: date) -> str:
    """Name the month of a day."""
    return f"{day:%Y-%m}"


def _present(zone: str) -> date:
    return clock.now().astimezone(ZoneInfo(zone)).date().replace(day=1)


def _months(begin: date, last: date) -> Iterable[date]:
    while begin <= last:
        yield begin
        begin = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)


def _key(tenant_id: UUID, month: str) -> UUID:
    return derived_id("ledger period", tenant_id, month)
