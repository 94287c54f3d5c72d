"""Made-up services behind the real activities: they keep state and refuse as the real ones do, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.errors import AppointmentNotFound, SlotTaken, WrongState
from services.appointments.schemas import (
    Appointment,
    Cancellation,
    FreeSlot,
    Hold,
    Move,
    RemarkDecision,
    SlotSearch,
    Status,
)
from services.consultants.errors import VisitTypeNotFound
from services.consultants.schemas import (
    CancellationPolicy,
    ConsultantName,
    Offer,
    PaymentPolicy,
    Tax,
    VisitType,
    Window,
)
from services.patients.errors import PatientNotFound
from tests.workflows.trouble import Troubled

ZONE = "Asia/Colombo"
PRICE = Money(amount=350_000, currency="LKR")
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_STEPS = {
    ("arrival", False): (Status.ARRIVED, {Status.BOOKED}),
    ("arrival", True): (Status.BOOKED, {Status.ARRIVED}),
    ("check-in", False): (Status.CHECKED_IN, {Status.ARRIVED, Status.BOOKED}),
    ("check-in", True): (Status.ARRIVED, {Status.CHECKED_IN}),
    ("consultation", False): (Status.CHECKED_IN, {Status.CHECKED_IN, Status.ARRIVED}),
    ("completion", True): (Status.CHECKED_IN, {Status.FULFILLED}),
    ("departure", False): (Status.CANCELLED, {Status.ARRIVED, Status.CHECKED_IN}),
    ("departure", True): (Status.ARRIVED, {Status.CANCELLED}),
    ("cancellation", True): (Status.BOOKED, {Status.CANCELLED}),
    ("completion", False): (Status.FULFILLED, {Status.CHECKED_IN, Status.ARRIVED}),
    ("no-show", False): (Status.NO_SHOW, {Status.BOOKED}),
    ("no-show", True): (Status.BOOKED, {Status.NO_SHOW}),
}
_OCCUPYING = {Status.HELD, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}


def within(slot: FreeSlot, wanted: SlotSearch) -> bool:
    """Tell whether a free time starts where it is looked for."""
    return wanted.not_before <= slot.start and (wanted.not_after is None or slot.start < wanted.not_after)


class Patients:
    """Knows one patient."""

    def __init__(self, world: Troubled) -> None:
        self.world = world
        self.known = uuid7()

    async def standing(self, _actor: Actor, patient_id: UUID) -> None:
        await self.world.meet("verify_patient")
        if patient_id != self.known:
            raise PatientNotFound


class Consultants:
    """Offers one visit type by anybody at any time, on terms that a test may set."""

    def __init__(self, world: Troubled) -> None:
        self.world = world
        self.visit_type_id, self.location_id = uuid7(), uuid7()
        self.price, self.length = PRICE, timedelta(minutes=30)
        self.prices: dict[UUID, Money] = {}
        self.policy = PaymentPolicy(kind="full")
        self.cancellation = CancellationPolicy(free_until_hours=24, fee_percent=50, no_show_fee_percent=100)
        self.tax: Tax | None = None
        self.rooms: list[UUID] | None = None
        self.gone = False

    async def offer(
        self,
        _actor: Actor,
        visit_type_id: UUID,
        consultant_id: UUID,
        location_id: UUID | None,
        start: datetime,
        duration_minutes: int | None = None,
        **_: Any,
    ) -> Offer:
        await self.world.meet("verify_offer")
        end = start + (timedelta(minutes=duration_minutes) if duration_minutes else self.length)
        return Offer(
            consultant_id=consultant_id, consultant_name="Dr. Silva", location_id=location_id or self.location_id,
            visit_type_id=visit_type_id, visit_type_name="Consultation", zone=ZONE, start=start,
            end=end, occupied_from=start, occupied_to=end,
            price=self.prices.get(consultant_id) or self._gross(), payment_policy=self.policy,
            cancellation_policy=self.cancellation, reminder_offsets_hours=[72, 24, 2], mode="in_person",
            within_hours=True, listed=self.price, tax=self.tax, rooms=self.rooms,
        )  # fmt: skip

    def _gross(self) -> Money:
        return self.price.taxed(self.tax.rate, inclusive=self.tax.inclusive).gross if self.tax else self.price

    async def visit_type(self, _actor: Actor, visit_type_id: UUID) -> VisitType:
        await self.world.meet("visit_type")
        if self.gone:
            raise VisitTypeNotFound
        return VisitType(
            id=visit_type_id, name="Consultation", duration_minutes=30, buffer_before_minutes=0, buffer_after_minutes=0,
            price=self.price, payment_policy=self.policy, cancellation_policy=self.cancellation,
            reminder_offsets_hours=[72, 24, 2], min_notice_minutes=0, horizon_days=365, slot_step_minutes=30,
            mode="in_person", specialty=None, colour="#000000", active=True, consultant_ids=[], version=1,
        )  # fmt: skip

    async def names(self, _actor: Actor, ids: list[UUID]) -> list[ConsultantName]:
        return [
            ConsultantName(id=key, name="Dr. Silva", specialties=[], status="active", colour="#000000", archived=False)
            for key in ids
        ]

    async def windows(self, _actor: Actor, start: Any, end: Any, _visit_type: UUID, **_: Any) -> list[Window]:
        whole = {"zone": ZONE, "start": start, "end": end, "anchor": start}
        return [Window(consultant_id=self.visit_type_id, location_id=self.location_id, **whole)]


class Appointments:
    """Keeps appointments, one at a time for each consultant."""

    def __init__(self, world: Troubled) -> None:
        self.world = world
        self.rows: dict[UUID, Appointment] = {}
        self.free: list[FreeSlot] = []
        self.kept: list[UUID] = []

    async def hold(self, _actor: Actor, key: UUID, asked: Hold) -> Appointment:
        await self.world.meet("hold")
        if key in self.rows:
            return self.rows[key]
        if any(self._meets(row, asked) for row in self.rows.values()):
            raise SlotTaken
        return self.add(key, Status.HELD, **asked.model_dump(include={
            "patient_id", "consultant_id", "visit_type_id", "location_id", "zone", "start", "end", "overbooked",
            "request_hash",
        }), room_id=asked.rooms[-1] if asked.rooms else None)  # fmt: skip

    def add(self, key: UUID, status: Status, **known: Any) -> Appointment:
        nothing = dict.fromkeys(("cancellation_reason", "refusal_code", "needs_attention", "hold_expires_at"))
        said = {"overbooked": False, "request_hash": ""} | known
        self.rows[key] = Appointment(
            id=key, reference="CC-TEST", status=status, version=1, status_since=SOME_DAY, created_at=clock.now(),
            **nothing, **said,
        )  # fmt: skip
        return self.rows[key]

    def _meets(self, row: Appointment, asked: Hold) -> bool:
        together = row.start < asked.end and asked.start < row.end
        return row.status in _OCCUPYING and row.consultant_id == asked.consultant_id and together

    async def confirm(self, _actor: Actor, key: UUID) -> Appointment:
        await self.world.meet("confirm")
        return self._become(key, Status.BOOKED, {Status.HELD})

    async def release(self, _actor: Actor, key: UUID, code: str) -> None:
        await self.world.meet("release_time")
        if key in self.rows and self.rows[key].status in {Status.HELD, Status.BOOKED}:
            self._become(key, Status.EXPIRED, _OCCUPYING, refusal_code=code)

    async def change(self, _actor: Actor, key: UUID, verb: str, *, undo: bool) -> Appointment:
        await self.world.meet(f"undo {verb}" if undo else verb)
        status, sources = _STEPS[verb, undo]
        if verb == "consultation":
            self.rows[key] = self.rows[key].model_copy(update={"with_consultant_since": SOME_DAY})
        return self._become(key, status, sources)

    async def cancel(self, _actor: Actor, key: UUID, asked: Cancellation) -> Appointment:
        await self.world.meet("cancel")
        sources = {Status.BOOKED, Status.ARRIVED}
        return self._become(key, Status.CANCELLED, sources, cancellation_reason=asked.reason)

    async def move(self, _actor: Actor, key: UUID, asked: Move) -> Appointment:
        await self.world.meet("move")
        times = asked.model_dump(include={"consultant_id", "location_id", "zone", "start", "end"})
        times["room_id"] = asked.rooms[0] if asked.rooms else None
        return self._become(key, Status.BOOKED, {Status.BOOKED}, version=asked.to_version, **times)

    async def standing(self, _actor: Actor, key: UUID) -> Appointment:
        await self.world.meet("standing")
        if key not in self.rows:
            raise AppointmentNotFound
        return self.rows[key]

    async def attend(self, _actor: Actor, key: UUID, step: str | None) -> None:
        await self.world.meet("flag" if step else "unflag")
        if key in self.rows:
            self.rows[key] = self.rows[key].model_copy(update={"needs_attention": step})

    async def decide_remarks(self, _actor: Actor, _key: UUID, decided: RemarkDecision) -> None:
        await self.world.meet("keep remarks" if decided.stand else "drop remarks")
        self.kept += decided.ids if decided.stand else []

    async def slots(self, _actor: Actor, wanted: SlotSearch) -> list[FreeSlot]:
        await self.world.meet("slots")
        return [one for one in self.free if within(one, wanted)]

    def _become(self, key: UUID, status: Status, sources: set[Status], **also: Any) -> Appointment:
        row = self.rows[key]
        if row.status != status or also.get("version", row.version) != row.version:
            if row.status not in sources:
                raise WrongState
            self.rows[key] = row.model_copy(update={"status": status} | also)
        return self.rows[key]
