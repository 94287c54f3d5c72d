"""Calendar files over REST, over a year with both changes of the clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar

from tests.careconnect.test_ics import instants
from tests.web.clinic import Clinic, consultant, visit_type
from tests.web.conftest import problem

YEAR = 366


def event_of(answer: httpx.Response) -> tuple[str, Any]:
    """Read the one event of a file."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


async def test_a_file_keeps_its_uid_and_its_sequence_rises_until_it_is_cancelled(clinic: Clinic) -> None:
    booked = await clinic.booked()
    path = f"/appointments/{booked['id']}"
    files = [event_of(await clinic.get(f"{path}/calendar.ics"))]
    later = (datetime.fromisoformat(booked["start"]) + timedelta(hours=1)).isoformat()
    assert (await clinic.post(f"{path}/rescheduling", json={"start": later})).status_code == 200
    files.append(event_of(await clinic.get(f"{path}/calendar.ics")))
    assert (await clinic.post(f"{path}/cancellation", json={"reason": "prov"})).status_code == 200
    files.append(event_of(await clinic.get(f"{path}/calendar.ics")))
    assert [method for method, _ in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert len({str(event["UID"]) for _, event in files}) == 1
    numbers = [int(event["SEQUENCE"]) for _, event in files]
    assert numbers == sorted(set(numbers))
    assert files[1][1]["DTSTART"].dt.isoformat() == later


async def test_nobody_reads_the_file_of_another_organisation(clinic: Clinic, other_clinic: Clinic) -> None:
    booked = await clinic.booked()
    problem(await other_clinic.get(f"/appointments/{booked['id']}/calendar.ics"), 404, "appointment_not_found")


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe"])
async def test_nine_o_clock_is_nine_o_clock_on_both_days_on_which_the_clocks_change(clinic: Clinic, zone: str) -> None:
    """Times, reminders and calendar files of a year's appointments are right, and the days between are as any other."""
    place = await clinic.made("/locations", {"name": zone, "zone": zone})
    doctor = await clinic.made("/consultants", consultant())
    hours = [{"location_id": place, "weekday": day, "starts": "09:00", "ends": "12:00"} for day in range(7)]
    assert (await clinic.put(f"/consultants/{doctor}/schedule", json={"hours": hours})).status_code == 200
    kind = await clinic.made("/visit-types", visit_type(horizon_days=400, payment_policy={"kind": "none"}))
    days = list(_changes(zone))
    assert len(days) == 2
    for day in days:
        nine = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo(zone))
        booked = await _book_first(clinic, nine, doctor, kind)
        assert (booked["start"].replace("Z", "+00:00"), booked["zone"]) == (nine.isoformat(), zone)
        reminded = sorted({datetime.fromisoformat(one["at"]) for one in booked["reminders"]})
        before = [nine.astimezone(UTC) - moment.astimezone(UTC) for moment in reminded]
        assert before == sorted(before, reverse=True)
        assert timedelta(hours=24) in before
        file = await clinic.get(f"/appointments/{booked['id']}/calendar.ics")
        _, event = event_of(file)
        assert event["DTSTART"].to_ical() == f"{day:%Y%m%d}T090000".encode()
        assert instants(file.content) == (nine, nine + timedelta(minutes=30))
    await clinic.put(f"/consultants/{doctor}/status", json={"status": "inactive"})  # other tests book whoever is free


async def _book_first(clinic: Clinic, nine: datetime, doctor: str, kind: str) -> dict[str, Any]:
    """Book the first free time of a day."""
    span = {"from": nine.replace(hour=0).isoformat(), "to": (nine + timedelta(hours=12)).isoformat(), "limit": 1}
    found = (await clinic.get("/slots", params={"visit_type_id": kind, "consultant_id": doctor, **span})).json()
    slot = found["items"][0]
    wanted = {key: slot[key] for key in ("consultant_id", "location_id", "visit_type_id", "start")}
    answer = await clinic.post("/appointments", json=wanted | {"patient_id": await clinic.patient()})
    assert answer.status_code == 201, answer.text
    booked: dict[str, Any] = answer.json()
    return booked


def _changes(zone: str) -> Any:
    """List the days of the coming year on which a day is not 24 hours long."""
    today = datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(1, YEAR):
        day = today + timedelta(days=ahead)
        if (day + timedelta(days=1)).astimezone(UTC) - day.astimezone(UTC) != timedelta(days=1):
            yield day.date()


async def test_a_feed_shows_busy_times_by_reference_until_it_is_revoked(clinic: Clinic, other_clinic: Clinic) -> None:
    booked = await clinic.booked()
    path = f"/consultants/{clinic.consultant}/calendar-feed"
    made = await clinic.post(path, json={})
    assert made.status_code == 201, made.text
    address = made.json()["url"]
    assert (await clinic.get(path)).json()["url"] == address
    answer = await clinic.http.get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, max-age=300")
    assert booked["reference"] in answer.text
    assert booked["patient"]["name"] not in answer.text
    assert booked["visit_type"]["name"] not in answer.text
    again = await clinic.http.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    place = await clinic.post(f"/locations/{clinic.location}/calendar-feed", json={})
    assert booked["reference"] in (await clinic.http.get(place.json()["url"])).text
    assert (await clinic.ask("DELETE", path)).status_code == 204
    assert (await clinic.http.get(address)).status_code == 404
    assert (await clinic.http.get(address.replace("/calendar/", "/calendar/A"))).status_code == 404
    problem(await clinic.get(path), 404, "feed_not_found")
    problem(await other_clinic.post(path, json={}), 404, "consultant_not_found")


async def test_a_new_address_ends_the_one_before_and_no_program_lets_patients_be_named(clinic: Clinic) -> None:
    path = f"/locations/{clinic.location}/calendar-feed"
    first, second = [(await clinic.post(path, json={})).json()["url"] for _ in range(2)]
    assert first != second
    assert [(await clinic.http.get(one)).status_code for one in (first, second)] == [404, 200]
    problem(await clinic.post(path, json={"shows_names": True}), 403, "forbidden")
