"""Appointments as rows and as events, in the words of the appointments service."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from careconnect.db import table_of
from careconnect.ids import reference
from operations.seed.bulk import Event, Writer
from operations.seed.fates import Visit
from operations.seed.ground import ZONE, Ground
from operations.seed.team import Hands
from services.appointments.models import Appointment
from services.appointments.schemas import OCCUPYING, Status

_TABLE = table_of(Appointment)
_SECOND = timedelta(seconds=1)


async def write(writer: Writer, ground: Ground, visits: Sequence[Visit], *, brief: bool = False) -> int:
    """Write those visits that are not there yet, and tell how many; `brief` tells only how each began and ended."""
    async with writer.transaction():
        there = await writer.present(_TABLE, [visit.id for visit in visits])
        missing = [visit for visit in visits if visit.id not in there]
        await writer.insert(_TABLE, [_row(ground, visit) for visit in missing])
        hands = Hands.of(ground)
        await writer.tell(event for visit in missing for event in _events(hands, visit, brief=brief))
    return len(missing)


def _row(ground: Ground, visit: Visit) -> dict[str, Any]:
    place = visit.place
    occupied_from, occupied_to = place.occupied
    return {
        "id": visit.id,
        "reference": reference("CC", visit.id),
        "status": visit.status.value,
        "version": visit.version,
        "patient_id": visit.entry.patient.id,
        "consultant_id": place.doctor.id,
        "visit_type_id": place.type.id,
        "location_id": place.location_id,
        "room_id": ground.id("room", *place.room) if place.room else None,
        "capacity": place.type.terms.capacity,
        "seat": visit.entry.seat,
        "zone": ZONE,
        "start_at": place.start,
        "end_at": place.end,
        "local_start": place.start.astimezone(ground.zone).replace(tzinfo=None),
        "occupied_from": occupied_from,
        "occupied_to": occupied_to,
        "hold_expires_at": None,
        "status_since": visit.since,
        "overbooked": False,
        "hours_overridden": False,
        "cancellation_reason": visit.reason,
        "refusal_code": "card_declined" if visit.decline else None,
        "needs_attention": None,
        "request_hash": "",
        "created_at": visit.entry.booked_at,
        "updated_at": max(visit.since, visit.moved_at or visit.since),
    }


def _events(hands: Hands, visit: Visit, *, brief: bool) -> Iterator[Event]:
    """Tell the story of a visit as the service would have told it."""
    desk = hands.desks[visit.place.location_id]
    for at, verb, status, also in _story(visit):
        if brief and not visit.decline and verb not in _BRIEF:
            continue
        actor = hands.process if status in {Status.NO_SHOW, Status.EXPIRED} else desk
        reason = visit.reason if status == Status.CANCELLED else None
        data = _facts(visit, at, status) | also
        yield Event(at, actor, f"appointment.{verb}", "appointment", visit.id, data, reason)


def _story(visit: Visit) -> Iterator[tuple[datetime, str, Status, dict[str, Any]]]:
    booked_at = visit.entry.booked_at
    yield booked_at, "held", Status.HELD, {}
    if visit.decline:
        yield visit.since, "released", Status.EXPIRED, {"code": "card_declined"}
        return
    yield booked_at + 3 * _SECOND, "booked", Status.BOOKED, {}
    if visit.moved_at and visit.moved_from:
        yield visit.moved_at, "rescheduled", Status.BOOKED, {"from": visit.moved_from.isoformat()}
    if visit.arrived_at:
        yield visit.arrived_at, "arrived", Status.ARRIVED, {}
    if visit.checked_in_at:
        yield visit.checked_in_at, "checked_in", Status.CHECKED_IN, {}
    if visit.status == Status.CANCELLED:
        yield visit.since, "cancelled", Status.CANCELLED, {"late": visit.late}
    elif not visit.occupies:
        yield visit.since, visit.status.value, visit.status, {}


_BRIEF = {"booked", "released", "cancelled", "fulfilled", "no_show"}


def _facts(visit: Visit, at: datetime, status: Status) -> dict[str, Any]:
    before = visit.moved_at is not None and at < visit.moved_at
    start = visit.moved_from if before and visit.moved_from else visit.place.start
    return {
        "status": status.value,
        "version": 1 if before else visit.version,
        "start": start.isoformat(),
        "consultant_id": str(visit.place.doctor.id),
        "location_id": str(visit.place.location_id),
    }


async def in_the_way(writer: Writer, ground: Ground, visits: Sequence[Visit]) -> set[UUID]:
    """Tell which visits are not written and cannot be: somebody else has the consultant's, patient's or room's time."""
    table, waiting = _TABLE, [visit for visit in visits if visit.occupies]
    async with writer.transaction():
        there = await writer.present(table, [visit.id for visit in waiting])
        others = await writer.connection.fetch(_OTHERS, writer.tenant_id, [visit.id for visit in visits])
    spans: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for one in others:
        spans.setdefault(one["who"], []).append((one["begins"], one["ends"]))
    return {visit.id for visit in waiting if visit.id not in there and _overlaps(visit, spans, ground)}


_OTHERS = """
SELECT who, occupied_from AS begins, occupied_to AS ends
FROM appointments CROSS JOIN LATERAL unnest(ARRAY[consultant_id, patient_id, room_id]) AS who
WHERE tenant_id = $1 AND status IN ('held', 'booked', 'arrived', 'checked_in') AND who IS NOT NULL
  AND id <> ALL ($2::uuid[])
"""


def _overlaps(visit: Visit, spans: dict[UUID, list[tuple[datetime, datetime]]], ground: Ground) -> bool:
    begins, ends = visit.place.occupied
    room = visit.place.room
    people = [visit.place.doctor.id, visit.entry.patient.id, *([ground.id("room", *room)] if room else [])]
    return any(begins < end and start < ends for one in people for start, end in spans.get(one, ()))


async def occupying(writer: Writer, ids: Sequence[UUID]) -> set[UUID]:
    """Tell which of some appointments occupy their time now, and so need a running workflow."""
    async with writer.transaction():
        found = await writer.connection.fetch(
            "SELECT id FROM appointments WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND status = ANY($3)",
            writer.tenant_id,
            ids,
            sorted(OCCUPYING),
        )
    return {row["id"] for row in found}
