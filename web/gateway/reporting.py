"""The figures of any stretch of time, added up by each service when they are asked for."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from careconnect.auth import Actor
from careconnect.errors import Unavailable
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Figures as Visits
from services.appointments.utilisation.client import UtilisationClient
from services.appointments.utilisation.schemas import BookedTime, BookedTimeQuery
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import WorkingTime
from services.patients.client import PatientsClient
from services.patients.schemas import Figures as Patients
from services.payments.client import PaymentsClient
from services.payments.schemas import Takings

T = TypeVar("T")


@dataclass(frozen=True)
class ReportQuery:
    """Asks about `[start, end)`, days and hours being those of `zone`."""

    start: datetime
    end: datetime
    zone: str
    location_id: UUID | None = None


@dataclass(frozen=True)
class Report:
    """What the services tell; None is what one that is away would have told.

    Patients and money are the whole organisation's, also where the rest is of one location.
    """

    visits: Visits | None
    patients: Patients | None
    takings: list[Takings] | None
    booked: list[BookedTime] | None
    worked: list[WorkingTime] | None


class Reporting:
    """Asks all services at once, each for sums only."""

    def __init__(
        self,
        appointments: AppointmentsClient,
        utilisation: UtilisationClient,
        consultants: ConsultantsClient,
        patients: PatientsClient,
        payments: PaymentsClient,
    ) -> None:
        self._appointments = appointments
        self._utilisation = utilisation
        self._consultants = consultants
        self._patients = patients
        self._payments = payments

    async def of(self, actor: Actor, asked: ReportQuery) -> Report:
        """Report on a stretch of time."""
        start, end, place = asked.start, asked.end, asked.location_id
        alone = {"from_": start, "to": end, "previous_from": start}
        booked = BookedTimeQuery(from_=start, to=end, location_id=place)
        found = await asyncio.gather(
            _answered(self._appointments.figures(actor, **alone, zone=asked.zone, location_id=place)),
            _answered(self._patients.figures(actor, **alone)),
            _answered(self._payments.takings(actor, since=start, until=end, zone=asked.zone)),
            _answered(self._utilisation.booked_time(actor, booked)),
            _answered(self._consultants.working_time(actor, start, end, location_id=place)),
        )
        return Report(*found)


async def _answered(asking: Awaitable[T]) -> T | None:
    try:
        return await asking
    except Unavailable:
        return None
