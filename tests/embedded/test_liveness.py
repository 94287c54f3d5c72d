"""What hangs is ended and started again; what is slow, or stands still with the whole machine, is left alone."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from careconnect.embedded import parts, ports, probe
from careconnect.embedded.environment import InstancePorts
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.liveness import Patience, until_it_hangs
from careconnect.embedded.postgres import PostgresServer
from careconnect.embedded.probe import greet_http, greet_postgres, is_not_silent
from careconnect.embedded.runtime import Runtime
from careconnect.embedded.supervisor import Part, Supervisor
from tests.embedded.conftest import server_on

QUICK = Patience(between=0.05, noted=1, probes=4)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on an answer soon."""
    monkeypatch.setattr(probe, "PATIENT_SECONDS", 0.5)


async def asked(replies: str, **patience: float) -> list[bool]:
    """Ask until the part hangs: `!` is an answer, `.` none; give what was told after each probe."""
    told: list[bool] = []
    remaining = iter(replies)

    async def answers() -> bool:
        return next(remaining) == "!"

    await until_it_hangs(answers, told.append, Patience(**{"between": 0, "probes": 4} | patience))  # type: ignore[arg-type]
    assert next(remaining, None) is None
    return told


async def test_only_silence_many_times_in_a_row_is_a_hang_and_a_hiccup_is_not_told() -> None:
    assert await asked("!.!...!....") == [False] * 4 + [True, True] + [False] * 2 + [True] * 3


async def test_time_in_which_the_whole_machine_stood_still_does_not_count() -> None:
    silences = iter([0.0, 0.05, 0.05, 0.05, 0.0, 0.0])
    told: list[bool] = []

    async def answers() -> bool:
        await asyncio.sleep(next(silences))
        return False

    await until_it_hangs(answers, told.append, Patience(between=0, noted=1, probes=3, late=0.04))
    assert (len(told), next(silences, None)) == (6, None)


@pytest.mark.usefixtures("impatient")
async def test_who_takes_a_call_and_says_nothing_is_silent_and_who_refuses_it_is_not(busy_port: int) -> None:
    closed = ports.pick()
    assert not await is_not_silent(lambda: greet_postgres(busy_port))
    assert not await is_not_silent(lambda: greet_http(busy_port, "/"))
    assert await is_not_silent(lambda: greet_postgres(closed))
    assert await is_not_silent(lambda: greet_http(closed, "/"))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ["postgres", "temporal"])
async def test_a_store_that_is_suspended_is_noted_ended_and_back(folder: DataFolder, name: str) -> None:
    part = store(folder, name)
    said: list[str] = []
    supervisor = Supervisor(folder, Runtime(), said.append, patience=QUICK)
    await supervisor.start(part)
    assert part.answers
    assert await part.answers()
    first = supervisor.runtime.parts[name].process
    assert first
    os.kill(first.pid, signal.SIGSTOP)
    await until(lambda: supervisor.runtime.parts[name].state == "silent")
    await until(lambda: f"{name} is ready again" in said)
    assert supervisor.runtime.parts[name].restarts
    assert await part.answers()
    record = Runtime.read(folder).parts[name]
    assert (record.state, record.process != first, record.reason[:14]) == ("ready", True, "did not answer")
    assert "its process is stopped" in said[0]
    await supervisor.stop(name)


def store(folder: DataFolder, name: str) -> Part:
    """Give a part as an instance has it."""
    chosen: list[int] = []
    for _ in InstancePorts.__dataclass_fields__:
        chosen.append(ports.pick(taken=chosen))
    return next(part for part in parts.stores(folder, InstancePorts(*chosen), {}) if part.name == name)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)


async def test_asking_postgres_takes_no_connection_and_leaves_nothing_in_its_log(folder: DataFolder) -> None:
    server: PostgresServer = server_on(folder)
    await server.start()
    before = server.log.read_text()
    for _ in range(20):
        assert await server.answers()
    await server.stop()
    assert "startup packet" not in server.log.read_text().removeprefix(before)
