"""What a new rule of a zone did to appointments: listed, and dealt with as people decide."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from careconnect.auth import Actor
from careconnect.errors import Refusal
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Appointment, ClockChange
from web.gateway.bookings import Bookings

AT_ONCE = 50
"""How many appointments one request moves: each is a step of a process of its own."""


class ClockChanges:
    """Lists appointments whose wall time a new rule has moved, moves them back on the clock, or leaves them."""

    def __init__(self, appointments: AppointmentsClient, bookings: Bookings) -> None:
        self._appointments = appointments
        self._bookings = bookings

    async def found(self, actor: Actor) -> list[ClockChange]:
        """List them, soonest first."""
        return await self._appointments.clock_changes(actor)

    async def leave(self, actor: Actor, appointment_id: UUID) -> Appointment:
        """Keep the instant, and agree on the wall time that the new rule makes of it."""
        return await self._appointments.agree_wall_time(actor, appointment_id)

    async def keep_wall_time(self, actor: Actor, changes: Sequence[ClockChange], reason: str) -> list[Refusal]:
        """Move appointments so that the clock shows what was agreed on, and give why some could not be.

        Each leaves its time to the next: they go forwards where times come sooner, and else backwards.
        """
        sooner = [one for one in changes if one.start_as_agreed < one.start]
        later = [one for one in changes if one.start_as_agreed >= one.start]
        refused = []
        for one in [*sorted(sooner, key=_start), *sorted(later, key=_start, reverse=True)]:
            try:
                await self._bookings.reschedule(
                    actor, one.id, one.start_as_agreed, notify=False, override_reason=reason
                )
            except Refusal as refusal:
                refused.append(refusal)
        return refused


def _start(change: ClockChange) -> datetime:
    return change.start
