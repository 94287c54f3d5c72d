"""What locations offer: opening times, public holidays and rooms narrow what can be booked; extra hours do not care."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.services.consultants.clinic import MONDAY_NINE, Clinic, hours, visit_type

POYA = "2026-11-24"  # a Tuesday: Il Full Moon Poya Day
TUESDAY = (f"{POYA}T00:00:00+05:30", "2026-11-25T00:00:00+05:30")
MONDAY = ("2026-11-02T00:00:00+05:30", "2026-11-03T00:00:00+05:30")


async def calendar(clinic: Clinic, **told: Any) -> dict[str, Any]:
    said = {"zone": "Asia/Colombo"} | told
    return await clinic.put(f"/locations/{clinic.location_id}/calendar", said, expect=200)


async def policy(clinic: Clinic, **told: Any) -> None:
    await clinic.put("/holiday-policy", {"country": "LK"} | told, expect=200)


async def worked(clinic: Clinic, *period: str) -> list[str]:
    return [f"{one['start'][11:16]}-{one['end'][11:16]}" for one in await clinic.windows(*period)]


async def room(clinic: Clinic, *features: str, location_id: UUID | None = None, **also: Any) -> str:
    key = uuid7()
    told = {"location_id": str(location_id or clinic.location_id), "name": "Room", "features": features}
    await clinic.put(f"/rooms/{key}", told | also, expect=201)
    return str(key)


async def terms(clinic: Clinic, **changed: Any) -> None:
    await clinic.put(f"/visit-types/{clinic.visit_type_id}/record", visit_type(**changed), expect=200)


async def test_a_public_holiday_closes_the_day_once_the_organisation_knows_it(clinic: Clinic) -> None:
    assert await worked(clinic, *TUESDAY) == ["03:30-07:30"]
    await policy(clinic)
    assert await worked(clinic, *TUESDAY) == []
    refused = await clinic.offer(f"{POYA}T09:00:00+05:30")
    assert (refused.status_code, refused.json()["code"]) == (422, "outside_hours")
    await policy(clinic, closed=False)
    assert await worked(clinic, *TUESDAY) == ["03:30-07:30"]


@pytest.mark.parametrize(
    ("told", "closed"),
    [
        ({"holidays": "open"}, False),
        ({"open_on": [POYA]}, False),
        ({"country": "GB", "subdivision": "ENG"}, False),
        ({"holidays": "closed"}, True),
        ({"open_on": [POYA], "closed_on": [POYA]}, True),
    ],
    ids=str,
)
async def test_a_location_may_differ_from_the_organisation(clinic: Clinic, told: dict[str, Any], closed: bool) -> None:
    await policy(clinic)
    await calendar(clinic, **told)
    assert (await worked(clinic, *TUESDAY) == []) is closed
    place = {"from": POYA, "to": POYA, "location_id": str(clinic.location_id)}
    listed = (await clinic.http.get("/holidays", params=place, headers=clinic.headers)).json()
    assert (listed[:1] != [] and listed[0]["closed"]) is closed


async def test_opening_times_narrow_weekly_hours_and_carry_the_grid_of_starts(clinic: Clinic) -> None:
    blocks = [("08:00", "09:40"), ("10:10", "11:00"), ("12:30", "20:00")]
    await calendar(clinic, opening=[{"weekday": 0, "opens": opens, "closes": closes} for opens, closes in blocks])
    windows = await clinic.windows(*MONDAY)
    assert [(one["start"][11:16], one["end"][11:16], one["anchor"][11:16]) for one in windows] == [
        ("03:30", "04:10", "03:30"), ("04:40", "05:30", "04:40"), ("07:00", "07:30", "07:00"),
    ]  # fmt: skip
    assert await worked(clinic, *TUESDAY) == []


async def test_extra_hours_count_on_a_closed_day_and_leave_closes_them(clinic: Clinic) -> None:
    await policy(clinic)
    await calendar(clinic, opening=[])
    place = str(clinic.location_id)
    await clinic.deviates("extra", f"{POYA}T10:00:00+05:30", f"{POYA}T12:00:00+05:30", location_id=place)
    assert await worked(clinic, *TUESDAY) == ["04:30-06:30"]
    await clinic.deviates("blocked", f"{POYA}T11:00:00+05:30", f"{POYA}T18:00:00+05:30")
    assert await worked(clinic, *TUESDAY) == ["04:30-05:30"]


async def test_a_holiday_closes_the_part_of_a_night_shift_that_falls_on_it(clinic: Clinic) -> None:
    await policy(clinic)
    night = [hours(clinic.location_id, 0, "22:00", "24:00"), hours(clinic.location_id, 1, "00:00", "04:00")]
    await clinic.works(*night)
    assert await worked(clinic, "2026-11-23T12:00:00+05:30", "2026-11-24T12:00:00+05:30") == ["16:30-18:30"]
    assert await worked(clinic, "2026-11-16T12:00:00+05:30", "2026-11-17T12:00:00+05:30") == ["16:30-22:30"]


async def test_a_visit_type_is_offered_where_it_says(clinic: Clinic) -> None:
    elsewhere = uuid7()
    await clinic.works(hours(clinic.location_id, 0, "09:00", "11:00"), hours(elsewhere, 0, "12:00", "14:00"))
    await terms(clinic, location_ids=[str(elsewhere)])
    assert [one["location_id"] for one in await clinic.windows(*MONDAY)] == [str(elsewhere)]
    here, there = await clinic.offer(MONDAY_NINE), await clinic.offer("2026-11-02T12:00:00+05:30")
    assert (here.json()["code"], there.json()["location_id"]) == ("outside_hours", str(elsewhere))
    forced = await clinic.offer(MONDAY_NINE, location_id=str(clinic.location_id), override_hours=True)
    assert forced.json()["code"] == "not_offered"


async def test_a_visit_that_needs_a_room_is_offered_where_one_fits_and_names_those(clinic: Clinic) -> None:
    await terms(clinic, room_needed=True, room_features=["Ultrasound", "treatment "])
    await room(clinic, "ultrasound")
    await room(clinic, "ultrasound", "treatment", active=False)
    await room(clinic, "ultrasound", "treatment", location_id=uuid7())
    assert await clinic.windows(*MONDAY) == []
    assert (await clinic.offer(MONDAY_NINE)).json()["code"] == "no_suitable_room"
    assert (await clinic.offer(MONDAY_NINE, override_hours=True)).json()["rooms"] == []
    fitting = sorted([await room(clinic, "treatment", "ultrasound"), await room(clinic, "TREATMENT", "ultrasound")])
    assert [one["rooms"] for one in await clinic.windows(*MONDAY)] == [fitting]
    assert (await clinic.offer(MONDAY_NINE)).json()["rooms"] == fitting


async def test_a_held_time_is_asked_again_for_its_hours_and_not_for_its_notice(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, present: Any
) -> None:
    late = present.replace(day=2, hour=3, minute=29)
    monkeypatch.setattr("careconnect.clock.now", lambda: late)
    assert (await clinic.offer(MONDAY_NINE)).json()["code"] == "too_soon"
    assert (await clinic.offer(MONDAY_NINE, held=True)).status_code == 200
    await clinic.deviates("leave", *MONDAY)
    assert (await clinic.offer(MONDAY_NINE, held=True)).json()["code"] == "outside_hours"


async def test_a_calendar_is_read_back_repeats_change_nothing_and_a_stale_one_is_refused(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location_id}/calendar"
    assert (await clinic.http.get(path, headers=clinic.headers)).json()["version"] == 0
    first = await calendar(clinic, closed_on=["2026-12-24", "2026-12-24"], holidays="open", version=0)
    assert first["closed_on"] == ["2026-12-24"]
    again = await calendar(clinic, closed_on=["2026-12-24"], holidays="open", version=0)
    assert again == first == (await clinic.http.get(path, headers=clinic.headers)).json()
    stale = await clinic.http.put(path, json={"zone": "Asia/Colombo", "version": 9}, headers=clinic.headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")


@pytest.mark.parametrize(
    "told",
    [
        {"country": "ZZ"}, {"country": "US", "subdivision": "XX"}, {"subdivision": "CA"}, {"zone": "Mars/Base"},
        {"opening": [{"weekday": 0, "opens": "10:00", "closes": "09:00"}]},
        {"opening": [{"weekday": 0, "opens": "08:00", "closes": "12:00"},
                     {"weekday": 0, "opens": "11:00", "closes": "13:00"}]},
    ],
    ids=str,
)  # fmt: skip
async def test_a_calendar_that_says_nothing_sensible_is_refused(clinic: Clinic, told: dict[str, Any]) -> None:
    path, body = f"/locations/{clinic.location_id}/calendar", {"zone": "Asia/Colombo"} | told
    answer = await clinic.http.put(path, json=body, headers=clinic.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_rooms_are_listed_described_and_told_apart(clinic: Clinic) -> None:
    key = await room(clinic, "Ultrasound")
    listed: httpx.Response = await clinic.http.get(
        "/rooms", params={"location_id": str(clinic.location_id)}, headers=clinic.headers
    )
    assert [(one["id"], one["features"]) for one in listed.json()] == [(key, ["ultrasound"])]
    other = {"location_id": str(clinic.location_id), "name": "Another"}
    refused = await clinic.http.put(f"/rooms/{key}", json=other, headers=clinic.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "room_exists")
    changed = await clinic.put(f"/rooms/{key}/record", other | {"version": 1, "active": False}, expect=200)
    assert (changed["name"], changed["active"], changed["version"]) == ("Another", False, 2)


async def test_holidays_are_listed_by_name_with_what_they_do(clinic: Clinic) -> None:
    await policy(clinic, closed=False)
    asked = {"from": "2026-12-20", "to": "2026-12-31"}
    listed = (await clinic.http.get("/holidays", params=asked, headers=clinic.headers)).json()
    assert {date.fromisoformat(one["date"]).day: one["name"] for one in listed} == {
        23: "Unduvap Full Moon Poya Day",
        25: "Christmas Day",
    }
    assert not any(one["closed"] for one in listed)
