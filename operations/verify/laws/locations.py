"""When locations are open, for law 2: computed anew from what was said and from the `holidays` library itself."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import holidays

from operations.verify.evidence import Evidence

_LOCATIONS = """
SELECT place.tenant_id, place.id, calendar.opening, coalesce(calendar.holidays, 'as_organisation') AS holidays,
       calendar.open_on, calendar.closed_on, policy.closed,
       coalesce(calendar.country, policy.country) AS country,
       CASE WHEN calendar.country IS NULL THEN policy.subdivision ELSE calendar.subdivision END AS subdivision
FROM (SELECT tenant_id, location_id AS id FROM schedule_blocks UNION SELECT tenant_id, id FROM location_calendars)
  AS place
LEFT JOIN location_calendars AS calendar USING (tenant_id, id)
LEFT JOIN holiday_policies AS policy USING (tenant_id)
"""
_YEARS = "SELECT extract(year FROM min(start_at))::int - 1, extract(year FROM max(start_at))::int + 1 FROM appointments"
_ALWAYS = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(7)]


async def opening_and_closing(evidence: Evidence) -> list[str]:
    """Give the opening hours of every location and the days on which it is closed, each as JSON."""
    places = await evidence.rows("consultants", _LOCATIONS)
    ((first, last),) = await evidence.rows("appointments", _YEARS)
    years = range(first, last + 1) if first else range(0)
    opening = [block for place in places for block in _opening(place)]
    closing = [_of(place) | {"day": day.isoformat()} for place in places for day in sorted(_closed(place, years))]
    return [json.dumps(opening), json.dumps(closing)]


def _opening(place: Any) -> Iterator[dict[str, Any]]:
    for block in _ALWAYS if place["opening"] is None else json.loads(place["opening"]):
        times = {name: _minutes(str(block[name])) for name in ("opens", "closes")}
        yield _of(place) | {"weekday": block["weekday"]} | times


def _closed(place: Any, years: range) -> set[date]:
    observes = place["closed"] if place["holidays"] == "as_organisation" else place["holidays"] == "closed"
    days: set[date] = set()
    if observes and place["country"] and years:
        days = set(holidays.country_holidays(place["country"], subdiv=place["subdivision"], years=years))
    return days - set(place["open_on"] or ()) | set(place["closed_on"] or ())


def _of(place: Any) -> dict[str, Any]:
    return {"tenant_id": str(place["tenant_id"]), "location_id": str(place["id"])}


def _minutes(wall: str) -> int:
    hours, minutes = wall.split(":")
    return int(hours) * 60 + int(minutes)
