"""The money check: how many orphans as of when, how it knows, and what waits for a person."""

import asyncio
from typing import Annotated, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.payments.errors import OrphanNotFound
from services.payments.schemas import MoneyCheck, Remedy, RemedyWrite
from web.formats import local_time, when
from web.forms import Form
from web.pages.days import today
from web.pages.orphans import ORDER, compared_words, offer, told
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/money-check", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
Refunder = Annotated[Screen, needs("payments:refund")]
_SHOWN = 100
_LATELY = 10


class Comparison(NamedTuple):
    """One line of how it knows."""

    what: str
    against: str
    checked: int
    found: int
    missing: bool


@router.get("")
async def overview(screen: Reader) -> Response:
    """Show the newest check and what waits."""
    checks, waiting, mended = await asyncio.gather(
        screen.gateway.checks.newest(screen.actor),
        screen.gateway.checks.waiting(screen.actor, _SHOWN),
        screen.gateway.payments.orphans(screen.actor, status="mended", limit=_LATELY),
    )
    return screen.page(
        "billing/money_check.html",
        last=checks.last,
        left=_left(checks.last, len(waiting)) if checks.last else 0,
        running=checks.running,
        as_of=_as_of(checks.last, screen) if checks.last else "",
        compared=_compared(checks.last) if checks.last else [],
        waiting=[told(one) for one in waiting],
        mended=[told(one) for one in mended.items],
        form=screen.form("check"),
    )


def _left(last: MoneyCheck, waiting: int) -> int:
    """Count the orphans of a check that nobody has settled since; more than are shown may wait."""
    return last.open if waiting == _SHOWN else min(last.open, waiting)


@router.post("")
async def begin(screen: Refunder) -> Response:
    """Have the money checked now."""
    await screen.submitted("check")
    await screen.gateway.checks.begin(screen.actor)
    return screen.done(gettext("The money is being checked"), "/billing/money-check", tone="blue")


@router.get("/orphans/{orphan_id}/dismissal")
async def ask(orphan_id: UUID, screen: Refunder) -> Response:
    """Ask why an orphan is left as it is."""
    return await _dismissal(screen, screen.form("dismissal"), orphan_id)


@router.post("/orphans/{orphan_id}/dismissal")
async def dismiss(orphan_id: UUID, screen: Refunder) -> Response:
    """Take it from Attention as it is."""
    form = await screen.submitted("dismissal")
    reason = form.values["reason"].strip()[:500]
    if not reason:
        return await _dismissal(screen, form.object(gettext("Say why"), "reason"), orphan_id, 422)
    try:
        await screen.gateway.checks.dismiss(screen.actor, orphan_id, reason)
    except Refusal as refusal:
        return await _dismissal(screen, form.renew().refuse(refusal), orphan_id, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Left as it is"), "/billing/money-check")


@router.get("/orphans/{orphan_id}/remedies/{remedy}")
async def ask_remedy(orphan_id: UUID, remedy: Remedy, screen: Refunder) -> Response:
    """Say what would come of it, and ask why."""
    return await _remedy(screen, screen.form("remedy"), orphan_id, remedy)


@router.post("/orphans/{orphan_id}/remedies/{remedy}")
async def apply_remedy(orphan_id: UUID, remedy: Remedy, screen: Refunder) -> Response:
    """Do it."""
    form = await screen.submitted("remedy")
    reason = form.values["reason"].strip()[:500]
    if not reason:
        return await _remedy(screen, form.object(gettext("Say why"), "reason"), orphan_id, remedy, 422)
    try:
        done = await screen.gateway.checks.remedy(screen.actor, orphan_id, RemedyWrite(remedy=remedy, reason=reason))
    except Refusal as refusal:
        return await _remedy(screen, form.renew().refuse(refusal), orphan_id, remedy, refusal.status)
    screen.known.forget(screen.actor)
    said = gettext("Done") if done.status == "mended" else gettext("Under way; the next check tells whether it is done")
    return screen.done(said, "/billing/money-check")


async def _remedy(screen: Screen, form: Form, orphan_id: UUID, remedy: Remedy, status: int = 200) -> Response:
    found = await screen.gateway.payments.orphan(screen.actor, orphan_id)
    if remedy not in found.remedies:
        raise OrphanNotFound  # somebody has dealt with it meanwhile
    return screen.page("billing/remedy.html", http=status, form=form, orphan=told(found), offer=offer(remedy))


async def _dismissal(screen: Screen, form: Form, orphan_id: UUID, status: int = 200) -> Response:
    found = await screen.gateway.payments.orphan(screen.actor, orphan_id)
    if found.status not in {"open", "mending"}:
        raise OrphanNotFound  # somebody has dealt with it meanwhile
    return screen.page("billing/dismissal.html", http=status, form=form, orphan=told(found))


def _as_of(check: MoneyCheck, screen: Screen) -> str:
    """Say the hour of a check of today, and the day of an older one."""
    zone = screen.frame.zone
    of_today = check.as_of.astimezone(ZoneInfo(zone)).date() == today(screen.frame)
    return local_time(check.as_of, zone) if of_today else when(check.as_of, zone)


def _compared(check: MoneyCheck) -> list[Comparison]:
    said = [
        (name, check.compared[name].checked, check.compared[name].found) for name in ORDER if name in check.compared
    ]
    said += [(name, 0, 0) for name in check.missing if name not in check.compared]
    return [Comparison(*compared_words(name), checked, found, name in check.missing) for name, checked, found in said]
