"""The laws of the appointments service, over HTTP with a real Postgres."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments import repository
from tests.conftest import Act

NINE = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
DESK = ("appointments:read", "appointments:write")
CHIEF = (*DESK, "appointments:overbook")

ME = sa.text("SELECT pg_backend_pid()")
WAITS = sa.text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND :whom = ANY (pg_blocking_pids(pid)))")
"""Whether somebody waits for what another is changing."""


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


def asked(start: datetime = NINE, minutes: int = 30, **also: Any) -> dict[str, Any]:
    end = start + timedelta(minutes=minutes)
    ids = {name: str(uuid7()) for name in ("patient_id", "consultant_id", "visit_type_id", "location_id")}
    times = {"start": start, "end": end, "occupied_from": start, "occupied_to": end}
    return ids | {"zone": "Asia/Colombo"} | {name: at.isoformat() for name, at in times.items()} | also


async def hold(
    http: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], key: UUID | None = None
) -> httpx.Response:
    return await http.put(f"/appointments/{key or uuid7()}", json=body, headers=headers)


async def test_anonymous_may_not_hold(http: httpx.AsyncClient) -> None:
    answer = await http.put(f"/appointments/{uuid7()}", json=asked())
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


async def test_a_reader_may_not_hold(http: httpx.AsyncClient, act: Act) -> None:
    answer = await hold(http, act("appointments:read"), asked())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_another_tenants_appointment_does_not_exist(http: httpx.AsyncClient, act: Act) -> None:
    key = uuid7()
    assert (await hold(http, act(*DESK), asked(), key)).status_code == 201
    answer = await http.get(f"/appointments/{key}", headers=act(*DESK, tenant=uuid7()))
    assert (answer.status_code, answer.json()["code"]) == (404, "appointment_not_found")


async def test_one_consultant_is_never_booked_twice_however_many_ask_at_once(http: httpx.AsyncClient, act: Act) -> None:
    consultant = str(uuid7())
    headers = act(*DESK)
    answers = await asyncio.gather(*(hold(http, headers, asked(consultant_id=consultant)) for _ in range(30)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 29}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot_taken"}


async def test_one_patient_is_never_in_two_places(http: httpx.AsyncClient, act: Act) -> None:
    patient = str(uuid7())
    assert (await hold(http, act(*DESK), asked(patient_id=patient))).status_code == 201
    answer = await hold(http, act(*DESK), asked(NINE + timedelta(minutes=15), patient_id=patient))
    assert (answer.status_code, answer.json()["code"]) == (409, "patient_busy")


async def test_buffers_belong_to_the_occupied_time(http: httpx.AsyncClient, act: Act) -> None:
    consultant = str(uuid7())
    until = (NINE + timedelta(minutes=45)).isoformat()
    await hold(http, act(*DESK), asked(consultant_id=consultant, occupied_to=until))
    early = await hold(http, act(*DESK), asked(NINE + timedelta(minutes=30), consultant_id=consultant))
    later = await hold(http, act(*DESK), asked(NINE + timedelta(minutes=45), consultant_id=consultant))
    assert (early.status_code, later.status_code) == (409, 201)


async def test_a_repeated_hold_answers_with_what_stands(http: httpx.AsyncClient, act: Act) -> None:
    key, body = uuid7(), asked()
    first = await hold(http, act(*DESK), body, key)
    again = await hold(http, act(*DESK), body, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


async def test_an_overbooking_may_overlap_and_what_comes_after_it_may_not(http: httpx.AsyncClient, act: Act) -> None:
    consultant = str(uuid7())
    await hold(http, act(*CHIEF), asked(consultant_id=consultant, overbooked=True))
    plain = await hold(http, act(*CHIEF), asked(consultant_id=consultant))
    over = await hold(http, act(*CHIEF), asked(consultant_id=consultant, overbooked=True))
    assert (plain.status_code, over.status_code) == (409, 201)


async def test_a_plain_appointment_does_not_end_in_what_an_overbooked_one_needs_before_it(
    http: httpx.AsyncClient, act: Act
) -> None:
    consultant, end = str(uuid7()), NINE + timedelta(minutes=30)
    readied: dict[str, Any] = {"occupied_from": (end - timedelta(minutes=5)).isoformat(), "overbooked": True}
    await hold(http, act(*CHIEF), asked(end + timedelta(minutes=10), consultant_id=consultant, **readied))
    plain = await hold(http, act(*CHIEF), asked(consultant_id=consultant))
    assert (plain.status_code, plain.json()["code"]) == (409, "slot_taken")


async def test_a_plain_appointment_is_not_in_what_an_overbooked_one_needs_a_day_after_it_began(
    http: httpx.AsyncClient, act: Act
) -> None:
    consultant, day = str(uuid7()), timedelta(days=1)
    cleaned: dict[str, Any] = {"occupied_to": (NINE + timedelta(hours=4)).isoformat(), "overbooked": True}
    await hold(http, act(*CHIEF), asked(NINE - day, minutes=24 * 60, consultant_id=consultant, **cleaned))
    plain = await hold(http, act(*CHIEF), asked(NINE + timedelta(hours=3), consultant_id=consultant))
    assert (plain.status_code, plain.json()["code"]) == (409, "slot_taken")


async def test_a_plain_appointment_is_not_moved_onto_an_overbooked_one(http: httpx.AsyncClient, act: Act) -> None:
    headers, consultant = act(*CHIEF), str(uuid7())
    key = await booked(http, headers, consultant_id=consultant)
    later = NINE + timedelta(hours=3)
    await booked(http, headers, consultant_id=consultant, start=later, overbooked=True)
    body = asked(later, consultant_id=consultant, to_version=2)
    body = {name: body[name] for name in body if name not in {"patient_id", "visit_type_id"}}
    refused = await http.put(f"/appointments/{key}/rescheduling", json=body, headers=headers)
    allowed = await http.put(f"/appointments/{key}/rescheduling", json=body | {"overbooked": True}, headers=headers)
    assert (refused.status_code, refused.json()["code"], allowed.status_code) == (409, "slot_taken", 200)


async def test_a_hold_that_ran_out_stands_in_nobodys_way(
    http: httpx.AsyncClient, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    consultant, stale = str(uuid7()), uuid7()
    await hold(http, act(*DESK), asked(consultant_id=consultant, hold_seconds=5), stale)
    later = datetime.now(UTC) + timedelta(minutes=1)
    monkeypatch.setattr("careconnect.clock.now", lambda: later)
    assert (await hold(http, act(*DESK), asked(consultant_id=consultant))).status_code == 201
    refused = await http.post(f"/appointments/{stale}/confirmation", headers=act(*DESK))
    assert (refused.status_code, refused.json()["code"]) == (409, "hold_expired")


async def test_a_hold_that_is_confirmed_in_its_last_moment_is_not_given_to_somebody_else(
    http: httpx.AsyncClient,
    act: Act,
    actor: Callable[..., Actor],
    apps: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consultant, late = str(uuid7()), uuid7()
    await hold(http, act(*DESK), asked(consultant_id=consultant, hold_seconds=5), late)
    after = datetime.now(UTC) + timedelta(minutes=1)
    monkeypatch.setattr("careconnect.clock.now", lambda: after)
    database = apps("appointments").state.database
    async with database.write(actor(*DESK)) as confirming:
        assert (await repository.get(confirming, late, lock=True)).confirm()
        await confirming.flush()
        me = {"whom": await confirming.scalar(ME)}
        other = asyncio.create_task(hold(http, act(*DESK), asked(consultant_id=consultant)))
        async with database.read(actor(*DESK)) as watching:
            while not await watching.scalar(WAITS, me):
                await watching.rollback()
        await confirming.commit()
    assert ((await other).status_code, (await other).json()["code"]) == (409, "slot_taken")
    standing = await http.get(f"/appointments/{late}/standing", headers=act(*DESK))
    assert standing.json()["status"] == "booked"


async def booked(http: httpx.AsyncClient, headers: dict[str, str], **also: Any) -> UUID:
    key = uuid7()
    await hold(http, headers, asked(**also), key)
    answer = await http.post(f"/appointments/{key}/confirmation", headers=headers)
    assert answer.json()["status"] == "booked"
    return key


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the platform's clock stand."""
    monkeypatch.setattr("careconnect.clock.now", lambda: moment)


