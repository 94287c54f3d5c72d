"""What the command line hands on to the programs of an instance."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.table import AS_JSON, Row, show
from careconnect.cli import app, programs


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Note what would be run."""
    found: list[tuple[str, list[str]]] = []

    def note(command: str, _data: Path | None, arguments: list[str]) -> None:
        found.append((command, arguments))

    monkeypatch.setattr(programs, "_run", note)
    return found


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("verify --law 5 --law 10 --patience 2.5 --json", "--law 5 --law 10 --patience 2.5 --json"),
        ("verify --patience 0", "--patience 0.0"),
        ("verify", ""),
        ("bench reads --json", "reads --json"),
        ("bench", ""),
    ],
)
def test_options_reach_the_program(handed: list[tuple[str, list[str]]], typed: str, words: str) -> None:
    answer = CliRunner().invoke(app, typed.split())
    assert answer.exit_code == 0, answer.output
    assert handed == [(typed.partition(" ")[0], words.split())]


def test_a_table_for_a_program_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    before = AS_JSON.set(True)
    show("Reads", [Row("raw", [0.001]), Row("page", [0.003], "raw")])
    AS_JSON.reset(before)
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["title"], [row["what"] for row in told["rows"]]) == ("Reads", ["raw", "page"])
    assert told["rows"][1]["x floor"] == "3.00"
