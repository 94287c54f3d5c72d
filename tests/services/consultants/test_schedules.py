"""Weekly hours and exceptions over HTTP, and the laws that Postgres holds for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from careconnect.embedded.postgres import PostgresServer
from careconnect.ids import uuid7
from tests.services.consultants.clinic import Clinic, hours

WHOLE_DAY = ("2026-11-02T00:00:00+05:30", "2026-11-03T00:00:00+05:30")


async def test_hours_read_back_in_the_order_of_the_week(clinic: Clinic) -> None:
    blocks = [
        hours(clinic.location_id, 1, "22:00", "24:00"),
        hours(clinic.location_id, 0, "14:00", "18:00", valid_from="2026-01-01", valid_to="2026-12-31"),
        hours(clinic.location_id, 0, "09:00", "12:30"),
    ]
    answer = await clinic.works(*blocks)
    told = [{name: value for name, value in block.items() if value is not None} for block in answer["hours"]]
    assert told == [blocks[2], blocks[1], blocks[0]]
    assert answer["version"] == 3  # empty, as the clinic opened, and now


async def test_hours_that_are_there_already_do_not_raise_the_version(clinic: Clinic) -> None:
    blocks = [hours(clinic.location_id, weekday, "09:00", "13:00") for weekday in reversed(range(5))]
    assert (await clinic.works(*blocks))["version"] == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("09:00", "13:00"), ("12:59", "14:00")),
        (("09:00", "13:00"), ("10:00", "11:00")),
        (("09:00", "24:00"), ("23:00", "23:30")),
    ],
)
async def test_overlapping_blocks_are_refused_even_at_different_locations(
    clinic: Clinic, one: tuple[str, str], other: tuple[str, str]
) -> None:
    blocks = [hours(clinic.location_id, 0, *one), hours(uuid7(), 0, *other)]
    path = f"/consultants/{clinic.consultant_id}/schedule"
    answer = await clinic.http.put(path, json={"hours": blocks}, headers=clinic.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "hours.0 and hours.1 overlap" in answer.json()["errors"][0]["message"]


async def test_blocks_that_touch_or_hold_in_different_seasons_do_not_overlap(clinic: Clinic) -> None:
    answer = await clinic.works(
        hours(clinic.location_id, 0, "09:00", "13:00", valid_to="2026-06-30"),
        hours(clinic.location_id, 0, "08:00", "12:00", valid_from="2026-07-01"),
        hours(clinic.location_id, 0, "13:00", "15:00", valid_to="2026-06-30"),
    )
    assert len(answer["hours"]) == 3


async def test_blocks_in_two_zones_that_meet_in_real_time_are_refused(clinic: Clinic) -> None:
    blocks = [
        hours(clinic.location_id, 0, "09:00", "13:00"),
        hours(uuid7(), 0, "04:00", "06:00", zone="Europe/London"),
    ]
    path = f"/consultants/{clinic.consultant_id}/schedule"
    answer = await clinic.http.put(path, json={"hours": blocks}, headers=clinic.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "hours_overlap")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": "09:00"},
        {"ends": "08:00"},
        {"starts": "9:00"},
        {"starts": "24:00"},
        {"weekday": 7},
        {"zone": "Asia/Kolombo"},
        {"valid_from": "2026-07-01", "valid_to": "2026-06-30"},
    ],
)
async def test_hours_that_make_no_sense_are_refused(clinic: Clinic, wrong: dict[str, Any]) -> None:
    block = hours(clinic.location_id, 0, "09:00", "13:00") | wrong
    path = f"/consultants/{clinic.consultant_id}/schedule"
    answer = await clinic.http.put(path, json={"hours": [block]}, headers=clinic.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_of_eight_schedules_written_at_once_from_one_version_one_lands(clinic: Clinic) -> None:
    path = f"/consultants/{clinic.consultant_id}/schedule"

    async def write(turn: int) -> int:
        block = hours(clinic.location_id, 0, "08:00", f"{turn + 10}:00")
        answer = await clinic.http.put(path, json={"hours": [block], "version": 2}, headers=clinic.headers)
        if answer.status_code == 409:
            assert answer.json()["code"] == "version_conflict"
        return answer.status_code

    assert sorted(await asyncio.gather(*(write(turn) for turn in range(8)))) == [200] + [409] * 7
    schedule = (await clinic.http.get(path, headers=clinic.headers)).json()
    assert (schedule["version"], len(schedule["hours"])) == (3, 1)


async def test_eight_schedules_written_at_once_without_a_version_land_one_after_the_other(clinic: Clinic) -> None:
    path = f"/consultants/{clinic.consultant_id}/schedule"

    async def write(turn: int) -> int:
        block = hours(clinic.location_id, 0, "08:00", f"{turn + 10}:00")
        return (await clinic.http.put(path, json={"hours": [block]}, headers=clinic.headers)).status_code

    assert await asyncio.gather(*(write(turn) for turn in range(8))) == [200] * 8
    schedule = (await clinic.http.get(path, headers=clinic.headers)).json()
    assert (schedule["version"], len(schedule["hours"])) == (10, 1)


async def test_postgres_itself_refuses_overlapping_hours(
    clinic: Clinic, postgres: PostgresServer, tenant_id: UUID
) -> None:
    async with _postgres(postgres, tenant_id) as connection:
        with pytest.raises(asyncpg.ExclusionViolationError, match="ex_schedule_blocks_overlap"):
            await connection.execute(
                "INSERT INTO schedule_blocks (tenant_id, id, consultant_id, location_id, zone, weekday, starts, ends,"
                " created_at, updated_at) VALUES ($1, $2, $3, $4, 'Asia/Colombo', 0, 600, 660, now(), now())",
                tenant_id,
                uuid7(),
                clinic.consultant_id,
                uuid7(),
            )


async def test_an_exception_reads_back_is_listed_by_period_and_is_removed_once(clinic: Clinic) -> None:
    made = await clinic.deviates("leave", *WHOLE_DAY, reason="Conference in Galle")
    assert made.status_code == 201, made.text
    path = f"/consultants/{clinic.consultant_id}/exceptions"
    one = f"{path}/{made.json()['id']}"
    assert (await clinic.http.get(one, headers=clinic.headers)).json() == made.json()

    async def listed(start: str, end: str) -> int:
        answer = await clinic.http.get(path, params={"from": start, "to": end}, headers=clinic.headers)
        return len(answer.json()["items"])

    assert await listed("2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z") == 1
    assert await listed("2026-11-02T18:30:00Z", "2026-11-30T00:00:00Z") == 0  # a period begins where the leave ends
    assert [(await clinic.http.delete(one, headers=clinic.headers)).status_code for _ in range(2)] == [204, 204]
    assert (await clinic.http.get(one, headers=clinic.headers)).json()["code"] == "schedule_exception_not_found"


async def test_a_repeated_exception_is_harmless_and_a_changed_one_needs_the_present_version(clinic: Clinic) -> None:
    path = f"/consultants/{clinic.consultant_id}/exceptions/{uuid7()}"
    told = {"kind": "blocked", "starts_at": WHOLE_DAY[0], "ends_at": WHOLE_DAY[1]}

    async def put(**changed: Any) -> tuple[int, Any]:
        answer = await clinic.http.put(path, json=told | changed, headers=clinic.headers)
        return answer.status_code, answer.json().get("version")

    assert await put() == (201, 1)
    assert await put() == (200, 1)
    assert await put(reason="Theatre day", version=1) == (200, 2)
    assert await put(reason="Theatre day", version=1) == (200, 2)
    assert await put(reason="Holiday", version=1) == (409, None)


async def test_extra_hours_take_their_zone_from_the_location_or_ask_for_it(clinic: Clinic) -> None:
    period = ("2026-11-07T09:00:00+05:30", "2026-11-07T11:00:00+05:30")
    known = await clinic.deviates("extra", *period, location_id=str(clinic.location_id))
    assert (known.status_code, known.json()["zone"]) == (201, "Asia/Colombo")
    later = ("2026-11-07T12:00:00+05:30", "2026-11-07T13:00:00+05:30")
    unknown = await clinic.deviates("extra", *later, location_id=str(uuid7()))
    assert (unknown.status_code, unknown.json()["code"]) == (422, "zone_unknown")
    nowhere = await clinic.deviates("extra", *later)
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "invalid_input")


async def test_extra_hours_in_two_places_at_once_are_refused(clinic: Clinic) -> None:
    period = ("2026-11-07T09:00:00+05:30", "2026-11-07T11:00:00+05:30")
    await clinic.deviates("extra", *period, location_id=str(clinic.location_id))
    refused = await clinic.deviates("extra", *period, location_id=str(uuid7()), zone="Asia/Colombo")
    assert (refused.status_code, refused.json()["code"]) == (422, "hours_overlap")


async def test_no_personal_word_is_readable_in_the_database_or_told_in_events(
    clinic: Clinic, postgres: PostgresServer, tenant_id: UUID
) -> None:
    await clinic.deviates("leave", *WHOLE_DAY, reason="Surgery on the knee")
    async with _postgres(postgres, tenant_id) as connection:
        reasons = await connection.fetch("SELECT reason FROM schedule_exceptions")
        contacts = await connection.fetch("SELECT email, phone FROM consultants")
        events = "SELECT data::text FROM outbox_events UNION ALL SELECT data::text FROM audit_events"
        told = [row["data"].lower() for row in await connection.fetch(events)]
    assert len(reasons) == 1
    assert b"knee" not in reasons[0]["reason"]
    assert [b"amara@" in row["email"] or b"234" in row["phone"] for row in contacts] == [False]
    assert told
    assert not [data for data in told if "knee" in data or "amara" in data]


async def test_each_change_leaves_one_audit_event_and_one_domain_event(
    clinic: Clinic, postgres: PostgresServer, tenant_id: UUID
) -> None:
    leave = (await clinic.deviates("leave", *WHOLE_DAY)).json()
    path = f"/consultants/{clinic.consultant_id}"
    await clinic.http.delete(f"{path}/exceptions/{leave['id']}", headers=clinic.headers)
    await clinic.http.put(f"{path}/status", json={"status": "on_leave"}, headers=clinic.headers)
    await clinic.http.patch(path, json={"title": "Prof"}, headers=clinic.headers)
    await clinic.http.delete(path, headers=clinic.headers)
    await clinic.http.post(f"{path}/restoration", headers=clinic.headers)
    async with _postgres(postgres, tenant_id) as connection:
        audited = [row["action"] for row in await connection.fetch("SELECT action FROM audit_events ORDER BY id")]
        told = [row["type"] for row in await connection.fetch("SELECT type FROM outbox_events ORDER BY id")]
    assert audited == [
        "consultant.registered",
        "visit_type.added",
        "schedule.replaced",
        "schedule_exception.entered",
        "schedule_exception.removed",
        "consultant.status_changed",
        "consultant.described",
        "consultant.archived",
        "consultant.restored",
    ]
    assert told == audited


@asynccontextmanager
async def _postgres(postgres: PostgresServer, tenant_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """Speak to the database as the service's own role does, without the service."""
    connection = await asyncpg.connect(postgres.urls()["consultants"].replace("+asyncpg", ""))
    try:
        await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(tenant_id))
        yield connection
    finally:
        await connection.close()
