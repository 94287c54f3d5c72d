"""Rooms and group visits: what the database lets share a time, and what it does not, however many ask at once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from careconnect.ids import uuid7
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import DESK, NINE, asked, booked, hold

CLASS: dict[str, Any] = {name: str(uuid7()) for name in ("consultant_id", "visit_type_id", "location_id")}


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


def seats(answers: list[httpx.Response]) -> list[int]:
    return sorted(answer.json()["seat"] for answer in answers if answer.status_code == 201)


async def test_a_group_visit_has_as_many_seats_as_its_capacity_however_many_ask_at_once(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers = act(*DESK)
    answers = await asyncio.gather(*(hold(http, headers, asked(**CLASS, capacity=5)) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 5, 409: 15}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot_taken"}
    assert seats(answers) == [1, 2, 3, 4, 5]


async def test_a_seat_that_was_given_back_is_taken_again_and_one_patient_sits_once(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers, patient = act(*DESK), str(uuid7())
    first = await booked(http, headers, **CLASS, capacity=2)
    assert seats([await hold(http, headers, asked(**CLASS, capacity=2, patient_id=patient))]) == [2]
    await http.put(f"/appointments/{first}/cancellation", json={"reason": "pat"}, headers=headers)
    again = await hold(http, headers, asked(**CLASS, capacity=2, patient_id=patient))
    assert (again.status_code, again.json()["code"]) == (409, "patient_busy")
    assert seats([await hold(http, headers, asked(**CLASS, capacity=2))]) == [1]


@pytest.mark.parametrize(
    "other",
    [
        {"visit_type_id": str(uuid7())},
        {"location_id": str(uuid7())},
        {"start": NINE + timedelta(minutes=15)},
        {"minutes": 45},
        {"capacity": 1},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_what_is_not_the_same_group_does_not_share_its_time(
    http: httpx.AsyncClient, act: Act, other: dict[str, Any]
) -> None:
    headers = act(*DESK)
    assert (await hold(http, headers, asked(**CLASS, capacity=3))).status_code == 201
    refused = await hold(http, headers, asked(**(CLASS | {"capacity": 3} | other)))
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")


async def test_fitting_rooms_are_given_out_one_by_one_however_many_ask_at_once(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers, rooms, place = act(*DESK), [str(uuid7()) for _ in range(3)], str(uuid7())
    answers = await asyncio.gather(*(hold(http, headers, asked(rooms=rooms, location_id=place)) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"no_room_free"}
    assert sorted(answer.json()["room_id"] for answer in answers if answer.status_code == 201) == sorted(rooms)


async def test_a_room_is_occupied_for_the_buffers_too_and_a_group_shares_one(http: httpx.AsyncClient, act: Act) -> None:
    headers, room = act(*DESK), [str(uuid7())]
    until = (NINE + timedelta(minutes=45)).isoformat()
    for _ in range(2):
        shared = await hold(http, headers, asked(**CLASS, capacity=2, rooms=room, occupied_to=until))
        assert (shared.status_code, shared.json()["room_id"]) == (201, room[0])
    early = await hold(http, headers, asked(NINE + timedelta(minutes=30), rooms=room))
    later = await hold(http, headers, asked(NINE + timedelta(minutes=45), rooms=room))
    assert (early.status_code, early.json()["code"], later.status_code) == (409, "no_room_free", 201)


async def test_a_room_that_is_made_ready_for_the_next_visit_is_passed_over_for_one_that_is_free(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers, rooms, place = act(*DESK), sorted(str(uuid7()) for _ in range(2)), str(uuid7())
    end = NINE + timedelta(minutes=30)
    readied: dict[str, Any] = {"occupied_from": (end - timedelta(minutes=5)).isoformat(), "location_id": place}
    first = await hold(http, headers, asked(end + timedelta(minutes=10), rooms=rooms, **readied))
    before_it = await hold(http, headers, asked(rooms=rooms, location_id=place))
    assert (first.json()["room_id"], before_it.status_code) == (rooms[0], 201)
    assert before_it.json()["room_id"] == rooms[1]


async def test_who_is_overbooked_gets_a_free_room_or_goes_without(http: httpx.AsyncClient, act: Act) -> None:
    headers, rooms = act(*DESK, "appointments:overbook"), [str(uuid7())]
    given = [await hold(http, headers, asked(rooms=rooms, overbooked=True)) for _ in range(2)]
    assert [answer.json()["room_id"] for answer in given] == [rooms[0], None]
    assert (await hold(http, headers, asked(rooms=rooms))).json()["code"] == "no_room_free"


async def test_who_may_not_overbook_is_refused_by_the_service_itself(http: httpx.AsyncClient, act: Act) -> None:
    flags: list[dict[str, Any]] = [{"overbooked": True}, {"hours_overridden": True}]
    for flag in flags:
        refused = await hold(http, act(*DESK), asked(**flag))
        assert (refused.status_code, refused.json()["needed"]) == (403, "appointments:overbook")


async def test_a_move_takes_a_seat_and_a_room_at_the_new_time(http: httpx.AsyncClient, act: Act) -> None:
    headers, room, ten = act(*DESK), [str(uuid7())], NINE + timedelta(hours=1)
    key = await booked(http, headers, **CLASS, capacity=2, rooms=room)
    await booked(http, headers, **CLASS, capacity=2, rooms=room, start=ten)
    body = asked(ten, **CLASS, capacity=2, rooms=room, to_version=2)
    body = {name: body[name] for name in body if name not in {"patient_id", "visit_type_id"}}
    moved = await http.put(f"/appointments/{key}/rescheduling", json=body, headers=headers)
    assert (moved.status_code, moved.json()["seat"], moved.json()["room_id"]) == (200, 2, room[0])


async def test_what_moves_stays_in_its_room_where_that_is_free_and_goes_back_to_the_room_it_had(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers, rooms, place = act(*DESK), sorted(str(uuid7()) for _ in range(2)), str(uuid7())
    there: dict[str, Any] = {"location_id": place, "rooms": rooms}
    before_it, ten = await booked(http, headers, **there), NINE + timedelta(hours=1)
    key = await booked(http, headers, **there)
    await http.put(f"/appointments/{before_it}/cancellation", json={"reason": "pat"}, headers=headers)

    async def moved(start: datetime, to_version: int, **also: Any) -> str:
        body = asked(start, **there, consultant_id=str(uuid7()), to_version=to_version) | also
        body = {name: body[name] for name in body if name not in {"patient_id", "visit_type_id"}}
        answer = await http.put(f"/appointments/{key}/rescheduling", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["room_id"])

    longer = {"end": ten.isoformat(), "occupied_to": ten.isoformat()}
    assert await moved(NINE, 2, **longer) == rooms[1], "the first is free by now, but the patient knows of the second"
    await booked(http, headers, location_id=place, rooms=rooms[1:], start=ten)
    assert await moved(ten, 3) == rooms[0]
    assert await moved(NINE, 4, rooms=rooms[::-1], undoes=True) == rooms[1]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("seat = 1", "ex_appointments_seat"),
        ("capacity = 1, seat = 1", "ex_appointments_consultant"),
        ("consultant_id = gen_random_uuid()", "ex_appointments_room"),
        ("seat = 3", "ck_appointments_seat"),
    ],
)
async def test_postgres_itself_holds_seats_and_rooms_apart(
    http: httpx.AsyncClient, act: Act, apps: Any, actor: Any, change: str, constraint: str
) -> None:
    room = [str(uuid7())]
    for _ in range(2):
        last = await booked(http, act(*DESK), **CLASS, capacity=2, rooms=room)
    with pytest.raises(sa.exc.IntegrityError, match=constraint):
        async with apps("appointments").state.database.write(actor("*")) as session:
            await session.execute(sa.text(f"UPDATE appointments SET {change} WHERE id = :id"), {"id": last})  # noqa: S608


async def test_slots_of_a_group_are_offered_until_it_is_full_and_of_a_room_until_none_is_free(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers, room = act(*DESK), str(uuid7())
    window = {"zone": "Asia/Colombo", "start": NINE.isoformat(), "end": (NINE + timedelta(hours=1)).isoformat()}
    window |= {name: CLASS[name] for name in ("consultant_id", "location_id")}
    search = {"windows": [window], "duration_minutes": 30, "step_minutes": 15, "not_before": NINE.isoformat()}
    search |= {"visit_type_id": CLASS["visit_type_id"], "capacity": 2, "rooms": {CLASS["location_id"]: [room]}}

    async def free(**also: Any) -> list[str]:
        found = await http.post("/slots", json=search | also, headers=headers)
        return [slot["start"][11:16] for slot in found.json()]

    assert await free() == ["09:00", "09:15", "09:30"]
    await hold(http, headers, asked(**CLASS, capacity=2, rooms=[room]))
    assert await free() == ["09:00", "09:30"]
    assert await free(capacity=1) == ["09:30"]
    await hold(http, headers, asked(**CLASS, capacity=2, rooms=[room]))
    assert await free() == ["09:30"]
    await hold(http, headers, asked(NINE + timedelta(minutes=30), rooms=[room]))
    assert await free() == []
    assert await free(rooms=None) == ["09:30"]
