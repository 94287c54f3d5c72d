"""A booking takes over the time of a hold: in one transaction, so that nobody else can get it in between."""

from dataclasses import dataclass
from uuid import UUID

from careconnect.db import WriteSession
from services.appointments import repository as appointments
from services.appointments.errors import HoldDiffers, HoldUsed
from services.appointments.holds import repository
from services.appointments.holds.models import TimeHold
from services.appointments.models import Appointment
from services.appointments.schemas import Hold, Status


@dataclass(frozen=True)
class Found:
    """A hold that stands, and the row that occupies its time."""

    hold: TimeHold
    row: Appointment


async def found(session: WriteSession, asked: Hold, appointment_id: UUID) -> Found | None:
    """Find the hold that a booking names, and lock it; None if it stands no longer: the booking has to see for itself.

    Raises:
        HoldNotFound: there is none for this tenant.
        HoldUsed: it became another appointment.
        HoldDiffers: it is for another visit, consultant, place or time.
    """
    assert asked.hold_id is not None  # noqa: S101 - the caller has looked
    hold = await repository.get(session, asked.hold_id, lock=True)
    if hold.appointment_id == appointment_id:
        return None
    if hold.appointment_id:
        raise HoldUsed(appointment_id=str(hold.appointment_id))
    if not _agree(hold, asked):
        raise HoldDiffers
    row = await appointments.find(session, hold.id, lock=True)
    return Found(hold, row) if hold.stands and row and row.status == Status.HELD else None


async def use(session: WriteSession, found: Found, appointment_id: UUID) -> None:
    """Note that the appointment, which is written already, has the time now."""
    found.hold.use(appointment_id)
    data = found.row.facts() | {"code": "hold_used"}
    session.record("appointment.released", "appointment", found.row.id, data=data)
    session.record("hold.used", "hold", found.hold.id, data=found.hold.facts())


async def bring_back(session: WriteSession, appointment_id: UUID) -> None:
    """Hold the time of a booking that came to nothing again, if it had taken it over and the hold has not run out."""
    hold = await repository.used_by(session, appointment_id)
    row = await appointments.find(session, hold.id, lock=True) if hold else None
    if hold is None or row is None or not hold.bring_back():
        return
    await session.flush()  # the booking's own row has let go of the time before this one takes it
    row.hold_on(hold.expires_at)
    session.record("appointment.held", "appointment", row.id, data=row.facts())
    session.record("hold.brought_back", "hold", hold.id, data=hold.facts())


def _agree(hold: TimeHold, asked: Hold) -> bool:
    held = (hold.visit_type_id, hold.consultant_id, hold.location_id, hold.start_at, hold.end_at)
    return held == (asked.visit_type_id, asked.consultant_id, asked.location_id, asked.start, asked.end)
