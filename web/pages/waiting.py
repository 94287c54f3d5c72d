"""What waits for a person: stopped processes, messages that did not arrive, unpaid invoices, orphans, holidays."""

import asyncio
from collections.abc import Awaitable, Collection
from datetime import timedelta
from typing import Any

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Unavailable
from services.appointments.schemas import Appointment, AppointmentFilter, ClockChange
from services.consultants.schemas import HolidayGap
from services.notifications.schemas import Message, MessageFilter
from services.payments.schemas import Dunning, Orphan
from web.gateway import Gateway
from web.gateway.unresolved import Unresolved
from web.pages.known import Known

_SHOWN = 50
_RECENT = timedelta(days=7)
_RULES_SECONDS = 600.0
BOOKED_AHEAD = timedelta(days=180)
"""How soon a year must begin for its holidays to be missed: as far ahead as visits are usually booked."""


async def stuck(gateway: Gateway, actor: Actor) -> list[Appointment]:
    """List the appointments whose process waits for a person."""
    if not actor.may("appointments:read"):
        return []
    page = await gateway.appointments.list(actor, AppointmentFilter(attention=True), limit=_SHOWN)
    return page.items


async def unsent(gateway: Gateway, actor: Actor) -> list[Message]:
    """List the messages of the last days that did not arrive."""
    if not actor.may("messages:read"):
        return []
    page = await gateway.messages.list(actor, MessageFilter(status="failed"), limit=_SHOWN)
    return [message for message in page.items if message.created_at > clock.now() - _RECENT]


async def orphaned(gateway: Gateway, actor: Actor) -> list[Orphan]:
    """List the orphans that a money check left for a person."""
    return await gateway.checks.waiting(actor, _SHOWN) if actor.may("payments:read") else []


async def unresolved(gateway: Gateway, actor: Actor) -> list[Unresolved]:
    """List the payments of which it is not known whether money is held; none while the engine does not answer."""
    if not actor.may("payments:read"):
        return []
    try:
        return await gateway.unresolved.waiting(actor)
    except Unavailable:
        return []


async def _changed_zones(gateway: Gateway, known: Known, actor: Actor) -> set[str]:
    return {one.zone for one in await clock_changes(gateway, known, actor)}


async def unknown_holidays(gateway: Gateway, actor: Actor) -> list[HolidayGap]:
    """List the years that are near, whose public holidays nobody knows and nobody has entered."""
    if not actor.may("catalogue:write"):
        return []
    first = clock.now().date()
    found = await gateway.consultants.holiday_gaps(actor, first, first + BOOKED_AHEAD)
    return [gap for gap in found if not gap.entered]


async def unpaid(gateway: Gateway, actor: Actor) -> list[Dunning]:
    """List the invoices that are still to be paid after the last reminder."""
    return await gateway.dunning.waiting(actor) if actor.may("payments:read") else []


async def clock_changes(gateway: Gateway, known: Known, actor: Actor) -> list[ClockChange]:
    """List the appointments whose wall time a new rule of their zone has moved.

    All that is to come has to be looked at, and rules change once in years, so the answer is kept for minutes.
    """
    if not actor.may("appointments:read"):
        return []
    return await known.remember(
        actor, f"clock changes{_whose(actor)}", lambda: gateway.clock_changes.found(actor), _RULES_SECONDS
    )


async def count_waiting(gateway: Gateway, known: Known, actor: Actor) -> int:
    """Count all of it, for the navigation."""

    async def read() -> int:
        asked: list[Awaitable[Collection[Any]]] = [
            stuck(gateway, actor),
            unsent(gateway, actor),
            orphaned(gateway, actor),
            unresolved(gateway, actor),
            unknown_holidays(gateway, actor),
            unpaid(gateway, actor),
            _changed_zones(gateway, known, actor),
        ]
        parts = await asyncio.gather(*asked, return_exceptions=True)
        for part in parts:
            # A service that is away must not take every screen with it.
            if isinstance(part, BaseException) and not isinstance(part, Unavailable):
                raise part
        return sum(len(part) for part in parts if not isinstance(part, BaseException))

    scopes = "appointments:read", "messages:read", "payments:read", "catalogue:write"
    return await known.remember(actor, f"waiting {[actor.may(scope) for scope in scopes]}{_whose(actor)}", read)


def _whose(actor: Actor) -> str:
    """Keep what a limited person sees apart from what everybody does."""
    return f" {actor.id}" if actor.limited else ""
