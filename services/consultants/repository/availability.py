"""The two questions on the path of a booking: who works when, and on which terms. A few statements, and one."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from careconnect.db import ReadSession
from careconnect.money import Money
from services.consultants import schemas
from services.consultants.errors import ConsultantNotFound, VisitTypeNotFound
from services.consultants.hours import Block, Deviation
from services.consultants.models import (
    Consultant,
    MoneyPolicies,
    PriceListEntry,
    Room,
    ScheduleBlock,
    ScheduleException,
    VisitType,
    full_name,
    specialty_key,
)
from services.consultants.offers import Terms
from services.consultants.opening import MARGIN, Calendar, Policy, Said
from services.consultants.prices import Listed
from services.consultants.repository import places
from services.consultants.repository.visit_types import offers

Timetable = tuple[list[Block], list[Deviation]]


class Timetables(NamedTuple):
    """What decides who works when: each consultant's hours and exceptions, and of locations calendars and rooms.

    `rooms` are those that fit the visit type, by location; None: it needs no room.
    """

    of: dict[UUID, Timetable]
    calendars: dict[UUID, Calendar]
    rooms: dict[UUID, list[UUID]] | None


BLOCK = (
    ScheduleBlock.location_id,
    ScheduleBlock.zone,
    ScheduleBlock.weekday,
    ScheduleBlock.starts,
    ScheduleBlock.ends,
    ScheduleBlock.valid_from,
    ScheduleBlock.valid_to,
)
_DEVIATION = (
    ScheduleException.kind,
    ScheduleException.starts_at,
    ScheduleException.ends_at,
    ScheduleException.location_id,
    ScheduleException.zone,
)
_PRICE = (
    PriceListEntry.price,
    PriceListEntry.consultant_id,
    PriceListEntry.location_id,
    PriceListEntry.payer_id,
    PriceListEntry.valid_from,
    PriceListEntry.valid_to,
)
_MARGIN = timedelta(days=2)
"""How far around a start the exceptions are read: a visit lasts a day at most."""


async def timetables(session: ReadSession, query: schemas.WindowsQuery) -> Timetables:
    """Read the weekly hours and the exceptions of everybody who takes bookings for a visit type.

    Raises:
        VisitTypeNotFound: there is no such visit type.
    """
    rows = (await session.execute(_hours_statement(query))).all()
    if not rows:
        raise VisitTypeNotFound
    found: dict[UUID, Timetable] = {row[0]: ([], []) for row in rows if row[0] is not None}
    for row in rows:
        if row[0] is not None and row[3] is not None:
            found[row[0]][0].append(Block(*row[3:]))
    for row in await _deviations(session, found, query.start, query.end):
        found[row[0]][1].append(Deviation(*row[1:]))
    first, last = query.start.date() - MARGIN, query.end.date() + MARGIN
    said, policy = await places.sayings(session)
    locations = {block.location_id for blocks, _ in found.values() for block in blocks}
    calendars = {one: said.get(one, Said()).calendar(policy, first, last) for one in locations}
    rooms = await places.fitting(session, rows[0].room_features) if rows[0].room_needed else None
    return Timetables(found, calendars, rooms)


def _hours_statement(query: schemas.WindowsQuery) -> sa.Select[*tuple[Any, ...]]:
    who = [VisitType.active, Consultant.status == "active", Consultant.archived_at.is_(None), offers()]
    if query.consultant_id is not None:
        who.append(Consultant.id == query.consultant_id)
    if query.specialty is not None:
        who.append(Consultant.specialty_keys.contains([specialty_key(query.specialty)]))
    hours = [
        ScheduleBlock.tenant_id == Consultant.tenant_id,
        ScheduleBlock.consultant_id == Consultant.id,
        sa.or_(
            sa.func.cardinality(VisitType.location_ids) == 0,
            ScheduleBlock.location_id == sa.any_(VisitType.location_ids),
        ),
    ]
    if query.location_id is not None:
        hours.append(ScheduleBlock.location_id == query.location_id)
    same_tenant = Consultant.tenant_id == VisitType.tenant_id
    return (
        sa.select(Consultant.id, VisitType.room_needed, VisitType.room_features, *BLOCK)
        .select_from(VisitType)
        .outerjoin(Consultant, sa.and_(same_tenant, *who))
        .outerjoin(ScheduleBlock, sa.and_(*hours))
        .where(VisitType.id == query.visit_type_id)
    )


async def _deviations(
    session: ReadSession, consultant_ids: Iterable[UUID], start: datetime, end: datetime
) -> Iterable[sa.Row[*tuple[Any, ...]]]:
    statement = sa.select(ScheduleException.consultant_id, *_DEVIATION).where(
        ScheduleException.consultant_id.in_(list(consultant_ids)),
        ScheduleException.starts_at < end,
        ScheduleException.ends_at > start,
    )
    return (await session.execute(statement)).all()


async def terms(session: ReadSession, wanted: schemas.OfferQuery) -> Terms:
    """Read everything that decides on one visit, in one statement.

    Raises:
        ConsultantNotFound: there is no such consultant.
        VisitTypeNotFound: there is no such visit type.
    """
    asked = {
        "consultant": wanted.consultant_id,
        "visit_type": wanted.visit_type_id,
        "location": wanted.location_id,
        "since": wanted.start - _MARGIN,
        "until": wanted.start + _MARGIN,
    }
    row = (await session.execute(_TERMS, asked)).one()
    if row.consultant_id is None:
        raise ConsultantNotFound
    if row.visit_type_id is None:
        raise VisitTypeNotFound
    return Terms(
        consultant_id=row.consultant_id,
        consultant_name=full_name(row.title, row.first_name, row.last_name),
        available=row.status == "active" and row.archived_at is None,
        visit_type_id=row.visit_type_id,
        visit_type_name=row.visit_type_name,
        offered=row.active and row.offered,
        duration=row.duration,
        buffer_before=row.buffer_before,
        buffer_after=row.buffer_after,
        price=Money(amount=row.price, currency=row.currency),
        payment_policy=schemas.PaymentPolicy.model_validate(row.payment_policy),
        cancellation_policy=schemas.CancellationPolicy.model_validate(row.cancellation_policy),
        reminder_offsets=row.reminder_offsets,
        min_notice=row.min_notice,
        horizon_days=row.horizon_days,
        mode=row.mode,
        blocks=[_block(*each) for each in row.blocks or ()],
        deviations=[_deviation(*each) for each in row.deviations or ()],
        zone_of_location=row.zone_of_location,
        specialty=row.specialty,
        tax=schemas.Tax.model_validate(row.tax) if row.tax else None,
        follow_up=schemas.FollowUpPolicy.model_validate(row.follow_up) if row.follow_up else None,
        prices=[_listed(*each) for each in row.prices or ()],
        usual_payment=schemas.PaymentPolicy.model_validate(row.usual_payment) if row.usual_payment else None,
        location_ids=row.location_ids,
        capacity=row.capacity,
        rooms=_by_location(row.rooms or ()) if row.room_needed else None,
        policy=places.policy_of(*row.policy) if row.policy else Policy(),
        said={UUID(each[0]): places.said(*each[1:]) for each in row.calendars or ()},
    )


def _gathered(columns: Iterable[Any], *where: Any) -> sa.ScalarSelect[Any]:
    """Gather rows into one JSON array of arrays."""
    each = sa.func.jsonb_agg(sa.func.jsonb_build_array(*columns), type_=JSONB)
    return sa.select(each).where(*where).scalar_subquery()


_TERMS = (
    sa.select(
        Consultant.id.label("consultant_id"),
        Consultant.title,
        Consultant.first_name,
        Consultant.last_name,
        Consultant.status,
        Consultant.archived_at,
        VisitType.id.label("visit_type_id"),
        VisitType.name.label("visit_type_name"),
        VisitType.active,
        VisitType.duration,
        VisitType.buffer_before,
        VisitType.buffer_after,
        VisitType.price,
        VisitType.currency,
        VisitType.payment_policy,
        VisitType.cancellation_policy,
        VisitType.tax,
        VisitType.follow_up,
        VisitType.specialty,
        _gathered(_PRICE, PriceListEntry.visit_type_id == sa.bindparam("visit_type", type_=sa.Uuid)).label("prices"),
        sa.select(MoneyPolicies.payment).scalar_subquery().label("usual_payment"),
        VisitType.reminder_offsets,
        VisitType.min_notice,
        VisitType.horizon_days,
        VisitType.mode,
        VisitType.location_ids,
        VisitType.capacity,
        VisitType.room_needed,
        offers().label("offered"),
        sa.select(sa.func.jsonb_build_array(*places.POLICY, type_=JSONB)).scalar_subquery().label("policy"),
        _gathered(places.SAID).label("calendars"),
        _gathered((Room.location_id, Room.id), Room.active, Room.features.contains(VisitType.room_features))
        .correlate(VisitType)
        .label("rooms"),
        _gathered(BLOCK, ScheduleBlock.consultant_id == sa.bindparam("consultant", type_=sa.Uuid)).label("blocks"),
        _gathered(
            _DEVIATION,
            ScheduleException.consultant_id == sa.bindparam("consultant", type_=sa.Uuid),
            ScheduleException.starts_at < sa.bindparam("until", type_=sa.DateTime(timezone=True)),
            ScheduleException.ends_at > sa.bindparam("since", type_=sa.DateTime(timezone=True)),
        ).label("deviations"),
        places.zone_of(sa.bindparam("location", type_=sa.Uuid)).label("zone_of_location"),
    )
    .select_from(sa.select(sa.literal_column("1").label("one")).subquery("request"))
    .outerjoin(Consultant, Consultant.id == sa.bindparam("consultant", type_=sa.Uuid))
    .outerjoin(VisitType, VisitType.id == sa.bindparam("visit_type", type_=sa.Uuid))
)


def _by_location(rooms: Iterable[list[str]]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for location_id, room_id in sorted(rooms):
        found.setdefault(UUID(location_id), []).append(UUID(room_id))
    return found


def _block(
    location_id: str, zone: str, weekday: int, starts: int, ends: int, valid_from: str | None, valid_to: str | None
) -> Block:
    return Block(UUID(location_id), zone, weekday, starts, ends, _date(valid_from), _date(valid_to))


def _deviation(
    kind: schemas.ExceptionKind, starts_at: str, ends_at: str, location_id: str | None, zone: str | None
) -> Deviation:
    moments = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    return Deviation(kind, *moments, _key(location_id), zone)


def _listed(
    amount: int, consultant: str | None, location: str | None, payer: str | None, since: str | None, until: str | None
) -> Listed:
    return Listed(amount, _key(consultant), _key(location), _key(payer), _date(since), _date(until))


def _key(written: str | None) -> UUID | None:
    return UUID(written) if written else None


def _date(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
