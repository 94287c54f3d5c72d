"""The laws of moving for an absence: a time that cannot be had leads to the next one that can."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.absences import AbsenceActivities
from careconnect.auth import Actor
from careconnect.errors import Refusal
from careconnect.ids import uuid7
from services.appointments.absences.schemas import Action, ItemResult, ItemState
from services.appointments.errors import NoRoomFree, PatientBusy, SlotTaken
from services.appointments.schemas import Appointment, FreeSlot, Status
from services.consultants.errors import NoSuitableRoom
from services.consultants.schemas import ConsultantName, Window
from tests.workflows.services import ZONE, Appointments, Consultants
from tests.workflows.trouble import Troubled
from workflows.contracts import Changed, Refused, RescheduleRequest
from workflows.contracts.absence import AbsenceStep, StepTask

HOUR = timedelta(hours=1)


class Colleagues(Consultants):
    """Offers the same visit by several consultants of one speciality."""

    people: Sequence[UUID] = ()

    async def windows(self, _actor: Actor, start: Any, end: Any, _visit_type: UUID, **also: Any) -> list[Window]:
        (found,) = await super().windows(_actor, start, end, _visit_type, **also)
        return [found.model_copy(update={"consultant_id": one}) for one in self.people]

    async def names(self, _actor: Actor, ids: Iterable[UUID]) -> list[ConsultantName]:
        found = await super().names(_actor, list(ids))
        return [one.model_copy(update={"specialties": ["Cardiology"]}) for one in found]


class Processes:
    """Stands for the engine: the appointment's process answers with refusals, and then moves."""

    def __init__(self, booked: Appointment, refusals: Iterable[Refusal]) -> None:
        self.booked, self.refusals = booked, list(refusals)
        self.asked: list[RescheduleRequest] = []

    def get_workflow_handle(self, _name: str) -> Any:
        return self

    async def execute_update(self, _update: str, asked: RescheduleRequest, **_: Any) -> Changed:
        self.asked.append(asked)
        if self.refusals:
            return Changed(refused=Refused.of(self.refusals.pop(0)))
        return Changed(appointment=self.booked.model_copy(update={"version": 2}))


class Absences:
    """Takes note of nothing."""

    async def note(self, _actor: Actor, _absence: Any, _appointment: Any, _result: ItemResult) -> None:
        return


@pytest.mark.parametrize(
    ("refusals", "tried"),
    [
        ([SlotTaken(), SlotTaken()], [(0, 0), (1, 0), (0, 1)]),
        ([NoRoomFree(), NoSuitableRoom()], [(0, 0), (1, 0), (0, 1)]),
        ([PatientBusy(), SlotTaken()], [(0, 0), (1, 0), (1, 1)]),
    ],
    ids=["taken", "no room", "the patient is busy, with whomever"],
)
async def test_a_time_that_is_refused_leads_to_the_next_that_can_be_had(
    refusals: list[Refusal], tried: list[tuple[int, int]]
) -> None:
    world = Troubled()
    consultants, appointments = Colleagues(world), Appointments(world)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    consultants.people = people = [uuid7(), uuid7()]
    booked = appointments.add(
        uuid7(), Status.BOOKED, patient_id=uuid7(), consultant_id=people[0], visit_type_id=consultants.visit_type_id,
        location_id=consultants.location_id, zone=ZONE, start=start, end=start + HOUR / 2,
    )  # fmt: skip
    place = {"location_id": consultants.location_id, "zone": ZONE}
    times = [start + HOUR * hours for hours in range(2)]
    appointments.free = [
        FreeSlot(consultant_id=one, start=at, end=at + HOUR / 2, **place) for at in times for one in people
    ]
    processes = Processes(booked, refusals)
    actor = Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=frozenset({"*"}))
    made: Any = AbsenceActivities
    step = AbsenceStep(appointment_id=booked.id, patient_id=booked.patient_id, action=Action.MOVE)
    task = StepTask(absence_id=uuid7(), actor=actor, step=step, action=Action.MOVE)
    taken = made(processes, Absences(), appointments, consultants).take
    result = await ActivityEnvironment().run(taken, task)
    assert result.state is ItemState.MOVED
    asked = [(times.index(one.start), people.index(one.consultant_id or booked.id)) for one in processes.asked]
    assert asked == tried
