"""A clinic with more consultants than a plain list shows: each is found, and nothing is left out without a word."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.pagination import Page
from services.consultants import schemas
from tests.web.clinic import ZONE, Clinic, consultant, visit_type
from tests.web.pages.desk import Desk
from web.gateway import Gateway
from web.pages.known import Known

_SPECIALTIES = ["Cardiology", "Dermatology"]


@pytest.fixture(scope="module")
async def crowd(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin an organisation of 34 consultants, of whom one is far down the alphabet."""
    clinic = await Clinic.begin(edge, http)
    days = [{"location_id": clinic.location, "weekday": day, "starts": "08:00", "ends": "12:00"} for day in range(7)]

    async def hire(number: int) -> None:
        name = {"first_name": f"N{number}", "last_name": "Zoysa" if number == 32 else f"Abey{number:02}"}
        made = await clinic.made("/consultants", consultant(**name, specialties=[_SPECIALTIES[number % 2]]))
        await clinic.put(f"/consultants/{made}/schedule", json={"hours": days})

    await asyncio.gather(*(hire(number) for number in range(33)))
    return clinic


@pytest.fixture(scope="module")
async def receptionist(edge: FastAPI, crowd: Clinic) -> Desk:
    """Somebody at the front desk there."""
    return await Desk.open(edge, crowd, "front_desk")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/appointments/new", "/options/anyone"),
        ("/appointments", "/options/consultants"),
        ("/waitlist/new", "/options/bookable"),
        ("/series/new", "/options/bookable"),
    ],
)
async def test_a_consultant_beyond_a_plain_list_is_found_by_typing(receptionist: Desk, path: str, source: str) -> None:
    page = await receptionist.read(path)
    assert source in {one["data-source"] for one in page.having("data-source")}
    found = await receptionist.read(f"{source}?find=zoy", part="list")
    assert [one["data-label"] for one in found.having("data-label")] == ["Dr N32 Zoysa"]
    everybody = await receptionist.read(f"{source}?find=", part="list")
    assert "more; type to narrow them" in everybody.text


async def test_what_was_chosen_is_named_in_the_field(receptionist: Desk) -> None:
    found = await receptionist.read("/options/consultants?find=zoysa", part="list")
    (chosen,) = found.having("data-value")
    page = await receptionist.read(f"/appointments?consultant_id={chosen['data-value']}")
    (field,) = [one for one in page.having("role", "combobox") if one.get("aria-label") == "Consultant"]
    assert field["value"] == "Dr N32 Zoysa"


async def test_a_day_with_more_columns_than_can_be_read_says_so_and_shows_those_that_are_chosen(
    receptionist: Desk,
) -> None:
    shown = (await receptionist.http.get("/calendar/data")).json()
    assert (len(shown["columns"]), shown["hidden"] != "") == (30, True)
    page = await receptionist.read("/calendar")
    boxes = [one["value"] for one in page.having("name", "only") if one["type"] == "checkbox"]
    assert len(boxes) == 34
    chosen = (await receptionist.http.get(f"/calendar/data?only={boxes[-1]}&only={boxes[3]}")).json()
    assert {one["id"] for one in chosen["columns"]} == {boxes[-1], boxes[3]}
    assert chosen["hidden"] == ""


async def test_the_search_over_everything_says_when_there_is_more(receptionist: Desk) -> None:
    page = await receptionist.read("/search?q=abey")
    assert "All consultants found" in page.text
    assert "/consultants?q=abey" in page.links


async def test_all_consultants_are_known_however_many_pages_they_fill() -> None:
    fields = {"title": "Dr", "first_name": "A", "last_name": "B", "name": "A B", "specialties": [], "status": "active",
              "colour": "#000000", "registration_number": "1", "version": 1, "archived": False, "bio": None,
              "email": None, "phone": None}  # fmt: skip
    everybody = [schemas.Consultant.model_validate(fields | {"id": uuid7()}) for _ in range(450)]

    async def listed(_: Actor, *, limit: int, cursor: str | None) -> Page[Any]:
        first = int(cursor or 0)
        after = str(first + limit) if first + limit < len(everybody) else None
        return Page[Any](items=everybody[first : first + limit], next_cursor=after)

    gateway = cast("Gateway", SimpleNamespace(consultants=SimpleNamespace(list=listed)))
    found = await Known(gateway).consultants(Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=frozenset()))
    assert list(found) == [one.id for one in everybody]


@pytest.mark.parametrize("sort", ["soonest", "consultant"])
async def test_the_last_start_of_a_day_is_offered_however_many_come_before_it(
    receptionist: Desk, crowd: Clinic, sort: str
) -> None:
    kind = await crowd.made("/visit-types", visit_type(slot_step_minutes=5))
    day = (datetime.now(ZoneInfo(ZONE)) + timedelta(days=20)).date()
    asked = urlencode({"visit_type_id": kind, "date": day.isoformat(), "sort": sort})
    page = await receptionist.read(f"/appointments/new/times?{asked}", part="times")
    chosen = [one["value"].split("|") for one in page.having("name", "slot")]
    by_start = Counter(datetime.fromisoformat(start).astimezone(ZoneInfo(ZONE)) for _, _, start in chosen)
    assert f"{max(by_start):%H:%M}" == "23:30"
    every = {"soonest": 24 * 12 - 5, "consultant": 24 * 12 - 5 + 33 * (4 * 12 - 5)}
    assert len(chosen) == every[sort]
    assert set(by_start.values()) == ({1} if sort == "soonest" else {1, 34})
