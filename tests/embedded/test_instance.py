import asyncio
import os
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from careconnect.embedded import parts, ports, version
from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import DataFolder, read_json
from careconnect.embedded.instance import Instance, Options
from careconnect.embedded.runtime import Runtime
from careconnect.embedded.supervisor import Part


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, folder: DataFolder) -> list[str]:
    """Take the processes away, and record the commands that a start runs once."""
    ran: list[str] = []

    async def run_once(_folder: DataFolder, _settings: Mapping[str, str], *arguments: str) -> None:
        ran.append(" ".join(word for word in arguments if word in {"migrate", "seed", "--minimal"}))

    def none(*_: Any) -> list[Part]:
        return []

    folder.pgdata.mkdir()
    (folder.pgdata / "PG_VERSION").touch()
    monkeypatch.setattr(parts, "run_once", run_once)
    monkeypatch.setattr(parts, "stores", none)
    monkeypatch.setattr(parts, "processes", none)
    return ran


async def live(folder: DataFolder, *, seed: bool = True) -> Runtime:
    """Start an instance, ask it to stop as soon as it says that it is ready, and give what it recorded while ready."""
    at_ready = Runtime()

    def say(text: str) -> None:
        nonlocal at_ready
        if text.startswith("Care-Connect is ready"):
            at_ready = Runtime.read(folder)
            os.kill(os.getpid(), signal.SIGTERM)

    options = Options(folder, port=ports.pick(), temporal_port=ports.pick(), seed=seed)
    await asyncio.wait_for(Instance(options, {}, say).run(), 20)
    return at_ready


async def test_a_first_start_makes_tables_then_demo_data_and_a_second_start_neither(
    folder: DataFolder, commands: list[str]
) -> None:
    await live(folder)
    assert commands == ["migrate", "seed"]
    await live(folder)
    assert commands == ["migrate", "seed"]


async def test_demo_data_that_was_declined_does_not_come_later_but_somebody_can_sign_in(
    folder: DataFolder, commands: list[str]
) -> None:
    await live(folder, seed=False)
    await live(folder)
    assert commands == ["migrate", "seed --minimal"]


async def test_a_new_migration_is_applied_at_the_next_start(
    folder: DataFolder, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(folder)
    monkeypatch.setattr(version, "known_migrations", lambda: frozenset({"patients/0002_more"}))
    monkeypatch.setattr(version.Stamp, "read", classmethod(lambda _cls, folder: stamp_of(folder)))
    await live(folder)
    assert commands == ["migrate", "seed", "migrate"]


def stamp_of(folder: DataFolder) -> version.Stamp:
    """Read a stamp without judging it."""
    return version.Stamp.model_validate(read_json(folder.version))


async def test_a_folder_that_lost_its_databases_begins_again(folder: DataFolder, commands: list[str]) -> None:
    await live(folder)
    (folder.pgdata / "PG_VERSION").unlink()
    await live(folder)
    assert commands == ["migrate", "seed"] * 2


async def test_the_first_sign_in_is_there_before_the_demo_data_and_stays(
    folder: DataFolder, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    async def run_once(_folder: DataFolder, _settings: Mapping[str, str], *_arguments: str) -> None:
        seen.append(read_json(folder.credentials))

    monkeypatch.setattr(parts, "run_once", run_once)
    await live(folder)
    await live(folder)
    assert not commands
    assert seen[0]["admin"]["password"]
    assert seen[0]["api_client"] == read_json(folder.credentials)["api_client"]
    assert seen[0]["admin"] == read_json(folder.credentials)["admin"]


async def test_addresses_are_recorded_while_it_runs_and_ports_remembered(
    folder: DataFolder, commands: list[str]
) -> None:
    first = await live(folder)
    assert commands
    assert first.state == "ready"
    assert first.urls["api"] == f"{first.urls['web']}/api/v1"
    assert Runtime.read(folder).state == "stopped"
    assert Runtime.read(folder).supervisor is None
    assert (await live(folder)).ports["postgres"] == first.ports["postgres"]


async def test_a_start_that_fails_leaves_its_reason_and_is_tried_again(
    folder: DataFolder, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = parts.run_once

    async def fail(*_: Any) -> None:
        raise CannotStart("The tables could not be made.")

    monkeypatch.setattr(parts, "run_once", fail)
    with pytest.raises(CannotStart):
        await live(folder)
    assert (Runtime.read(folder).state, Runtime.read(folder).reason) == ("failed", "The tables could not be made.")
    monkeypatch.setattr(parts, "run_once", recorder)
    await live(folder)
    assert commands == ["migrate", "seed"]
