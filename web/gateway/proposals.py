"""What moving would lead to at this moment: shown before anybody starts, looked for again when it is done."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from activities.replacements import Replacements, distance
from careconnect.auth import Actor
from careconnect.errors import Refusal
from services.appointments.schemas import Appointment, FreeSlot

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway


async def propose(gateway: "Gateway", actor: Actor, affected: list[Appointment]) -> dict[UUID, FreeSlot]:
    """Give each appointment the time that it would be moved to; one for which nothing is free has none."""
    first = {one.visit_type_id: one for one in reversed(affected)}
    replacements = Replacements(gateway.consultants, gateway.appointments)
    found = await asyncio.gather(*(_free(replacements, actor, one) for one in first.values()))
    by_type = dict(zip(first, found, strict=True))
    taken: list[FreeSlot] = []
    proposed: dict[UUID, FreeSlot] = {}
    for one in affected:
        fitting = (slot for slot in by_type[one.visit_type_id] if slot.start >= one.start and not _meets(slot, taken))
        best = min(fitting, key=lambda slot: (distance(one, slot), slot.start), default=None)
        if best:
            taken.append(best)
            proposed[one.id] = best
    return proposed


async def _free(replacements: Replacements, actor: Actor, one: Appointment) -> list[FreeSlot]:
    try:
        return await replacements.find(actor, one, others=True)
    except Refusal:  # a proposal is a courtesy: a visit type that is gone has none
        return []


def _meets(slot: FreeSlot, taken: Iterable[FreeSlot]) -> bool:
    return any(
        slot.consultant_id == other.consultant_id and slot.start < other.end and other.start < slot.end
        for other in taken
    )
