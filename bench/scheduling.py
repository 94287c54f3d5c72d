"""Free times and calendars as the clinic grows: 20,000, 200,000 and 2,000,000 appointments, each in its own Postgres.

Each location has twelve consultants, and each of them seven visits on each of 238 days, the last eight of which are to
come. So more appointments are more locations: what is asked stays the same, and should take as long. The three are
asked in turn, so that whatever else the machine does slows them down alike.
"""

import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil

from bench.table import Row, show, show_plain
from careconnect import clock, garbage, migrations
from careconnect.auth import Actor
from careconnect.config import DATABASES, DatabaseSettings, SecuritySettings, Settings, TemporalSettings
from careconnect.embedded import databases, keys, ports
from careconnect.embedded.postgres import PostgresServer
from careconnect.ids import uuid7
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import AppointmentFilter, SlotSearch, Window
from services.hosting import Services

SIZES = (20_000, 200_000, 2_000_000)
REPEATS, WARM = 200, 10
TOGETHER, VISITS_A_DAY, DAYS, TO_COME = 12, 7, 238, 8
_EACH = VISITS_A_DAY * DAYS
_LAWS = """
SELECT conname AS name, pg_get_constraintdef(oid) AS law FROM pg_constraint
WHERE conrelid = 'appointments'::regclass AND contype IN ('x', 'c')
"""
_INDEXES = """
SELECT relname AS name, pg_get_indexdef(indexrelid) AS law FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE indrelid = 'appointments'::regclass AND NOT indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_FILL = """
INSERT INTO appointments (tenant_id, id, reference, status, version, patient_id, consultant_id, visit_type_id,
  location_id, zone, start_at, end_at, local_start, occupied_from, occupied_to, status_since, overbooked,
  hours_overridden, request_hash, created_at, updated_at, capacity, seat)
SELECT $1, uuidv7(), 'CC', CASE WHEN starts > $2 THEN 'booked' WHEN visit % 9 = 0 THEN 'cancelled' ELSE 'fulfilled' END,
  1, gen_random_uuid(), consultant, $4, location, 'Asia/Colombo', starts, starts + interval '25 minutes',
  starts AT TIME ZONE 'Asia/Colombo', starts, starts + interval '30 minutes', starts, false, false, '', starts, starts,
  1, 1
FROM unnest($5::uuid[], $6::uuid[]) AS practice(consultant, location)
CROSS JOIN generate_series(0, $7::int - 1) AS visit
CROSS JOIN LATERAL (
  SELECT $3::timestamptz + visit / 7 * interval '1 day' + visit % 7 * interval '70 minutes' AS starts
) AS times
"""


@dataclass
class Clinic:
    """The tenant that grows: its consultants, in the order of their locations."""

    tenant_id: UUID
    visit_type_id: UUID
    opens: datetime
    consultants: list[UUID]
    locations: list[UUID]


async def measure() -> None:
    """Measure free times of a week and the calendars' queries at each size, and compare with the smallest."""
    async with AsyncExitStack() as stack:
        asked = [await _opened(stack, size) for size in SIZES]
        garbage.calm()  # as whoever answers for real
        rows, costs = [], []
        for questions in zip(*asked, strict=True):
            seconds, spent = await _in_turn(questions)
            for one, times, cost in zip(questions, seconds, spent, strict=True):
                first = None if one is questions[0] else questions[0].what
                rows.append(Row(one.what, times, first))
                costs.append((one.what, f"{cost / len(times) * 1000:.1f}"))
    show("Free times and calendars, by appointments kept", rows)
    show_plain("What a busy machine changes less", ("processor time of Postgres", "ms"), costs)


async def _opened(stack: AsyncExitStack, size: int) -> "list[Question]":
    connection, client, postgres = await stack.enter_async_context(_server())
    opens = clock.now().replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - TO_COME)
    clinic = Clinic(uuid7(), uuid7(), opens, [], [])
    await _grow(connection, clinic, size)
    return [Question(f"{what}, {size:,}", ask, postgres) for what, ask in _questions(client, clinic, size)]


async def _in_turn(questions: "Sequence[Question]") -> tuple[list[list[float]], list[float]]:
    """Ask each once, and again; give the seconds of each asking, and what each Postgres spent in all."""
    seconds: list[list[float]] = [[] for _ in questions]
    for one in questions:
        for _ in range(WARM):
            await one.ask()
    before = [_cpu(one.postgres) for one in questions]
    for _ in range(REPEATS):
        for times, one in zip(seconds, questions, strict=True):
            begun = time.perf_counter()
            await one.ask()
            times.append(time.perf_counter() - begun)
    return seconds, [_cpu(one.postgres) - spent for one, spent in zip(questions, before, strict=True)]


