"""A year of visits where clocks change and where they do not: offered, booked, reminded of, moved, and in calendars."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment

from tests.careconnect.test_ics import instants
from tests.web.api.test_calendars import event_of
from tests.web.clinic import Clinic, consultant, visit_type
from tests.web.conftest import problem
from workflows import ids

HALF = timedelta(minutes=30)
DAY = timedelta(days=1)
OFFSETS = (72, 24, 2)
NIGHTS = {
    "Asia/Colombo": (time(1), time(3)),
    "Europe/London": (time(0), time(2)),
    "America/New_York": (time(1), time(3)),
    "Australia/Lord_Howe": (time(1), time(2, 30)),
}
"""Night hours that hold what the clock skips in spring, at their end, and what it shows twice in autumn."""
MORNING = (time(9), time(12))
UNCHANGED = [datetime.now(UTC).date() + number * DAY for number in (120, 330)]


@pytest.fixture
def skipper(engine_environment: WorkflowEnvironment) -> TimeSkipper:
    """Let time pass for a process of reminders, and for nothing else."""
    return TimeSkipper(engine_environment.client, config=TimeSkippingConfig(enabled=False))


@pytest.mark.parametrize("zone", NIGHTS)
async def test_a_year_of_visits_is_offered_reminded_of_moved_and_written_down_by_the_local_clock(
    clinic: Clinic, skipper: TimeSkipper, zone: str
) -> None:
    year = await Year.begin(clinic, zone)
    for day in year.days:
        assert await year.offered(day) == list(year.shown_once(day))
        await year.refuses_what_the_clock_does_not_show_or_shows_again(day)
    visits = [await year.book(one) for day in year.days for one in year.chosen(day)]
    moved = await year.book_and_move_over_the_change()
    await asyncio.gather(*(year.is_reminded_in_time(skipper, visit) for visit in [*visits, moved]))
    for visit in [*visits, moved]:
        await year.is_written_down(visit, sequence=2 * (visit["version"] - 1))
    await clinic.put(f"/consultants/{year.doctor}/status", json={"status": "inactive"})  # others book whoever is free


class Year:
    """A clinic in one zone whose only consultant works nights and mornings, and the days on which its clock changes."""

    def __init__(self, clinic: Clinic, zone: str) -> None:
        self.clinic, self.zone = clinic, ZoneInfo(zone)
        self.place = self.doctor = self.kind = ""
        self.days = list(islice(changes(self.zone), 2)) or UNCHANGED

    @classmethod
    async def begin(cls, clinic: Clinic, zone: str) -> "Year":
        """Begin it."""
        year = cls(clinic, zone)
        year.place = await clinic.made("/locations", {"name": zone, "zone": zone})
        year.doctor = await clinic.made("/consultants", consultant())
        hours = [
            {"location_id": year.place, "weekday": day, "starts": f"{begin:%H:%M}", "ends": f"{end:%H:%M}"}
            for day in range(7)
            for begin, end in (NIGHTS[zone], MORNING)
        ]
        answer = await clinic.put(f"/consultants/{year.doctor}/schedule", json={"hours": hours})
        assert answer.status_code == 200, answer.text
        nothing = {"payment_policy": {"kind": "none"}, "consultant_ids": [year.doctor]}
        terms = visit_type(horizon_days=400, reminder_offsets_hours=list(OFFSETS), **nothing)
        year.kind = await clinic.made("/visit-types", terms)
        return year

    # What the clock shows -----------------------------------------------------------------------------------------

    def shown_once(self, day: date) -> Iterator[datetime]:
        """List each half hour of the hours that the wall clock shows that day, when it shows it for the first time."""
        for begin, end in (NIGHTS[self.zone.key], MORNING):
            wall = datetime.combine(day, begin)
            while wall < datetime.combine(day, end):
                if self.exists(wall):
                    yield self.instant(wall)
                wall += HALF

    def exists(self, wall: datetime) -> bool:
        """Tell whether the clock shows it at all."""
        return self.instant(wall).astimezone(self.zone).replace(tzinfo=None) == wall

    def instant(self, wall: datetime, fold: int = 0) -> datetime:
        """Give when the clock shows it; what it skips counts on from the time before."""
        return wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)

    def chosen(self, day: date) -> Iterator[datetime]:
        """Choose nine o'clock, and the last time of the night: in autumn, one that the clock shows twice."""
        night = [one for one in self.shown_once(day) if one < self.instant(datetime.combine(day, MORNING[0]))]
        twice = [one for one in night if self.is_repeated(one)]
        yield (twice or night)[-1]
        yield self.instant(datetime.combine(day, MORNING[0]))

    def is_repeated(self, moment: datetime) -> bool:
        """Tell whether the clock will show that time again."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        return self.instant(wall) != self.instant(wall, fold=1)

    # What the clinic does -----------------------------------------------------------------------------------------

    async def offered(self, day: date) -> list[datetime]:
        """List the free times of a local day."""
        span = [self.instant(datetime.combine(day + number * DAY, time())) for number in (0, 1)]
        asked = {"visit_type_id": self.kind, "consultant_id": self.doctor, "limit": 50}
        asked |= {"from": span[0].isoformat(), "to": span[1].isoformat()}
        answer = await self.clinic.get("/slots", params=asked)
        assert answer.status_code == 200, answer.text
        return [datetime.fromisoformat(one["start"]).astimezone(UTC) for one in answer.json()["items"]]

    async def refuses_what_the_clock_does_not_show_or_shows_again(self, day: date) -> None:
        """Try to book each half hour of the night that is skipped, and each that comes back."""
        begin, end = NIGHTS[self.zone.key]
        wall, tried = datetime.combine(day, begin), 0
        while wall < datetime.combine(day, end):
            again = self.instant(wall, fold=1)
            if not self.exists(wall) or again != self.instant(wall):
                problem(await self.ask_for(max(again, self.instant(wall))), 422, "outside_hours")
                tried += 1
            wall += HALF
        assert bool(tried) is (self.days is not UNCHANGED)

    async def ask_for(self, start: datetime) -> httpx.Response:
        """Ask for a visit."""
        wanted = {"visit_type_id": self.kind, "consultant_id": self.doctor, "location_id": self.place}
        wanted |= {"start": start.isoformat(), "patient_id": await self.clinic.patient()}
        return await self.clinic.post("/appointments", json=wanted)

    async def book(self, start: datetime) -> dict[str, Any]:
        """Book a visit, which is told in local time."""
        answer = await self.ask_for(start)
        assert answer.status_code == 201, answer.text
        booked: dict[str, Any] = answer.json()
        local = start.astimezone(self.zone).isoformat()
        assert (booked["start"].replace("Z", "+00:00"), booked["zone"]) == (local, self.zone.key)
        return booked

    async def book_and_move_over_the_change(self) -> dict[str, Any]:
        """Book nine o'clock of the day before the first change, and move it to nine o'clock of the day after."""
        before, after = (datetime.combine(self.days[0] + one * DAY, MORNING[0]) for one in (-1, 1))
        booked = await self.book(self.instant(before))
        await self.is_written_down(booked, sequence=0)
        start = self.instant(after).isoformat()
        answer = await self.clinic.post(f"/appointments/{booked['id']}/rescheduling", json={"start": start})
        assert answer.status_code == 200, answer.text
        moved: dict[str, Any] = answer.json()
        assert moved["version"] == booked["version"] + 1
        return moved

    # What the patient has -----------------------------------------------------------------------------------------

    async def is_reminded_in_time(self, skipper: TimeSkipper, visit: dict[str, Any]) -> None:
        """Let time pass until the visit: reminders went out real hours before it, and tell the time by its clock."""
        start = datetime.fromisoformat(visit["start"])
        process = skipper.client.get_workflow_handle(ids.reminders(visit["id"]))
        await skipper.fast_forward(process, start + HALF - datetime.now(UTC))
        await process.result()
        due = [start - timedelta(hours=hours) for hours in OFFSETS]
        sent = await told_at(process)
        assert len(sent) == len(due)
        assert all(abs(one - at) < timedelta(seconds=10) for one, at in zip(sent, due, strict=True)), (sent, due)
        asked = {"appointment_id": visit["id"], "limit": 50}
        messages = (await self.clinic.get("/messages", params=asked)).json()["items"]
        reminders = [one for one in messages if one["template"] == "reminder"]
        assert sorted((one["offset_hours"], one["appointment_version"]) for one in reminders) == [
            (hours, visit["version"]) for hours in sorted(OFFSETS)
        ]
        assert {one["status"] for one in reminders} == {"sent"}
        for one in reminders:
            words = (await self.clinic.get(f"/messages/{one['id']}")).json()
            local = start.astimezone(self.zone)
            told = f"{local:%A} {local.day} {local:%B} {local.year} at {local:%H:%M}"
            assert words["subject"].replace(",", "").endswith(told)
            assert offset_in_words(local) in words["body"]

    async def is_written_down(self, visit: dict[str, Any], sequence: int) -> None:
        """Read its calendar file as a program does that knows nothing but the file."""
        answer = await self.clinic.get(f"/appointments/{visit['id']}/calendar.ics")
        start = datetime.fromisoformat(visit["start"]).astimezone(UTC)
        assert instants(answer.content) == (start, start + HALF)
        _, event = event_of(answer)
        assert (str(event["UID"]), int(event["SEQUENCE"])) == (f"{visit['id']}@care-connect", sequence)


def changes(zone: ZoneInfo) -> Iterator[date]:
    """List the local days ahead that are not 24 hours long, from the fifth day on, so that all reminders lie ahead."""
    for number in range(5, 395):
        day = datetime.now(zone).date() + number * DAY
        midnight, next_one = (datetime.combine(day + one * DAY, time(), zone).astimezone(UTC) for one in (0, 1))
        if next_one - midnight != DAY:
            yield day


async def told_at(process: WorkflowHandle[Any, Any]) -> list[datetime]:
    """Tell when a process sent something by way of the queue, by its own clock."""
    return [
        event.event_time.ToDatetime(UTC)
        async for event in process.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


def offset_in_words(local: datetime) -> str:
    """Give the distance from Greenwich as a message names it."""
    said = f"{local:%z}"
    return f"GMT{said[:3]}:{said[3:]}" if int(said) else "GMT"
