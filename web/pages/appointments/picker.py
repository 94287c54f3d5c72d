"""Free times to choose from: seven days, one of them shown, soonest first or by consultant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ValidationError

from careconnect.errors import Refusal
from services.appointments.schemas import Appointment
from web.formats import day as day_name
from web.gateway.booked import Named
from web.gateway.finding import Slot, SlotQuery
from web.pages.appointments.wish import (
    Choices,
    day_choices,
    next_days,
    on,
    part,
    part_choices,
    weekdays,
    wish,
)
from web.pages.days import bounds, day_of, midnight, today
from web.pages.screen import Screen
from web.words import gettext

_WEEK = timedelta(days=7)
_DAYS = 7
_AT_ONCE = 1000
_AHEAD = timedelta(days=60)
_NOON, _EVENING = 12, 17


class Start(BaseModel):
    """The time that was chosen, as a form carries it."""

    consultant_id: UUID
    location_id: UUID
    start: AwareDatetime

    @classmethod
    def read(cls, text: str) -> "Start | None":
        """Read a slot's value; None is nothing, or nothing of ours."""
        parts = text.split("|")
        names = ("consultant_id", "location_id", "start")
        try:
            return cls.model_validate(dict(zip(names, parts, strict=True)))
        except (ValidationError, ValueError):
            return None

    @classmethod
    def of(cls, slot: Slot) -> "Start":
        """Take a slot's."""
        return cls(consultant_id=slot.consultant_id, location_id=slot.location_id, start=slot.start)

    @property
    def value(self) -> str:
        """Write it into a form."""
        return f"{self.consultant_id}|{self.location_id}|{self.start.isoformat()}"


@dataclass(frozen=True)
class Day:
    """A day of the strip."""

    date: date
    chosen: bool


@dataclass(frozen=True)
class Free:
    """A free time as a button."""

    value: str
    start: datetime
    zone: str
    note: str
    chosen: bool


@dataclass(frozen=True)
class Group:
    """Free times that stand together: a part of the day, or a consultant's."""

    title: str
    note: str
    consultant: Named | None
    slots: list[Free]


@dataclass(frozen=True)
class Picker:
    """What `appointments/_times.html` shows."""

    sort: str
    on: str
    part: str
    day_choices: Choices
    part_choices: Choices
    moving: bool
    days: list[Day]
    groups: list[Group]
    before: str | None
    after: str
    asked: bool
    advice: str
    next_free: date | None
    suits: str
    """The patient whose other visits were left out."""


async def pick(screen: Screen, typed: Mapping[str, str], near: list[Slot] | None = None) -> Picker:
    """Find the free times that the form asks for; `near` are shown instead, where they are known already."""
    typed = {**typed, "on": "", "part_of_day": ""} if near else typed
    zone = await _zone(screen, typed.get("location_id", ""))
    wanted, now = wish(typed), today(screen.frame)
    if wanted is None:
        return _picker(typed, now, now, [], asked=False)
    present = None
    if typed.get("moving") and wanted.without:
        present = await screen.gateway.appointments.standing(screen.actor, wanted.without)
        wanted = _of_now(wanted, present)
    chosen = Start.read(typed.get("slot", ""))
    first = max(now, day_of(typed.get("from") or typed.get("first"), now))
    day = await _day(screen, typed, wanted, chosen or (Start.of(near[0]) if near else None), first, zone)
    if day not in next_days(first, weekdays(typed), _DAYS):
        first = max(now, day)
    slots = near or [slot for slot in await _of_day(screen, wanted, day, zone) if not _is_there(present, slot)]
    groups = await _grouped(screen, slots, "near" if near else _sort(typed), chosen)
    following = None if slots else await _first_free(screen, wanted, bounds(day, zone)[1], zone)
    return _picker(typed, first, day, groups, asked=True, earlier=first > now, following=following)


def _of_now(wanted: SlotQuery, moving: Appointment) -> SlotQuery:
    """Look for times that suit the patient and hold all of the visit that is to move: it may have been lengthened."""
    length = int((moving.end - moving.start) / timedelta(minutes=1))
    return wanted.model_copy(update={"duration_minutes": length, "patient_id": moving.patient_id})


def _is_there(moving: Appointment | None, slot: Slot) -> bool:
    """Tell whether it is the time at which the visit that is to move is now."""
    return moving is not None and (moving.consultant_id, moving.start) == (slot.consultant_id, slot.start)


async def pick_again(screen: Screen, typed: Mapping[str, str], near: list[Slot] | None = None) -> Picker:
    """Find them for a form that was sent: the day of the time that was chosen counts, whichever day was shown."""
    chosen = Start.read(typed.get("slot", ""))
    shown = {} if chosen or near else {"date": typed.get("date", "")}
    return await pick(screen, {**typed, "date": "", "from": "", **shown}, near)


