"""Holidays in the settings: what is not known is said, days are entered and pasted, and nothing booked is moved."""

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.consultants.public_holidays import last_known_year
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page
from web.pages import waiting
from web.pages.settings import pasting

NEXT = last_known_year("LK") + 1
HERE = "/settings/holidays"
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//government//holidays//
BEGIN:VEVENT
UID:1@gov.example
DTSTAMP:20261101T000000Z
DTSTART;VALUE=DATE:20270413
DTEND;VALUE=DATE:20270415
SUMMARY:New Year
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
async def closing(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin an organisation of its own, which other tests do not find closed."""
    return await Clinic.begin(edge, http)


@pytest.fixture(scope="module")
async def manager(edge: FastAPI, closing: Clinic) -> Desk:
    """Somebody who may close it."""
    return await Desk.open(edge, closing, "owner")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2027-01-22, Duruthu Poya\n4.2.2027;Independence Day", {date(2027, 1, 22), date(2027, 2, 4)}),
        ("Date,Name\n2027-01-22,Poya", {date(2027, 1, 22)}),
        (ICS, {date(2027, 4, 13), date(2027, 4, 14)}),
        ("", set()),
    ],
)
def test_pasted_days_are_read(text: str, days: set[date]) -> None:
    read = pasting.read(text, "Closed")
    assert (set(read.days), read.trouble) == (days, "")


@pytest.mark.parametrize("text", ["2027-01-22\ntomorrow, Poya", "Poya\n", "BEGIN:VCALENDAR\nnothing", "2027-13-01"])
def test_what_cannot_be_read_is_said_and_nothing_is_taken_from_it(text: str) -> None:
    read = pasting.read(text, "Closed")
    assert read.days == {}
    assert read.trouble


async def test_years_that_nobody_knows_are_said_until_days_are_entered(
    manager: Desk, closing: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BOOKED_AHEAD", timedelta(days=730))
    page = await manager.read(f"{HERE}/policy")
    done = await manager.send(page, f"{HERE}/policy", {"country": "LK", "closed": "true", "action": "save"})
    assert done.status_code == 303
    sentence = f"Public holidays of Sri Lanka for {NEXT} are not known yet; enter them"
    page = await manager.read(f"{HERE}?year={NEXT}")
    assert sentence in page.text
    assert "expected: it falls on this date every year" in page.text  # Independence Day, on 4 February
    gaps = (await closing.get("/holiday-gaps", params={"to": f"{NEXT}-12-31"})).json()["items"]
    (gap,) = [one for one in gaps if one["year"] == NEXT]
    assert (gap["country"], gap["entered"], gap["location_ids"]) == ("LK", False, [])
    assert sentence in (await manager.read("/attention")).text
    typed = {"date-0": f"{NEXT}-01-22", "name-0": "Duruthu Poya", "pasted": f"{NEXT}-12-13, Unduvap Poya"}
    wrong = Page((await manager.send(page, HERE, typed | {"date-1": "soon"})).text)
    assert wrong.having("id", "days-date-1-error")
    assert (await manager.send(wrong, HERE, {"date-1": ""})).status_code == 303
    page = await manager.read(f"{HERE}?year={NEXT}")
    assert "Duruthu Poya" in page.text
    assert "Unduvap Poya" in page.text
    assert sentence not in page.text
    assert sentence not in (await manager.read("/attention")).text
    await manager.send(page, f"{HERE}/removal", date=f"{NEXT}-12-13")
    own = (await closing.get("/holiday-policy")).json()["own"]
    assert own == [{"date": f"{NEXT}-01-22", "name": "Duruthu Poya"}]


async def test_a_day_that_becomes_closed_names_what_is_booked_and_moves_nothing(manager: Desk, closing: Clinic) -> None:
    booked = await closing.booked()
    start = datetime.fromisoformat(booked["start"])
    day = start.date().isoformat()
    place = {"location_id": closing.location}
    page = await manager.read(f"{HERE}?year={start.year}&location_id={closing.location}")
    assert (await manager.send(page, HERE, place | {"date-0": day, "year": str(start.year)})).status_code == 303
    page = await manager.read(f"{HERE}?year={start.year}&location_id={closing.location}")
    assert f"/appointments?date={day}&status=upcoming" in page.links
    stands = (await closing.get(f"/appointments/{booked['id']}")).json()
    assert (datetime.fromisoformat(stands["start"]), stands["version"]) == (start, 1)
    assert day in (await closing.get(f"/locations/{closing.location}/calendar")).json()["closed_on"]
    token = {"csrf_token": await manager.token()}
    await manager.post(f"{HERE}/opening", token | place | {"date": day})
    assert (await closing.get(f"/locations/{closing.location}/calendar")).json()["closed_on"] == []


async def test_opening_hours_that_would_leave_a_visit_outside_ask_first(manager: Desk, closing: Clinic) -> None:
    booked = await closing.booked()
    local = datetime.fromisoformat(booked["start"]) + timedelta(minutes=1)
    path = f"/settings/locations/{closing.location}/opening"
    typed = {"when": "hours", "action": "save"} | {f"opens-{day}-0": "00:00" for day in range(7)}
    typed |= {f"closes-{day}-0": "00:00" for day in range(7)}
    late: dict[str, Any] = typed | {f"opens-{local.weekday()}-0": local.strftime("%H:%M")}
    asked = await manager.send(await manager.read(path), path, late)
    page = Page(asked.text)
    assert asked.status_code == 409
    assert f"/appointments/{booked['id']}" in page.links
    assert (await closing.get(f"/locations/{closing.location}/calendar")).json()["opening"] is None
    wrong = await manager.send(page, path, {"opens-0-1": "07:00", "closes-0-1": "06:00", "action": "save"})
    assert (wrong.status_code, Page(wrong.text).having("id", "opening-opens-0-1-error") != []) == (422, True)
    saved = await manager.send(page, path, typed)
    assert saved.status_code == 303, saved.text
    opening = (await closing.get(f"/locations/{closing.location}/calendar")).json()["opening"]
    assert opening[0] == {"weekday": 0, "opens": "00:00", "closes": "24:00"}
