"""The ledger: what each account holds in a month, what moved it, and closing the month."""

import asyncio
from datetime import date
from itertools import groupby
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from careconnect.money import Money
from services.payments.accounts import CHART, account_of
from services.payments.schemas import Balance, Entry, EntryFilter, Period, PeriodWrite
from web.formats import local_date, money
from web.forms import Form
from web.pages.days import today
from web.pages.links import link
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/ledger", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
Closer = Annotated[Screen, needs("ledger:close")]
_SHOWN = 40
_KINDS = {
    "invoice.issued": "Invoice issued",
    "invoice.cancelled": "Invoice cancelled",
    "invoice.entered_in_error": "Invoice entered in error",
    "payment.captured": "Payment taken",
    "payment.corrected": "Payment corrected",
    "refund.succeeded": "Money returned",
    "refund.reversed": "Returned money that came back",
    "invoice.earned": "Visit took place, or fee kept",
    "invoice.credited": "Invoice credited",
    "invoice.discounted": "Discount given",
    "payout.received": "Payout received",
    "cash.moved": "Cash put in or taken out",
    "drawer.closed": "Cash over or short",
}


class Row(NamedTuple):
    """One account in one currency; amounts stand on their side, and a balance in credit says so."""

    name: str
    code: str
    opening: str
    debits: Money
    credits: Money
    balance: str


@router.get("")
async def overview(screen: Reader, period: str = "", account: str = "", cursor: str | None = None) -> Response:
    """Show a month: its balances and its entries, the newest first."""
    months = await screen.gateway.payments.ledger_periods(screen.actor)
    present = f"{today(screen.frame):%Y-%m}"
    chosen = next((one for one in months if one.period == (period or present)), months[0])
    wanted = EntryFilter(period=chosen.period, account=account or None)
    found, page = await asyncio.gather(
        screen.gateway.payments.balances(screen.actor, first=chosen.period, last=chosen.period),
        screen.gateway.payments.ledger_entries(screen.actor, wanted, limit=_SHOWN, cursor=cursor),
    )
    to = {"period": chosen.period, "account": account}
    accounts = sorted({one.account for one in found}, key=_place)
    return screen.page(
        "billing/_entry_rows.html" if screen.htmx and cursor else "billing/ledger.html",
        months=[(one.period, _month(one.period)) for one in months],
        chosen=chosen,
        month=_month(chosen.period),
        books=_by_currency(found),
        accounts=[(one, account_words(one)) for one in accounts],
        account=account,
        entries=[_entry(one) for one in page.items],
        next_href=page.next_cursor and link("/billing/ledger", **to, cursor=page.next_cursor),
        can_close=screen.actor.may("ledger:close") and chosen.period < present,
    )


@router.get("/{period}/closing")
async def ask(period: str, screen: Closer) -> Response:
    """Ask why a month is closed, or opened again."""
    return _closing(screen, screen.form("closing"), await _standing(screen, period))


@router.post("/{period}/closing")
async def close(period: str, screen: Closer) -> Response:
    """Close the month, or open it again."""
    form = await screen.submitted("closing")
    reason = form.values["reason"].strip()[:500]
    standing = await _standing(screen, period)
    if not reason:
        return _closing(screen, form.object(gettext("Say why"), "reason"), standing, 422)
    wanted = PeriodWrite(status="open" if form.values["status"] == "open" else "closed", reason=reason)
    try:
        await screen.gateway.payments.set_ledger_period(screen.actor, standing.period, wanted)
    except Refusal as refusal:
        return _closing(screen, form.renew().object(_why_not(refusal)), standing, refusal.status)
    told = gettext("%(month)s is closed") if wanted.status == "closed" else gettext("%(month)s is open again")
    return screen.done(told % {"month": _month(standing.period)}, link("/billing/ledger", period=standing.period))


def account_words(account: str) -> str:
    """Name an account for people, with the gateway where there is one."""
    gateway = account.partition(":")[2]
    name = gettext(account_of(account).name)
    return f"{name} ({gateway})" if gateway else name


async def _standing(screen: Screen, period: str) -> Period:
    months = await screen.gateway.payments.ledger_periods(screen.actor)
    return next((one for one in months if one.period == period), months[0])


def _closing(screen: Screen, form: Form, standing: Period, status: int = 200) -> Response:
    return screen.page("billing/closing.html", http=status, form=form, standing=standing, month=_month(standing.period))


def _why_not(refusal: Refusal) -> str:
    if refusal.code == "earlier_period_open" and "period" in refusal.extra:
        return gettext("%(month)s is still open; close it first") % {"month": _month(refusal.extra["period"])}
    return gettext(refusal.title)


def _by_currency(balances: list[Balance]) -> list[tuple[str, list[Row]]]:
    ordered = sorted(balances, key=lambda one: (one.balance.currency, _place(one.account)))
    return [
        (currency, [_row(one) for one in found if one.balance or one.debits or one.opening or one.credits])
        for currency, found in groupby(ordered, key=lambda one: one.balance.currency)
    ]


def _row(one: Balance) -> Row:
    return Row(account_words(one.account), one.account, _side(one.opening), one.debits, _plain(one.credits),
               _side(one.balance))  # fmt: skip


def _side(amount: Money) -> str:
    """Write a balance; one in credit says so, since its side is what it means."""
    words = money(_plain(amount))
    return gettext("%(amount)s Cr") % {"amount": words} if amount.amount < 0 else words


def _plain(amount: Money) -> Money:
    return Money(amount=abs(amount.amount), currency=amount.currency)


def _entry(entry: Entry) -> dict[str, Any]:
    kind = gettext(_KINDS.get(entry.kind, entry.kind.replace(".", " ").replace("_", " ").capitalize()))
    lines = [(account_words(one.account), one.amount.amount > 0, _plain(one.amount)) for one in entry.lines]
    return {"id": entry.id, "kind": kind, "booked_at": entry.booked_at, "lines": lines}


def _place(account: str) -> tuple[int, str]:
    codes = [one.code for one in CHART]
    return codes.index(account.partition(":")[0]), account


def _month(period: str) -> str:
    return local_date(date.fromisoformat(f"{period}-01"), skeleton="yMMMM")