async def _day(
    screen: Screen, typed: Mapping[str, str], wanted: SlotQuery, start: Start | None, first: date, zone: str
) -> date:
    """Choose the day to show: where somebody turned to, the day that was chosen, the chosen time's, the first free."""
    if typed.get("from"):
        return next_days(first, weekdays(typed), 1)[0]
    if typed.get("date") and day_of(typed["date"], first).weekday() in weekdays(typed):
        return day_of(typed["date"], first)
    chosen = start.start.astimezone(ZoneInfo(zone)).date() if start else None
    if chosen and chosen.weekday() in weekdays(typed):
        return chosen
    return await _first_free(screen, wanted, midnight(first, zone), zone) or first


def _picker(
    typed: Mapping[str, str],
    first: date,
    day: date,
    groups: list[Group],
    *,
    asked: bool,
    earlier: bool = False,
    following: date | None = None,
) -> Picker:
    advice = (
        gettext("The next free time is on another day.")
        if following
        else gettext("Nothing is free in the next two months; try another consultant or location.")
    )
    strip = next_days(first, weekdays(typed), _DAYS)
    return Picker(
        sort=_sort(typed),
        on=on(typed),
        part=part(typed),
        day_choices=day_choices(),
        part_choices=part_choices(),
        moving=bool(typed.get("moving")),
        days=[Day(one, one == day) for one in strip],
        groups=groups,
        before=(first - _WEEK).isoformat() if earlier else None,
        after=(strip[-1] + timedelta(days=1)).isoformat(),
        asked=asked,
        advice=advice,
        next_free=following,
        suits=typed.get("patient_id", ""),
    )


def _sort(typed: Mapping[str, str]) -> str:
    return "consultant" if typed.get("sort") == "consultant" else "soonest"


async def _zone(screen: Screen, location_id: str) -> str:
    places = await screen.known.locations(screen.actor)
    return next((place.zone for place in places if str(place.id) == location_id), screen.frame.zone)


async def _of_day(screen: Screen, wanted: SlotQuery, day: date, zone: str) -> list[Slot]:
    """Ask for all of a day, in as many questions as it takes: many consultants have more starts than one answer."""
    start, end = bounds(day, zone)
    found: list[Slot] = []
    while len(page := await _slots(screen, wanted, start, end, _AT_ONCE)) == _AT_ONCE:
        last = page[-1].start
        whole = [slot for slot in page if slot.start < last]
        if not whole:
            break
        found += whole
        start = last
    return found + page


async def _first_free(screen: Screen, wanted: SlotQuery, start: datetime, zone: str) -> date | None:
    """Look at the next days first: most often something is free, and two months are a lot to look through."""
    for begin, end in ((start, start + _WEEK), (start + _WEEK, start + _AHEAD)):
        found = await _slots(screen, wanted, begin, end, 1)
        if found:
            return found[0].start.astimezone(ZoneInfo(zone)).date()
    return None


async def _slots(screen: Screen, wanted: SlotQuery, start: datetime, end: datetime, limit: int) -> list[Slot]:
    """Ask for free times; a choice that does not fit together, such as a consultant who is away, has none."""
    try:
        return await screen.gateway.slots(
            screen.actor, wanted.model_copy(update={"from_": start, "to": end, "limit": limit})
        )
    except Refusal as refusal:
        if refusal.status in {404, 409, 422}:
            return []
        raise


async def _grouped(screen: Screen, slots: list[Slot], sort: str, chosen: Start | None) -> list[Group]:
    names = await screen.known.consultant_names(screen.actor, (slot.consultant_id for slot in slots))
    if sort == "near":
        return [
            Group(title, "", None, [_free(slot, names[slot.consultant_id].name, chosen) for slot in part])
            for title, part in groupby(slots, key=lambda slot: day_name(slot.start, slot.zone))
        ]
    if sort == "soonest":
        once = [next(same) for _, same in groupby(slots, key=lambda slot: slot.start)]
        parts = groupby(once, key=_part_of_day)
        return [
            Group(title, "", None, [_free(slot, names[slot.consultant_id].name, chosen) for slot in part])
            for title, part in parts
        ]
    ordered = sorted(slots, key=lambda slot: (names[slot.consultant_id].name, slot.consultant_id, slot.start))
    return [
        Group(
            names[who].name,
            ", ".join(names[who].specialties),
            Named(id=who, name=names[who].name),
            [_free(slot, "", chosen) for slot in part],
        )
        for who, part in groupby(ordered, key=lambda slot: slot.consultant_id)
    ]


def _free(slot: Slot, note: str, chosen: Start | None) -> Free:
    start = Start.of(slot)
    return Free(start.value, slot.start, slot.zone, note, start == chosen)


def _part_of_day(slot: Slot) -> str:
    hour = slot.start.astimezone(ZoneInfo(slot.zone)).hour
    if hour < _NOON:
        return gettext("Morning")
    return gettext("Afternoon") if hour < _EVENING else gettext("Evening")
