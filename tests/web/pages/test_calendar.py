"""The calendar: what a view shows, and moving in it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from careconnect.client import ServiceClient
from careconnect.ids import uuid7
from careconnect.inprocess import Answer
from services.consultants.schemas import Closed, Window
from tests.web.clinic import ZONE, Clinic, consultant, visit_type
from tests.web.pages.desk import Desk, Page, told
from web.pages.calendar.shading import Span, shades
from web.pages.known import Known

HERE, THERE = uuid7(), uuid7()
WHO = uuid7()


def local(moment: str) -> datetime:
    """Read an instant as the clinic's clocks show it."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE))


async def data(desk: Desk, day: str, **more: str) -> dict[str, Any]:
    """Read what a script draws of a day."""
    answer = await desk.http.get("/calendar/data", params={"date": day, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def seen(found: dict[str, Any], appointment_id: str) -> dict[str, Any]:
    """Find one appointment in what is drawn."""
    return next(one for one in found["visits"] if one["id"] == appointment_id)


@pytest.fixture
async def booked(clinic: Clinic) -> dict[str, Any]:
    """Book a visit on a day that no other test has."""
    return await clinic.booked()


async def test_a_day_shows_who_works_and_their_visits_in_local_time(front_desk: Desk, booked: dict[str, Any]) -> None:
    start = local(booked["start"])
    found = await data(front_desk, start.date().isoformat())
    one = seen(found, booked["id"])
    assert (one["consultant"], one["start"]) == (booked["consultant"]["id"], start.strftime("%Y-%m-%dT%H:%M"))
    assert (one["status"], one["movable"], one["version"]) == ("booked", True, 1)
    assert one["patient"] in one["label"]
    assert "Booked" in one["label"]
    assert booked["consultant"]["id"] in [column["id"] for column in found["columns"]]


async def test_where_a_day_has_room_is_told_to_those_who_may_book(edge: FastAPI, clinic: Clinic) -> None:
    booked = await clinic.booked()
    start, end = local(booked["start"]), local(booked["end"])
    midnight = start.replace(hour=0, minute=0)
    spans = [(midnight, start), (end, midnight + timedelta(days=1))]
    day = await data(await Desk.open(edge, clinic, "front_desk"), start.date().isoformat())
    rooms = [(one["start"], one["end"]) for one in day["rooms"] if one["consultant"] == booked["consultant"]["id"]]
    assert rooms == [(f"{one:%Y-%m-%dT%H:%M}", f"{two:%Y-%m-%dT%H:%M}") for one, two in spans if one < two]
    assert day["rooms"][-1]["label"].startswith(f"Free {end:%H:%M}\N{EN DASH}")
    assert (await data(await Desk.open(edge, clinic, "auditor"), start.date().isoformat()))["rooms"] == []


async def test_a_week_shows_one_consultant_and_a_list_needs_no_script(owner: Desk, booked: dict[str, Any]) -> None:
    who = booked["consultant"]["id"]
    day = local(booked["start"]).date().isoformat()
    week = await data(owner, day, consultant_id=who)
    assert [column["id"] for column in week["columns"]] == [who]
    assert seen(week, booked["id"])
    page = await owner.read(f"/calendar?date={day}&show=list")
    assert booked["patient"]["name"] in page.text
    assert f"/calendar/appointments/{booked['id']}/move" in page.links


async def test_a_calendar_of_many_asks_no_more_than_one_of_few(
    edge: FastAPI, owner: Desk, clinic: Clinic, booked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    send = ServiceClient._send  # noqa: SLF001 - what goes to the services is counted where it leaves

    async def counting(self: ServiceClient, actor: Any, method: str, path: str, *more: Any) -> Answer:
        if actor.kind == "staff":  # the worker of other tests' bookings asks services too
            asked.append(path)
        return await send(self, actor, method, path, *more)

    day = local(booked["start"]).date().isoformat()
    monkeypatch.setattr(ServiceClient, "_send", counting)
    edge.state.known = Known(clinic.gateway)
    await data(owner, day)
    few = sorted(asked)
    days = [{"location_id": clinic.location, "weekday": n, "starts": "09:00", "ends": "12:00"} for n in range(7)]
    for _ in range(4):
        made = await clinic.made("/consultants", consultant(status="inactive"))
        await clinic.put(f"/consultants/{made}/schedule", json={"hours": days})
    asked.clear()
    edge.state.known = Known(clinic.gateway)
    found = await data(owner, day)
    assert len(found["columns"]) > 4
    assert sorted(asked) == few


async def test_another_organisation_sees_none_of_it(stranger: Desk, clinic: Clinic, booked: dict[str, Any]) -> None:
    found = await data(stranger, local(booked["start"]).date().isoformat())
    assert booked["id"] not in [one["id"] for one in found["visits"]]
    assert clinic.consultant not in [column["id"] for column in found["columns"]]


async def test_a_cancelled_visit_is_shown_to_those_who_ask(owner: Desk, clinic: Clinic, booked: dict[str, Any]) -> None:
    await clinic.post(f"/appointments/{booked['id']}/cancellation", json={"reason": "pat"})
    day = local(booked["start"]).date().isoformat()
    assert booked["id"] not in [one["id"] for one in (await data(owner, day))["visits"]]
    assert seen(await data(owner, day, ended="true"), booked["id"])["movable"] is False


async def test_it_is_moved_once_and_moved_back(front_desk: Desk, booked: dict[str, Any]) -> None:
    path = f"/calendar/appointments/{booked['id']}/move"
    before, later = local(booked["start"]), local(booked["start"]) + timedelta(hours=2)
    wall = later.strftime("%Y-%m-%dT%H:%M")
    page = await front_desk.read(f"{path}?start={wall}", part="dialogs")
    assert "Move to " in page.text
    assert f"{later:%H:%M}?" in page.text
    answer = await front_desk.send(page, path, script=True)
    assert answer.status_code == 204, answer.text
    toast = told(answer)["toast"]
    assert toast["message"].startswith("Moved to")
    assert seen(await data(front_desk, later.date().isoformat()), booked["id"])["start"] == wall
    stale = await front_desk.send(page, path, script=True)
    assert stale.status_code == 422
    assert "Somebody else moved it" in Page(stale.text).text
    back = await front_desk.post(toast["undo"], {"csrf_token": await front_desk.token()})
    assert back.status_code == 303
    one = seen(await data(front_desk, before.date().isoformat()), booked["id"])
    assert (one["start"], one["version"]) == (before.strftime("%Y-%m-%dT%H:%M"), 3)
    again = await front_desk.post(toast["undo"], {"csrf_token": await front_desk.token()})
    assert again.status_code == 303
    assert seen(await data(front_desk, before.date().isoformat()), booked["id"])["version"] == 3


async def test_a_taken_time_is_said_beside_the_time_and_nothing_has_moved(
    front_desk: Desk, clinic: Clinic, booked: dict[str, Any]
) -> None:
    start = local(booked["start"])
    taken = datetime.fromisoformat(booked["start"]) + timedelta(hours=4)
    await clinic.booked(start=taken.isoformat(), consultant_id=booked["consultant"]["id"])
    path = f"/calendar/appointments/{booked['id']}/move"
    page = await front_desk.read(f"{path}?start={taken.astimezone(ZoneInfo(ZONE)):%Y-%m-%dT%H:%M}", part="dialogs")
    answer = await front_desk.send(page, path, script=True)
    said = Page(answer.text)
    assert answer.status_code == 409
    assert said.having("id", "calendar-move-time-error")
    assert seen(await data(front_desk, start.date().isoformat()), booked["id"])["version"] == 1


async def test_it_is_made_longer_and_as_long_as_before_in_one_step_each(
    front_desk: Desk, booked: dict[str, Any]
) -> None:
    path = f"/calendar/appointments/{booked['id']}/move"
    start = local(booked["start"])
    day = start.date().isoformat()
    assert seen(await data(front_desk, day), booked["id"])["resizable"] is True
    page = await front_desk.read(f"{path}?minutes=60", part="dialogs")
    assert f"Lengthen to 1 h, until {start + timedelta(hours=1):%H:%M}?" in page.text
    unread = await front_desk.send(page, path, script=True, minutes="soon")
    assert unread.status_code == 422
    assert Page(unread.text).having("id", "calendar-move-minutes-error")
    answer = await front_desk.send(page, path, script=True)
    assert answer.status_code == 204, answer.text
    assert told(answer)["toast"]["message"] == "It now takes 1 h"
    one = seen(await data(front_desk, day), booked["id"])
    assert (one["start"], one["end"]) == (f"{start:%Y-%m-%dT%H:%M}", f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    await front_desk.post(told(answer)["toast"]["undo"], {"csrf_token": await front_desk.token()})
    one = seen(await data(front_desk, day), booked["id"])
    assert (one["end"], one["version"]) == (f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M}", 3)


async def test_one_that_would_run_into_the_next_names_times_at_which_it_could_be_as_long(
    front_desk: Desk, owner: Desk, clinic: Clinic, booked: dict[str, Any]
) -> None:
    start = datetime.fromisoformat(booked["start"])
    following = (start + timedelta(minutes=30)).isoformat()
    await clinic.booked(start=following, consultant_id=booked["consultant"]["id"])
    path = f"/calendar/appointments/{booked['id']}/move"
    page = await front_desk.read(f"{path}?minutes=60", part="dialogs")
    answer = await front_desk.send(page, path, script=True)
    assert answer.status_code == 409
    said = Page(answer.text)
    assert said.having("id", "calendar-move-minutes-error")
    assert not said.having("name", "overbook_reason"), "the front desk may not overbook"
    there = [one for one in said.links if one.startswith(f"{path}?start=")]
    assert there
    earlier = local(booked["start"]) - timedelta(minutes=30)
    assert f"start={earlier:%Y-%m-%dT%H}%3A{earlier:%M}" in there[0], "half of it where it is now"
    page = await front_desk.read(there[0], part="dialogs")
    answer = await front_desk.send(page, path, script=True)
    assert answer.status_code == 204, answer.text
    one = seen(await data(front_desk, earlier.date().isoformat()), booked["id"])
    assert one["end"] == f"{earlier + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    page = await owner.read(f"{path}?minutes=90", part="dialogs")
    refused = Page((await owner.send(page, path, script=True)).text)
    assert refused.having("name", "overbook_reason")
    answer = await owner.send(refused, path, script=True, overbook_reason="Seen together")
    assert answer.status_code == 204, answer.text


async def test_a_group_visit_is_one_block_that_opens_the_list_of_who_comes(front_desk: Desk, clinic: Clinic) -> None:
    slot = await clinic.slot()
    kind = await clinic.made("/visit-types", visit_type(capacity=3, payment_policy={"kind": "none"}))
    place = {"start": slot["start"], "consultant_id": slot["consultant_id"], "visit_type_id": kind}
    seats = [await clinic.booked(card=None, **place) for _ in range(2)]
    gone = await clinic.booked(card=None, **place)
    await clinic.post(f"/appointments/{gone['id']}/cancellation", json={"reason": "pat"})
    found = await data(front_desk, local(slot["start"]).date().isoformat())
    (block,) = [one for one in found["visits"] if one["id"] in {seat["id"] for seat in seats}]
    assert block["visit"] == "2 of 3"
    assert f"{block['patient']}, 2 of 3" in block["label"]
    assert (block["movable"], block["resizable"], block["status"]) == (False, False, "booked")
    listed = await front_desk.read(block["href"], part="dialogs")
    assert all(seat["patient"]["name"] in listed.text for seat in (*seats, gone))
    another = next(one for one in listed.links if "/appointments/new" in one)
    asked = parse_qs(urlsplit(another).query)
    assert asked["visit_type_id"] == [kind]
    assert datetime.fromisoformat(asked["slot"][0].split("|")[2]) == datetime.fromisoformat(slot["start"])


async def test_an_empty_time_becomes_a_booking_that_begins_with_it(edge: Any, http: httpx.AsyncClient) -> None:
    clinic = await Clinic.begin(edge, http)
    front_desk = await Desk.open(edge, clinic, "front_desk")
    slot = await clinic.slot()
    wall = local(slot["start"]).strftime("%Y-%m-%dT%H:%M")
    answer = await front_desk.http.get("/calendar/new", params={"consultant_id": clinic.consultant, "at": wall})
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert datetime.fromisoformat(asked["slot"][0].split("|")[2]) == datetime.fromisoformat(slot["start"])
    page = await front_desk.read(answer.headers["location"], part="dialogs")
    assert page.form("/appointments").fields["slot"] == asked["slot"][0]
    assert page.form("/appointments").fields["offered"] == "true"


async def test_somebody_who_only_reads_moves_nothing(edge: Any, clinic: Clinic, booked: dict[str, Any]) -> None:
    auditor = await Desk.open(edge, clinic, "auditor")
    assert (await auditor.http.get(f"/calendar/appointments/{booked['id']}/move")).status_code == 403
    found = await data(auditor, local(booked["start"]).date().isoformat())
    assert seen(found, booked["id"])["movable"] is False


def at(hour: float) -> datetime:
    """Give an instant of the day that the shading tests look at."""
    return datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hour)


def window(start: float, end: float, location_id: UUID = HERE) -> Window:
    return Window(consultant_id=WHO, location_id=location_id, zone=ZONE, start=at(start), end=at(end), anchor=at(start))


def told_of(closed: list[Closed], *windows: Window, place: UUID | None = HERE) -> list[tuple[str, float, float]]:
    found = shades(WHO, Span(at(0), at(24)), windows, closed, place, {THERE: "Kandy"})
    hour = timedelta(hours=1)
    return [(one.kind, (one.start - at(0)) / hour, (one.end - at(0)) / hour) for one in found]


def test_what_lies_between_two_stretches_of_work_is_a_break_and_the_rest_is_closed() -> None:
    day = told_of([], window(9, 12), window(13, 17))
    assert day == [("closed", 0, 9), ("break", 12, 13), ("closed", 17, 24)]
    assert told_of([], window(9, 12), window(18, 20))[1] == ("closed", 12, 18)


def test_leave_lies_over_closed_time_and_work_elsewhere_is_said() -> None:
    leave = Closed(consultant_id=WHO, kind="leave", start=at(8), end=at(30), location_id=None)
    assert told_of([leave]) == [("closed", 0, 8), ("leave", 8, 24)]
    elsewhere = told_of([], window(9, 12), window(13, 17, THERE))
    assert elsewhere == [("closed", 0, 9), ("closed", 12, 13), ("elsewhere", 13, 17), ("closed", 17, 24)]
    assert told_of([], window(9, 12), window(13, 17, THERE), place=None)[1] == ("break", 12, 13)
