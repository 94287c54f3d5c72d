"""A clinic where times are held while forms are filled in, for the tests of that workflow."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.client import Client, WorkflowHandle

from activities.holding import HoldActivities
from activities.slots import SlotActivities
from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments.errors import HoldExtended, HoldOver, SlotTaken
from services.appointments.holds.schemas import Extension, HeldSlot, HoldEnd, HoldStatus, HoldWrite
from services.appointments.schemas import FreeSlot, Status
from tests.workflows.desk import Desk
from tests.workflows.lists import Openings
from tests.workflows.services import ZONE, Appointments
from workflows import ids
from workflows.contracts import HoldAsk, HoldOutcome, HoldStanding, HoldWanted
from workflows.holding import SlotHold

_TIME = {"patient_id", "consultant_id", "visit_type_id", "location_id", "zone", "start", "end"}


class Holds:
    """Keeps holds."""

    def __init__(self, diary: Appointments) -> None:
        self.diary = diary
        self.rows: dict[UUID, HeldSlot] = {}
        self.extensions: dict[UUID, UUID] = {}

    async def place(self, _actor: Actor, key: UUID, asked: HoldWrite) -> HeldSlot:
        await self.diary.world.meet("place")
        if key not in self.rows:
            known = asked.model_dump(include=_TIME)
            if any(row.status == HoldStatus.HELD and row.start == asked.start for row in self.rows.values()):
                raise SlotTaken
            self.rows[key] = HeldSlot(
                id=key, status=HoldStatus.HELD, room_id=None, extended=False, appointment_id=None, terms=asked.terms,
                expires_at=clock.now() + timedelta(seconds=asked.hold_seconds), **known,
            )  # fmt: skip
            self.diary.add(key, Status.HELD, **known | {"patient_id": asked.patient_id or UUID(int=0)})
        return self.rows[key]

    async def extend(self, _actor: Actor, key: UUID, asked: Extension) -> HeldSlot:
        await self.diary.world.meet("extend")
        row = self.rows[key]
        if self.extensions.setdefault(key, asked.id) != asked.id:
            raise HoldExtended
        if row.status != HoldStatus.HELD:
            raise HoldOver
        if not row.extended:
            later = row.expires_at + timedelta(seconds=asked.seconds)
            self.rows[key] = row.model_copy(update={"extended": True, "expires_at": later})
        await self.diary.world.meet("extended")
        return self.rows[key]

    async def end(self, _actor: Actor, key: UUID, asked: HoldEnd) -> None:
        await self.diary.world.meet("end")
        row = self.rows[key]
        if row.status == HoldStatus.HELD:
            self.rows[key] = row.model_copy(update={"status": HoldStatus(asked.how)})
            self.diary.rows.pop(key)


class HoldingDesk(Desk):
    """Holds times."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.holds = Holds(self.appointments)
        self.hold_id = uuid7()

    @property
    def activities(self) -> list[Any]:
        """Those of the desk, and the real ones of holds."""
        holding = self._any(HoldActivities, self.holds, self.patients, Openings(self).freed)
        slots = self._any(SlotActivities, self.consultants, self.appointments)
        return [*super().activities, *holding.activities, slots.at_start]

    async def hold(self, key: UUID | None = None, **also: Any) -> HoldOutcome:
        """Hold a time with the consultant whom everybody wants."""
        key = key or self.hold_id
        said: dict[str, Any] = {
            "hold_id": key, "actor": self.actor, "visit_type_id": self.consultants.visit_type_id, "start": self.start,
            "consultant_id": self.consultant_id, "location_id": self.consultants.location_id, "request_hash": "first",
        }  # fmt: skip
        return await self.client.execute_update_with_start_workflow(
            SlotHold.hold,
            "first",
            id=f"place-{key}",
            start_workflow_operation=self._begin(SlotHold.run, HoldWanted(**said | also), ids.hold(key)),
        )

    @property
    def holder(self) -> WorkflowHandle[SlotHold, HoldOutcome]:
        """The workflow of the hold."""
        return self.client.get_workflow_handle_for(SlotHold.run, ids.hold(self.hold_id))

    async def extend(self) -> HoldStanding:
        """Ask for more time."""
        return await self.holder.execute_update(SlotHold.extend, HoldAsk(actor=self.actor))

    async def release(self) -> None:
        """Give the time back."""
        await self.holder.execute_update(SlotHold.release, HoldAsk(actor=self.actor))

    def opening(self, consultant_id: UUID) -> None:
        """Have a consultant be free when a hold is wanted."""
        self.consultants.staff = [*{*self.consultants.staff, consultant_id}]
        place, end = self.consultants.location_id, self.start + timedelta(minutes=30)
        slot = FreeSlot(consultant_id=consultant_id, location_id=place, start=self.start, end=end, zone=ZONE)
        self.appointments.free.append(slot)

    @property
    def held(self) -> str:
        """How the hold stands."""
        return self.holds.rows[self.hold_id].status.value
