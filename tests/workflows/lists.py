"""Made-up services of series and the waiting list, beside the appointments that they speak of."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect import clock
from careconnect.auth import Actor
from careconnect.pagination import Page
from services.appointments.errors import OfferOver, WrongState
from services.appointments.schemas import FreeSlot, SlotSearch, Status
from services.appointments.series.rule import Rule
from services.appointments.series.schemas import (
    Occurrence,
    OccurrenceStatus,
    Outcome,
    Series,
    SeriesPlan,
    SeriesStatus,
)
from services.appointments.waitlist.schemas import (
    Entry,
    EntryClose,
    EntryFilter,
    EntryStatus,
    EntryWrite,
    Offer,
    OfferClose,
    OfferStatus,
    OfferWrite,
)
from services.consultants.schemas import Window
from tests.workflows.services import SOME_DAY, ZONE, Appointments, Consultants, within
from tests.workflows.trouble import Troubled

Offers = list[Offer]


class Openings:
    """Notes that free times are looked for."""

    def __init__(self, world: Troubled) -> None:
        self.world = world

    async def freed(self, _tenant_id: UUID) -> None:
        await self.world.meet("freed")


class Working(Consultants):
    """Works all the time."""

    async def windows(self, _actor: Actor, start: Any, end: Any, _visit_type: UUID, **_: Any) -> list[Window]:
        return [
            Window(
                consultant_id=consultant, location_id=self.location_id, zone=ZONE, start=start, end=end, anchor=start
            )
            for consultant in self.staff
        ]

    def __init__(self, world: Troubled) -> None:
        super().__init__(world)
        self.staff: list[UUID] = []


class Diary(Appointments):
    """Finds of the times that a test names those that are free."""

    async def slots(self, _actor: Actor, wanted: SlotSearch) -> list[FreeSlot]:
        await self.world.meet("slots")
        busy = [row for row in self.rows.values() if row.status in {"held", "booked", "arrived", "checked_in"}]
        return [
            one
            for one in self.free
            if within(one, wanted)
            if any(part.start <= one.start and one.end <= part.end for part in wanted.windows)
            if not any(
                row.consultant_id == one.consultant_id and row.start < one.end and one.start < row.end for row in busy
            )
        ]


class SeriesBook:
    """Keeps series."""

    def __init__(self, diary: Appointments) -> None:
        self.diary = diary
        self.plans: dict[UUID, SeriesPlan] = {}
        self.places: dict[UUID, dict[int, Occurrence]] = {}
        self.status: dict[UUID, SeriesStatus] = {}

    async def plan(self, actor: Actor, key: UUID, asked: SeriesPlan) -> Series:
        await self.diary.world.meet("plan")
        if key not in self.plans:
            starts = Rule.read(asked.rule).starts(asked.start, ZoneInfo(asked.zone))
            self.plans[key] = asked
            self.places[key] = {
                number: Occurrence(number=number, planned=start, status=OccurrenceStatus.PENDING)
                for number, start in enumerate(starts, 1)
            }
        return await self.get(actor, key)

    async def note(self, _actor: Actor, key: UUID, number: int, outcome: Outcome) -> None:
        await self.diary.world.meet("note")
        self.places[key][number] = self.places[key][number].model_copy(update=outcome.model_dump())

    async def stand(self, _actor: Actor, key: UUID, status: SeriesStatus) -> None:
        await self.diary.world.meet("stand")
        self.status[key] = status

    async def get(self, _actor: Actor, key: UUID) -> Series:
        plan = self.plans[key]
        names = ("patient_id", "consultant_id", "visit_type_id", "location_id", "zone", "start", "rule", "request_hash")
        return Series(
            id=key, status=self.status.get(key, SeriesStatus.BOOKING), created_at=SOME_DAY, total=0, booked=0,
            conflicts=0, occurrences=[self._now(one) for one in self.places[key].values()],
            **{name: getattr(plan, name) for name in names},
        )  # fmt: skip

    def _now(self, one: Occurrence) -> Occurrence:
        row = self.diary.rows.get(one.appointment_id) if one.appointment_id else None
        if row is None:
            return one
        return one.model_copy(update={"appointment_status": row.status, "start": row.start, "end": row.end})


class Waitlist:
    """Keeps who waits, and what was offered."""

    def __init__(self, diary: Appointments) -> None:
        self.diary = diary
        self.entries: dict[UUID, Entry] = {}
        self.offers: dict[UUID, Offer] = {}

    async def join(self, _actor: Actor, key: UUID, asked: EntryWrite) -> Entry:
        await self.diary.world.meet("join")
        if key not in self.entries:
            created = SOME_DAY + timedelta(minutes=len(self.entries))
            self.entries[key] = Entry(id=key, status=EntryStatus.WAITING, created_at=created, **asked.model_dump())
        return self.entries[key]

    async def offer(self, actor: Actor, key: UUID, offer_id: UUID, asked: OfferWrite) -> Offer:
        await self.diary.world.meet("offer")
        if offer_id not in self.offers:
            if self.entries[key].status != EntryStatus.WAITING:
                raise WrongState
            await self.diary.hold(actor, offer_id, asked.hold)
            held = asked.hold
            self.offers[offer_id] = Offer(
                id=offer_id, entry_id=key, status=OfferStatus.OFFERED, consultant_id=held.consultant_id,
                location_id=held.location_id, zone=held.zone, start=held.start, end=held.end, offered_at=clock.now(),
                expires_at=asked.expires_at,
            )  # fmt: skip
            self._become(key, EntryStatus.OFFERED)
        return self.offers[offer_id]

    async def close_offer(self, actor: Actor, key: UUID, offer_id: UUID, asked: OfferClose) -> None:
        await self.diary.world.meet("close_offer")
        offer = self.offers[offer_id]
        if offer.status == asked.status:
            return
        if offer.status != OfferStatus.OFFERED:
            raise OfferOver
        self.offers[offer_id] = offer.model_copy(update={"status": OfferStatus(asked.status)})
        if asked.status == "accepted":
            self._become(key, EntryStatus.BOOKED, appointment_id=offer_id)
            return
        self._become(key, EntryStatus.WAITING)
        if self.diary.rows[offer_id].status == Status.HELD:
            await self.diary.release(actor, offer_id, "offer")

    async def close(self, _actor: Actor, key: UUID, asked: EntryClose) -> None:
        await self.diary.world.meet("close_entry")
        self._become(key, EntryStatus(asked.status))

    async def list(self, _actor: Actor, _wanted: EntryFilter, **_: Any) -> Page[Entry]:
        waiting = [one for one in self.entries.values() if one.status == EntryStatus.WAITING]
        return Page[Entry](
            items=[one.model_copy(update={"offers": self.of(one.id)}) for one in waiting], next_cursor=None
        )

    def of(self, key: UUID) -> Offers:
        """Give what was offered to one."""
        return [one for one in self.offers.values() if one.entry_id == key]

    def _become(self, key: UUID, status: EntryStatus, **also: Any) -> None:
        self.entries[key] = self.entries[key].model_copy(update={"status": status} | also)