async def test_a_visit_goes_forward_and_back_and_repeats_harmlessly(
    http: httpx.AsyncClient, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = act(*DESK)
    key = await booked(http, headers)
    at(monkeypatch, NINE)
    steps = [
        ("PUT", "arrival", "arrived"), ("PUT", "arrival", "arrived"), ("PUT", "check-in", "checked_in"),
        ("DELETE", "check-in", "arrived"), ("DELETE", "arrival", "booked"), ("PUT", "no-show", "no_show"),
        ("DELETE", "no-show", "booked"), ("PUT", "check-in", "checked_in"), ("PUT", "completion", "fulfilled"),
    ]  # fmt: skip
    for method, verb, status in steps:
        answer = await http.request(method, f"/appointments/{key}/{verb}", headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    events = (await http.get(f"/appointments/{key}/timeline", headers=headers)).json()
    assert [event["action"].removeprefix("appointment.") for event in events] == [
        "held", "booked", "arrived", "checked_in", "check_in_undone", "arrival_undone",
        "no_show", "no_show_undone", "checked_in", "fulfilled",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "start", "opens"),
    [
        ("no-show", NINE, NINE),
        ("arrival", NINE, datetime(2031, 3, 2, 18, 30, tzinfo=UTC)),
        ("check-in", NINE, datetime(2031, 3, 2, 18, 30, tzinfo=UTC)),
        ("arrival", datetime(2031, 3, 2, 19, 0, tzinfo=UTC), datetime(2031, 3, 2, 17, 0, tzinfo=UTC)),
    ],
    ids=["a no-show", "an arrival", "a check-in", "an arrival before midnight"],
)
async def test_what_cannot_have_happened_yet_is_refused_by_the_locations_clock(
    http: httpx.AsyncClient, act: Act, monkeypatch: pytest.MonkeyPatch, verb: str, start: datetime, opens: datetime
) -> None:
    headers = act(*DESK)
    key = await booked(http, headers, start=start)
    at(monkeypatch, opens - timedelta(minutes=2))
    early = await http.put(f"/appointments/{key}/{verb}", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "too_early")
    assert datetime.fromisoformat(early.json()["possible_from"]) == opens
    at(monkeypatch, opens)
    assert (await http.put(f"/appointments/{key}/{verb}", headers=headers)).status_code == 200


async def test_a_fulfilled_visit_cannot_be_cancelled(
    http: httpx.AsyncClient, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = act(*DESK)
    key = await booked(http, headers)
    at(monkeypatch, NINE)
    for verb in ("check-in", "completion"):
        await http.put(f"/appointments/{key}/{verb}", headers=headers)
    answer = await http.put(f"/appointments/{key}/cancellation", json={"reason": "pat"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


async def test_a_cancelled_time_is_free_at_once(http: httpx.AsyncClient, act: Act) -> None:
    headers, consultant = act(*DESK), str(uuid7())
    key = await booked(http, headers, consultant_id=consultant)
    await http.put(f"/appointments/{key}/cancellation", json={"reason": "pat"}, headers=headers)
    assert (await hold(http, headers, asked(consultant_id=consultant))).status_code == 201


async def test_a_move_takes_the_new_time_or_changes_nothing(http: httpx.AsyncClient, act: Act) -> None:
    headers, consultant = act(*DESK), str(uuid7())
    key = await booked(http, headers, consultant_id=consultant)
    ten, eleven = NINE + timedelta(hours=1), NINE + timedelta(hours=2)
    await booked(http, headers, consultant_id=consultant, start=eleven)

    async def move(start: datetime, version: int) -> httpx.Response:
        body = asked(start, consultant_id=consultant, to_version=version)
        body = {name: body[name] for name in body if name not in {"patient_id", "visit_type_id"}}
        return await http.put(f"/appointments/{key}/rescheduling", json=body, headers=headers)

    taken = await move(eleven, 2)
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    moved = await move(ten, 2)
    again = await move(ten, 2)
    assert (moved.json()["version"], moved.json()["start"]) == (2, "2031-03-03T10:00:00Z")
    assert again.json() == moved.json()


async def test_a_release_is_harmless_before_after_and_twice(http: httpx.AsyncClient, act: Act) -> None:
    headers, key = act(*DESK), uuid7()
    for _ in range(2):
        answer = await http.put(f"/appointments/{key}/release", json={"code": "card_declined"}, headers=headers)
        assert answer.status_code == 204
    await hold(http, headers, asked(), key)
    for _ in range(2):
        await http.put(f"/appointments/{key}/release", json={"code": "card_declined"}, headers=headers)
    standing = (await http.get(f"/appointments/{key}/standing", headers=headers)).json()
    assert (standing["status"], standing["refusal_code"]) == ("expired", "card_declined")


async def test_notes_are_sealed_and_come_back(http: httpx.AsyncClient, act: Act, apps: Any, actor: Any) -> None:
    headers = act(*DESK)
    key = await booked(http, headers)
    words = {"reason": "chest pain — හෘද රෝග", "notes": "'; DROP TABLE appointments; --"}
    assert (await http.put(f"/appointments/{key}/notes", json=words, headers=headers)).status_code == 204
    read = (await http.get(f"/appointments/{key}", headers=headers)).json()
    assert {name: read[name] for name in words} == words
    async with apps("appointments").state.database.read(actor("*")) as session:
        sealed = (await session.execute(__import__("sqlalchemy").text("SELECT sealed FROM appointment_notes"))).scalar()
    assert b"chest" not in sealed


async def test_free_slots_are_working_time_minus_occupied_time(http: httpx.AsyncClient, act: Act) -> None:
    headers, consultant = act(*DESK), str(uuid7())
    await booked(http, headers, consultant_id=consultant, start=NINE + timedelta(minutes=30))
    window = {
        "consultant_id": consultant, "location_id": str(uuid7()), "zone": "Asia/Colombo",
        "start": NINE.isoformat(), "end": (NINE + timedelta(hours=2)).isoformat(),
    }  # fmt: skip
    search = {"windows": [window], "duration_minutes": 30, "step_minutes": 15, "not_before": NINE.isoformat()}
    found = (await http.post("/slots", json=search, headers=headers)).json()
    assert [slot["start"][11:16] for slot in found] == ["09:00", "10:00", "10:15", "10:30"]


async def test_a_list_is_paged_without_gaps_or_repeats(http: httpx.AsyncClient, act: Act) -> None:
    headers = act(*DESK)
    keys = [str(await booked(http, headers, start=NINE + timedelta(hours=hour))) for hour in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2, "count": True} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/appointments", params=params, headers=headers)).json()
        assert page["total"] == 5
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == keys


async def test_a_broken_cursor_is_told(http: httpx.AsyncClient, act: Act) -> None:
    answer = await http.get("/appointments", params={"cursor": "bm90IG91cnM"}, headers=act(*DESK))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_cursor")


async def test_audit_events_cannot_be_changed(http: httpx.AsyncClient, act: Act, apps: Any, actor: Any) -> None:
    await booked(http, act(*DESK))
    for statement in ("UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"):
        with pytest.raises(sa.exc.DBAPIError):
            async with apps("appointments").state.database.write(actor("*")) as session:
                await session.execute(sa.text(statement))
