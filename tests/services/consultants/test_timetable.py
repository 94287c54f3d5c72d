"""Who works when, as a calendar asks it."""

from typing import Any

import httpx

from careconnect.ids import uuid7
from tests.services.consultants.clinic import Clinic, consultant, hours

MONDAY = {"from": "2026-11-02T00:00:00+05:30", "to": "2026-11-03T00:00:00+05:30"}


async def timetable(clinic: Clinic, **more: Any) -> dict[str, Any]:
    """Ask for Monday."""
    answer = await clinic.http.get("/timetable", params=MONDAY | more, headers=clinic.headers)
    assert answer.status_code == httpx.codes.OK, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_timetable_tells_work_and_what_keeps_from_it_whatever_is_offered(clinic: Clinic) -> None:
    leave = {"kind": "leave", "starts_at": "2026-11-02T11:00:00+05:30", "ends_at": "2026-11-05T00:00:00+05:30"}
    await clinic.put(f"/consultants/{clinic.consultant_id}/exceptions/{uuid7()}", leave, expect=201)
    await clinic.put(f"/consultants/{clinic.consultant_id}/status", {"status": "inactive"}, expect=200)
    found = await timetable(clinic, consultant_id=str(clinic.consultant_id))
    assert [(one["start"], one["end"]) for one in found["windows"]] == [
        ("2026-11-02T03:30:00Z", "2026-11-02T05:30:00Z")
    ]
    assert [(one["kind"], one["end"]) for one in found["closed"]] == [("leave", MONDAY["to"])]
    assert (await timetable(clinic, consultant_id=str(uuid7())))["consultant_ids"] == []


async def test_a_closing_day_takes_the_hours_and_says_so(clinic: Clinic) -> None:
    closed = {"zone": "Asia/Colombo", "closed_on": ["2026-11-02"]}
    await clinic.put(f"/locations/{clinic.location_id}/calendar", closed, expect=200)
    found = await timetable(clinic)
    assert found["windows"] == []
    assert [(one["kind"], one["start"]) for one in found["closed"]] == [("holiday", "2026-11-02T03:30:00Z")]


async def test_other_hours_can_be_tried_without_being_kept(clinic: Clinic) -> None:
    before = await timetable(clinic)
    answer = await clinic.http.post(
        f"/consultants/{clinic.consultant_id}/schedule/trial",
        params=MONDAY,
        json={"hours": [hours(clinic.location_id, 0, "14:00", "16:00")]},
        headers=clinic.headers,
    )
    assert [one["start"] for one in answer.json()] == ["2026-11-02T08:30:00Z"]
    assert await timetable(clinic) == before


async def test_working_minutes_are_the_hours_less_leave_with_extra_hours_at_the_place_asked_about(
    clinic: Clinic,
) -> None:
    elsewhere = str(uuid7())
    await clinic.deviates("leave", "2026-11-02T11:00:00+05:30", "2026-11-02T13:00:00+05:30")
    extra = {"location_id": elsewhere, "zone": "Asia/Colombo"}
    await clinic.deviates("extra", "2026-11-02T15:00:00+05:30", "2026-11-02T15:45:00+05:30", **extra)

    async def minutes(**where: str) -> dict[str, int]:
        answer = await clinic.http.get("/working-time", params=MONDAY | where, headers=clinic.headers)
        return {one["consultant_id"]: one["minutes"] for one in answer.json()}

    whose = str(clinic.consultant_id)
    assert await minutes() == {whose: 165}
    assert await minutes(location_id=str(clinic.location_id)) == {whose: 120}
    assert await minutes(location_id=elsewhere) == {whose: 45}
    assert await minutes(location_id=str(uuid7())) == {}


async def test_who_keeps_the_same_hours_works_the_same_but_for_what_deviates(clinic: Clinic) -> None:
    week = [hours(clinic.location_id, weekday, "09:00", "13:00") for weekday in range(5)]
    others = {str(uuid7()): blocks for blocks in (week, week, week[1:])}
    for other, blocks in others.items():
        await clinic.put(f"/consultants/{other}", consultant(), expect=201)
        await clinic.put(f"/consultants/{other}/schedule", {"hours": blocks}, expect=200)
    await clinic.deviates("leave", "2026-11-02T11:00:00+05:30", "2026-11-02T13:00:00+05:30")
    found = (await clinic.http.get("/working-time", params=MONDAY, headers=clinic.headers)).json()
    same, again, _ = others
    expected = {str(clinic.consultant_id): 120, same: 240, again: 240}
    assert {one["consultant_id"]: one["minutes"] for one in found} == expected


async def test_working_minutes_are_added_up_for_a_year_at_most(clinic: Clinic) -> None:
    span = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-07T00:00:00Z"}
    assert (await clinic.http.get("/working-time", params=span, headers=clinic.headers)).status_code == 422
    month = {"from": "2026-11-01T00:00:00+05:30", "to": "2026-12-01T00:00:00+05:30"}
    found = (await clinic.http.get("/working-time", params=month, headers=clinic.headers)).json()
    assert [one["minutes"] for one in found] == [21 * 240]