@dataclass
class Question:
    """Something to ask of one clinic; `postgres` is the process that answers."""

    what: str
    ask: Callable[[], Awaitable[None]]
    postgres: int


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[asyncpg.Connection, AppointmentsClient, int]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        server = PostgresServer(folder, settings={"fsync": "off", "maintenance_work_mem": "256MB"})
        await server.start()
        stack.push_async_callback(server.stop)
        await server.prepare()
        address = DatabaseSettings(**server.urls())
        await migrations.upgrade(address, ("appointments",))
        keys.create_keys(server.folder)
        own = {name: server.folder.keys / file for name, file in _KEYS.items()}
        settings = Settings(
            environment="test",
            database=address,
            security=SecuritySettings(**own),
            temporal=TemporalSettings(codec_key_file=server.folder.keys / "codec.key"),
        )
        services = await stack.enter_async_context(Services(settings))
        database = DATABASES["appointments"]
        connection = await databases.connect(ports.LOOPBACK, server.port, server.passwords(), database)
        stack.push_async_callback(connection.close)
        assert server.child is not None  # noqa: S101 - started above
        yield connection, services.client(AppointmentsClient), server.child.pid


_KEYS = {"master_key_file": "master.key", "internal_key_file": "internal.pem", "oauth_key_file": "oauth.pem"}


async def _grow(connection: asyncpg.Connection, clinic: Clinic, size: int) -> None:
    """Write the appointments; laws and indexes are taken away meanwhile, and hold for all when they are back."""
    clinic.consultants = [uuid7() for _ in range(size // _EACH)]
    places = [uuid7() for _ in range(len(clinic.consultants) // TOGETHER)]
    clinic.locations = [places[number // TOGETHER] for number in range(len(clinic.consultants))]
    laws, indexes = await connection.fetch(_LAWS), await connection.fetch(_INDEXES)
    for law in laws:
        await connection.execute(f"ALTER TABLE appointments DROP CONSTRAINT {law['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    asked = (clinic.tenant_id, clock.now(), clinic.opens, clinic.visit_type_id)
    await connection.execute(_FILL, *asked, clinic.consultants, clinic.locations, _EACH)
    for index in indexes:
        await connection.execute(index["law"])
    for law in laws:
        await connection.execute(f"ALTER TABLE appointments ADD CONSTRAINT {law['name']} {law['law']}")
    await connection.execute("VACUUM ANALYZE appointments")


def _questions(
    client: AppointmentsClient, clinic: Clinic, size: int
) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    actor = Actor.system("appointments:read", tenant_id=clinic.tenant_id)
    dice = random.Random(size)  # noqa: S311 - which location is asked for has to be the same every time
    monday = clinic.opens + timedelta(days=DAYS - TO_COME + 1)

    def somewhere() -> int:
        return dice.randrange(len(clinic.consultants) // TOGETHER) * TOGETHER

    async def slots() -> None:
        first = somewhere()
        found = await client.slots(actor, _search(clinic, range(first, first + TOGETHER), monday))
        assert len(found) == _SHOWN  # noqa: S101 - a measurement of nothing is none

    async def day() -> None:
        place, start = clinic.locations[somewhere()], monday - timedelta(hours=3)
        wanted = AppointmentFilter(from_=start, to=start + timedelta(days=1), location_id=place)
        assert len((await client.list(actor, wanted, limit=200)).items) == TOGETHER * VISITS_A_DAY  # noqa: S101

    async def week() -> None:
        who, start = clinic.consultants[somewhere()], monday - timedelta(hours=3)
        wanted = AppointmentFilter(from_=start, to=start + timedelta(days=5), consultant_id=[who])
        assert len((await client.list(actor, wanted, limit=200)).items) == 5 * VISITS_A_DAY  # noqa: S101

    return [
        ("slots, a week of 12 consultants", slots),
        ("calendar, a day of 12", day),
        ("calendar, a week of one", week),
    ]


_SHOWN = 200


def _search(clinic: Clinic, who: range, monday: datetime) -> SlotSearch:
    """Ask for a working week: a morning and an afternoon a day, in steps of a quarter of an hour."""
    windows = [
        Window(
            consultant_id=clinic.consultants[number],
            location_id=clinic.locations[number],
            zone="Asia/Colombo",
            start=monday + timedelta(days=day, hours=hours),
            end=monday + timedelta(days=day, hours=hours + 4),
        )
        for number in who
        for day in range(5)
        for hours in (0, 5)
    ]
    return SlotSearch(windows=windows, duration_minutes=20, not_before=monday, limit=_SHOWN)


def _cpu(pid: int) -> float:
    """Read the processor seconds of a Postgres and its children."""
    head = psutil.Process(pid)
    members = [head, *head.children(recursive=True)]
    return sum(member.cpu_times().user + member.cpu_times().system for member in members)
