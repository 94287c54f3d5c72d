"""Figures as a table: what, median, p95, p99, the ratio to the floor of the same run; for programs a line of JSON."""

import json
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One line: seconds of each repetition, and which line it is compared with."""

    what: str
    seconds: Sequence[float]
    floor: str | None = None

    def percentile(self, share: float) -> float:
        """Give the value below which `share` of the repetitions lie, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


AS_JSON: ContextVar[bool] = ContextVar("as_json", default=False)
"""Whether a program reads: then each table is one line of JSON."""
_PERCENTILES = (0.5, 0.95, 0.99)


def show(title: str, rows: Sequence[Row]) -> None:
    """Print times."""
    known = {row.what: row for row in rows}
    show_plain(title, ("what", "n", "median ms", "p95 ms", "p99 ms", "x floor"), [_cells(row, known) for row in rows])


def _cells(row: Row, known: dict[str, Row]) -> list[object]:
    floor = known.get(row.floor or "")
    ratio = f"{row.percentile(0.5) / floor.percentile(0.5):.2f}" if floor else ""
    return [row.what, len(row.seconds), *(f"{row.percentile(share):.1f}" for share in _PERCENTILES), ratio]


def show_plain(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print any other table."""
    if AS_JSON.get():
        found = [dict(zip(heads, map(str, row), strict=True)) for row in rows]
        sys.stdout.write(json.dumps({"title": title, "rows": found}) + "\n")
        return
    table = Table(*heads, title=title)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console(width=110).print(table)
