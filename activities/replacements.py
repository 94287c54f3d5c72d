"""Where an appointment could be instead: free times, the nearest to what was agreed first."""

from datetime import datetime, timedelta
from functools import partial

from activities.free_times import MOST, FreeTimes, Wish
from careconnect import clock
from careconnect.auth import Actor
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Appointment, FreeSlot, Window
from services.consultants.client import ConsultantsClient

AHEAD = (timedelta(days=14), timedelta(days=42))
"""How far after the agreed time is looked: first near it, then, where nothing is free there, further."""
_ELSEWHERE = timedelta(days=3)
_SOMEBODY_ELSE = timedelta(days=1)
_MARGIN = timedelta(minutes=30)
"""A patient who is told of a new time needs some to come."""


class Replacements:
    """Finds them through the same search that every booking goes through."""

    def __init__(self, consultants: ConsultantsClient, appointments: AppointmentsClient) -> None:
        self.consultants = consultants
        self.appointments = appointments

    async def find(self, actor: Actor, booked: Appointment, *, others: bool) -> list[FreeSlot]:
        """List free times at or after the agreed one, the best first.

        One with the same consultant at the same place is as good as it is near; another consultant of the speciality
        counts as a day later, and another place as three.
        """
        now = clock.now()
        for ahead in AHEAD:
            span = (max(booked.start, now + _MARGIN), max(booked.start, now) + ahead)
            found = await self._free(actor, booked, *span, others=others)
            if found:
                return sorted(found, key=lambda slot: (distance(booked, slot), slot.start))
        return []

    async def _free(
        self, actor: Actor, booked: Appointment, first: datetime, until: datetime, *, others: bool
    ) -> list[FreeSlot]:
        """Look from `first` on; notice binds patients, and not the clinic that moves them."""
        kind = await self.consultants.visit_type(actor, booked.visit_type_id)
        suiting = {"patient_id": booked.patient_id, "without": booked.id}
        wish = Wish(actor, kind, consultant_id=booked.consultant_id, narrowed=suiting)
        if others:
            wish = Wish(actor, kind, narrowed=suiting, keep=partial(self._of_the_speciality, actor, booked))
        return await FreeTimes(self.consultants, self.appointments).soonest(wish, first, until, MOST)

    async def _of_the_speciality(self, actor: Actor, booked: Appointment, windows: list[Window]) -> list[Window]:
        """Keep the working time of the consultant, and of those who share a speciality."""
        named = await self.consultants.names(actor, {booked.consultant_id, *(one.consultant_id for one in windows)})
        own = next((set(one.specialties) for one in named if one.id == booked.consultant_id), set())
        fitting = {one.id for one in named if one.id == booked.consultant_id or own & set(one.specialties)}
        return [one for one in windows if one.consultant_id in fitting]


def three(ranked: list[FreeSlot], count: int = 3) -> list[FreeSlot]:
    """Choose times that differ: each on another day or with another consultant, as long as there are such."""
    chosen: list[FreeSlot] = []
    seen: set[object] = set()
    for slot in ranked:
        kind = (slot.consultant_id, slot.start.date())
        if kind not in seen:
            seen.add(kind)
            chosen.append(slot)
    rest = [slot for slot in ranked if slot not in chosen]
    return sorted((chosen + rest)[:count], key=lambda slot: slot.start)


def distance(booked: Appointment, slot: FreeSlot) -> timedelta:
    """Tell how far a time is from what was agreed, as `Replacements.find` counts."""
    far = slot.start - booked.start
    if slot.consultant_id != booked.consultant_id:
        far += _SOMEBODY_ELSE
    if slot.location_id != booked.location_id:
        far += _ELSEWHERE
    return far
