"""Figures as a table: what, median, p95, p99, and the ratio to the floor of the same run."""

from collections.abc import Sequence
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


def show(title: str, rows: Sequence[Row]) -> None:
    """Print times."""
    table = Table("what", "n", "median ms", "p95 ms", "p99 ms", "x floor", title=title)
    known = {row.what: row for row in rows}
    for row in rows:
        floor = known.get(row.floor or "")
        ratio = f"{row.percentile(0.5) / floor.percentile(0.5):.2f}" if floor else ""
        values = (f"{row.percentile(share):.1f}" for share in (0.5, 0.95, 0.99))
        table.add_row(row.what, str(len(row.seconds)), *values, ratio)
    Console(width=110).print(table)


def show_plain(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print any other table."""
    table = Table(*heads, title=title)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console(width=110).print(table)
