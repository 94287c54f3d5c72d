"""What was found, for people and for programs."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from operations.verify.finding import Verdict

CLEAN, BROKEN, UNREADABLE = 0, 1, 2
EXAMPLES = 5


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """Tell it in one number: 1 when any law is broken, else 2 when any could not be checked, else 0."""
    if any(verdict.finding.violations for verdict in verdicts):
        return BROKEN
    return UNREADABLE if any(verdict.unreadable for verdict in verdicts) else CLEAN


def as_json(verdicts: Sequence[Verdict]) -> str:
    """Write it for a program."""
    return json.dumps({"clean": exit_code(verdicts) == CLEAN, "laws": [_told(one) for one in verdicts]}, indent=2)


def show(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Write one line per law, and below it what is broken."""
    table = Table(expand=True)
    for title in ("law", "", "checked", "violated"):
        table.add_column(title, justify="left" if not title else "right", no_wrap=True)
    table.add_column("examples and remarks", ratio=1, overflow="fold")
    for verdict in verdicts:
        finding = verdict.finding
        broken = f"[bold red]{len(finding.violations):,}" if finding.violations else "0"
        if verdict.unreadable or finding.skipped:
            broken = "[yellow]skipped" if finding.skipped else "[bold red]unread"
        table.add_row(str(verdict.law.number), verdict.law.title, f"{finding.checked:,}", broken, _words(verdict))
    console.print(table)
    console.print(_SENTENCES[exit_code(verdicts)])


_SENTENCES = {
    CLEAN: "[green]Every law that was checked holds.",
    BROKEN: "[bold red]Some laws are broken.",
    UNREADABLE: "[bold red]Some laws could not be checked.",
}


def _words(verdict: Verdict) -> str:
    finding = verdict.finding
    said = [one for one in (verdict.unreadable, finding.skipped) if one]
    said += finding.violations[:EXAMPLES]
    if len(finding.violations) > EXAMPLES:
        said.append(f"and {len(finding.violations) - EXAMPLES:,} more")
    return "\n".join(said + finding.remarks).replace("[", r"\[")


def _told(verdict: Verdict) -> dict[str, Any]:
    finding = verdict.finding
    return {
        "law": verdict.law.number,
        "title": verdict.law.title,
        "checked": finding.checked,
        "violated": len(finding.violations),
        "examples": finding.violations[:EXAMPLES],
        "remarks": finding.remarks,
        "skipped": finding.skipped,
        "unreadable": verdict.unreadable,
    }
