"""What leaves as CSV (RFC 4180): read page by page and written as it comes, so that a year is no more than a page."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal

from careconnect.auth import Actor
from careconnect.money import Money, minor_digits
from careconnect.pagination import Page
from services.payments.client import PaymentsClient
from services.payments.schemas import Balance, Entry, EntryFilter

_AT_A_TIME = 200
_ENTRIES = ("period", "booked_at", "entry_id", "kind", "subject_id", "account", "currency", "debit", "credit")
_BALANCES = ("period", "account", "kind", "currency", "opening", "debits", "credits", "balance")


async def entries_csv(payments: PaymentsClient, actor: Actor, wanted: EntryFilter) -> AsyncIterator[str]:
    """Write the entries of a month, a line each for what they do to an account; the first page is read at once.

    Amounts are in whole units of their currency with all of its digits: 3500.00 LKR, 350 JPY, 3.500 KWD.
    """
    first = await payments.ledger_entries(actor, wanted, limit=_AT_A_TIME)
    return _pages(payments, actor, wanted, first)


async def _pages(payments: PaymentsClient, actor: Actor, wanted: EntryFilter, page: Page[Entry]) -> AsyncIterator[str]:
    yield written([_ENTRIES])
    while True:
        yield written(row for entry in page.items for row in _lines(entry))
        if page.next_cursor is None:
            return
        page = await payments.ledger_entries(actor, wanted, limit=_AT_A_TIME, cursor=page.next_cursor)


def _lines(entry: Entry) -> Iterable[tuple[object, ...]]:
    for line in entry.lines:
        amount = decimal(line.amount)
        sides = (amount, "") if line.amount.amount > 0 else ("", -amount)
        said = (entry.period, entry.booked_at.isoformat(), entry.id, entry.kind, entry.subject_id)
        yield (*said, line.account, line.amount.currency, *sides)


def balances_csv(balances: Iterable[Balance]) -> str:
    """Write balances, a line for each account, currency and month."""
    rows = (
        (
            one.period or "",
            one.account,
            one.kind.value,
            one.balance.currency,
            *(decimal(amount) for amount in (one.opening, one.debits, one.credits, one.balance)),
        )
        for one in balances
    )
    return written([_BALANCES, *rows])


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula, whoever wrote it (CWE-1236)."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def decimal(amount: Money) -> Decimal:
    """Give an amount in whole units, with all digits that its currency has."""
    return Decimal(amount.amount).scaleb(-minor_digits(amount.currency))


def written(rows: Iterable[tuple[object, ...]]) -> str:
    """Write rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
