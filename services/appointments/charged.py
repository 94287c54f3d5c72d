"""What visits that take place cost, for the comparison with their invoices: ids and amounts, nothing of the people."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query

from careconnect import clock
from careconnect.auth import require
from careconnect.db import Read
from careconnect.money import Money
from services.appointments import repository
from services.appointments.errors import AppointmentNotFound
from services.appointments.models import Appointment
from services.appointments.prices import Charged, ChargedPage, ChargedVisit
from services.appointments.schemas import Status

router = APIRouter(tags=["appointments"], dependencies=[require("appointments:read")])
_TAKES_PLACE = sorted({Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED})
_PRICE = Appointment.charged["price"]
_FIRST = UUID(int=0)


@router.get("/charged", summary="List the visits that take place and cost something")
async def listed(
    session: Read,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 5000,
    grace_seconds: Annotated[int, Query(ge=0)] = 900,
) -> ChargedPage:
    """Give one page, in the order of ids; what was booked within the grace may still get its invoice."""
    asked = sa.select(Appointment.id, _PRICE["amount"].as_integer(), _PRICE["currency"].as_string())
    statement = asked.where(
        Appointment.id > (after or _FIRST),
        Appointment.status.in_(_TAKES_PLACE),
        _PRICE["amount"].as_integer() > 0,
        Appointment.created_at <= clock.now() - timedelta(seconds=grace_seconds),
    )
    rows = (await session.execute(statement.order_by(Appointment.id).limit(limit))).all()
    items = [ChargedVisit(id=key, price=Money(amount=amount, currency=code)) for key, amount, code in rows]
    return ChargedPage(items=items, last=items[-1].id if len(items) == limit else None)


@router.get("/appointments/{appointment_id}/charged", summary="Tell what a visit costs, as it was told at its booking")
async def one(appointment_id: UUID, session: Read) -> Charged:
    """Tell it; not found where the visit was booked without a price being told."""
    row = await repository.get(session, appointment_id)
    if row.charged is None:
        raise AppointmentNotFound
    return Charged.model_validate(row.charged)
