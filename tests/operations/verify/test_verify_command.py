"""The command: its exit codes, what it prints, and how it tells a step under way from a broken law."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from careconnect import clock
from careconnect.config import DatabaseSettings, Settings
from operations.verify import report
from operations.verify.__main__ import main, verify
from operations.verify.evidence import Evidence
from operations.verify.finding import CannotCheckError, Finding, Law, Verdict
from operations.verify.inspection import inspect
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance


def verdict(finding: Finding, unreadable: str | None = None) -> Verdict:
    return Verdict(Law(3, "no hold outlives its expiry", lambda _: never()), finding, unreadable)


async def never() -> Finding:
    return Finding()


def test_a_broken_law_weighs_more_than_one_that_cannot_be_checked() -> None:
    broken, unread = verdict(Finding(violations=["x"])), verdict(Finding(), "no database")
    skipped = verdict(Finding(skipped="nobody aggregates"))
    assert report.exit_code([broken, unread]) == 1
    assert report.exit_code([unread, skipped]) == 2
    assert report.exit_code([skipped]) == 0


def test_programs_get_counts_and_a_few_examples() -> None:
    finding = Finding(checked=9, violations=[f"CC-{number}" for number in range(7)], remarks=["2 not judged"])
    told = json.loads(report.as_json([verdict(finding)]))
    assert told["clean"] is False
    (law,) = told["laws"]
    assert (law["law"], law["checked"], law["violated"], len(law["examples"])) == (3, 9, 7, 5)
    assert law["remarks"] == ["2 not judged"]


def test_people_get_a_line_per_law_that_shows_examples_as_they_are() -> None:
    written = StringIO()
    finding = Finding(checked=1200, violations=["the policy [red] of x"])
    report.show(Console(file=written, width=160), [verdict(finding), verdict(Finding(), "The engine is away.")])
    for words in ("no hold outlives its expiry", "1,200", "the policy [red] of x", "The engine is away.", "broken"):
        assert words in written.getvalue()


async def test_a_database_that_is_away_is_said_and_is_no_violation(instance: Instance) -> None:
    gone = DatabaseSettings(auditor="postgresql+asyncpg://careconnect_auditor:x@127.0.0.1:1")
    (found,) = await verify(instance.settings.model_copy(update={"database": gone}), 0, {3})
    assert found.unreadable is not None
    assert found.unreadable.startswith("The database at 127.0.0.1:1/careconnect_appointment_db cannot be read")
    assert report.exit_code([found]) == 2


async def test_an_engine_that_is_away_spoils_no_other_law(instance: Instance) -> None:
    away = instance.settings.temporal.model_copy(update={"address": "127.0.0.1:1"})
    verdicts = await verify(instance.settings.model_copy(update={"temporal": away}), 0, {1, 8, 10})
    assert [bool(one.unreadable) for one in verdicts] == [False, True, False]


async def test_without_the_right_master_key_seals_are_not_called_wrong(
    instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("keys") / "master.key"
    other.write_text("A" * 43 + "=")
    security = instance.settings.security.model_copy(update={"master_key_file": other})
    values = {name: getattr(instance.settings, name) for name in ("environment", "database", "temporal")}
    (found,) = await verify(Settings(**values, security=security), 0, {10})
    assert found.finding.violations == []
    assert "master key" in str(found.unreadable)


async def test_the_auditor_cannot_write(instance: Instance) -> None:
    async with Evidence(instance.settings) as evidence:
        database = await evidence.database("appointments")
        with pytest.raises(Exception, match="read-only transaction"):
            await database.execute("DELETE FROM appointments")


def looks(*findings: list[str]) -> Law:
    """Make a law that finds one after the other, and the last again and again."""
    left: Iterator[list[str]] = iter(findings)
    state: list[list[str]] = [[]]

    async def check(_: Evidence) -> Finding:
        state[0] = next(left, state[0])
        return Finding(checked=1, violations=list(state[0]))

    return Law(1, "a law", check)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([["a", "b"], ["b"], ["b", "c"]], ["b"]),
        ([["a"], []], []),
        ([["a"], ["b"], ["a"]], []),
    ],
)
async def test_only_what_is_found_every_time_is_a_violation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, findings: list[list[str]], expected: list[str]
) -> None:
    monkeypatch.setattr("operations.verify.inspection.PAUSE", 0.0)
    async with Evidence(settings) as evidence:
        verdicts = [one async for one in inspect(evidence, [looks(*findings)], 0.05)]
    assert verdicts[0].finding.violations == expected


async def test_a_source_that_cannot_be_read_is_a_sentence(settings: Settings) -> None:
    async def check(_: Evidence) -> Finding:
        raise CannotCheckError("The engine is away: start it.")

    async with Evidence(settings) as evidence:
        (found,) = [one async for one in inspect(evidence, [Law(8, "a law", check)], 0)]
    assert found.unreadable == "The engine is away: start it."


async def test_the_command_reads_its_instance_from_the_environment(
    clinic: Clinic, instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(instance.settings).items():
        monkeypatch.setenv(name, value)
    held = await clinic.hold(clinic.at(13))
    arguments = ["--json", "--law", "3", "--patience", "0"]
    assert await asyncio.to_thread(main, arguments) == 0
    assert json.loads(capsys.readouterr().out)["clean"] is True
    past = clock.now() - timedelta(hours=1)
    await instance.plant("appointments", "UPDATE appointments SET hold_expires_at = $2 WHERE id = $1", held.id, past)
    assert await asyncio.to_thread(main, arguments) == 1
    (law,) = json.loads(capsys.readouterr().out)["laws"]
    assert law["violated"] == 1
    assert held.reference in law["examples"][0]


def environment(settings: Settings) -> dict[str, str]:
    """Write settings as the environment of a process."""
    told = {"CARECONNECT_ENVIRONMENT": "test"}
    for group in ("database", "security", "temporal"):
        for name, value in getattr(settings, group).model_dump(exclude_none=True).items():
            told[f"CARECONNECT_{group}__{name}".upper()] = str(value)
    return told


def test_settings_that_are_wrong_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARECONNECT_ENVIRONMENT", "split")
    assert main([]) == 2
    assert "CARECONNECT_SECURITY__INTERNAL_KEY_FILE" in capsys.readouterr().err
