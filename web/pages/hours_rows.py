"""The rows of the weekly hours editor: what was typed, what is wrong with it, and what it means."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from pydantic import ValidationError

from services.consultants.schemas import Hours, Schedule
from services.identity.schemas import Location
from web.forms import Form
from web.words import gettext

_ROW = re.compile(r"starts-(\d{1,3})$")
_MOST = 200
_MIDNIGHT, _END_OF_DAY = "00:00", "24:00"
_NAMES = ("weekday", "location_id", "starts", "ends", "valid_from", "valid_to")


@dataclass(frozen=True)
class Row:
    """One block of hours as the form holds it; `number` is part of its fields' names."""

    number: int
    weekday: int
    location_id: str = ""
    starts: str = ""
    ends: str = ""
    valid_from: str = ""
    valid_to: str = ""
    fresh: bool = False

    @property
    def sometimes(self) -> bool:
        """Whether it holds only between two days."""
        return bool(self.valid_from or self.valid_to)


def of_schedule(schedule: Schedule) -> list[Row]:
    """Show what is kept; midnight as an end is 00:00 in a field for times."""
    return [
        Row(
            number=number,
            weekday=one.weekday,
            location_id=str(one.location_id),
            starts=one.starts,
            ends=_MIDNIGHT if one.ends == _END_OF_DAY else one.ends,
            valid_from=one.valid_from.isoformat() if one.valid_from else "",
            valid_to=one.valid_to.isoformat() if one.valid_to else "",
        )
        for number, one in enumerate(schedule.hours)
    ]


def of_form(form: Form) -> list[Row]:
    """Read what was typed, in the order of the rows."""
    numbers = sorted(int(found[1]) for name in form.values if (found := _ROW.match(name)))[:_MOST]
    rows = []
    for number in numbers:
        weekday, place, starts, ends, first, last = (form.values[f"{name}-{number}"].strip() for name in _NAMES)
        if weekday in {*"0123456"}:
            rows.append(Row(number, int(weekday), place, starts, ends, first, last))
    return rows


def added(rows: Sequence[Row], weekday: int, place: str) -> list[Row]:
    """Add an empty block to a day; it begins where the last one of that day ended."""
    last = max((one for one in rows if one.weekday == weekday), key=lambda one: one.ends, default=None)
    fresh = Row(
        number=_next(rows),
        weekday=weekday,
        location_id=last.location_id if last else place,
        starts=last.ends if last and last.ends != _MIDNIGHT else "",
        fresh=True,
    )
    return [*rows, fresh]


def removed(rows: Sequence[Row], number: int) -> list[Row]:
    """Take a block away."""
    return [one for one in rows if one.number != number]


def copied(rows: Sequence[Row], weekday: int, others: Iterable[int]) -> list[Row]:
    """Give other days the blocks of one; what they had is replaced."""
    chosen = set(others) - {weekday}
    kept = [one for one in rows if one.weekday not in chosen]
    for other in sorted(chosen):
        for one in (row for row in rows if row.weekday == weekday):
            kept.append(replace(one, number=_next(kept, rows), weekday=other))
    return kept


def meant(rows: Sequence[Row], form: Form, places: dict[str, Location]) -> list[Hours] | None:
    """Say what the rows mean, or beside each field what is wrong with it."""
    read = [(row, _hours(row, form, places)) for row in rows]
    good = [(row, hours) for row, hours in read if hours is not None]
    for (_, one), (row, other) in combinations(good, 2):
        if one.overlaps(other):
            place = places[str(one.location_id)].name
            words = gettext("Overlaps with %(starts)s to %(ends)s at %(place)s")
            form.object(words % {"starts": one.starts, "ends": one.ends, "place": place}, f"starts-{row.number}")
    return None if any(form.errors.values()) else [hours for _, hours in good]


def _hours(row: Row, form: Form, places: dict[str, Location]) -> Hours | None:
    place = places.get(row.location_id)
    wrong = {
        "location_id": gettext("Choose a location") if place is None else "",
        "starts": "" if row.starts else gettext("Write a time"),
        "ends": "" if row.ends else gettext("Write a time"),
        "valid_to": gettext("This day is before the first one") if _backwards(row.valid_from, row.valid_to) else "",
    }
    ends = _END_OF_DAY if row.ends == _MIDNIGHT else row.ends
    if row.starts and row.ends and ends <= row.starts:
        wrong["ends"] = gettext("Hours end after they start")
    for name, words in wrong.items():
        if words:
            form.object(words, f"{name}-{row.number}")
    if place is None or any(wrong.values()):
        return None
    try:
        return Hours(
            location_id=place.id,
            zone=place.zone,
            weekday=row.weekday,
            starts=row.starts,
            ends=ends,
            valid_from=date.fromisoformat(row.valid_from) if row.valid_from else None,
            valid_to=date.fromisoformat(row.valid_to) if row.valid_to else None,
        )
    except (ValidationError, ValueError):
        form.object(gettext("This does not look right"), f"starts-{row.number}")
        return None


def _backwards(first: str, last: str) -> bool:
    return bool(first and last) and last < first


def _next(*several: Sequence[Row]) -> int:
    return max((one.number for rows in several for one in rows), default=-1) + 1
