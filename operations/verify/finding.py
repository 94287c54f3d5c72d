"""What the examination of a law finds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from operations.verify.evidence import Evidence


class CannotCheckError(Exception):
    """A source cannot be read, so nothing can be said about the law. The message tells what to do."""


@dataclass
class Finding:
    """How many things were looked at, and a sentence per broken one.

    A sentence names ids, references, states and amounts, never personal data; it is the same when the same thing is
    found again. `remarks` say what was left out, and why.
    """

    checked: int = 0
    violations: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    skipped: str | None = None
    """Why the law could not be examined at this time; that is no violation."""

    def __iadd__(self, other: "Finding") -> Self:
        self.checked += other.checked
        self.violations += other.violations
        self.remarks += other.remarks
        return self


@dataclass(frozen=True)
class Law:
    """One law: its number and its words in the glossary, and how it is examined."""

    number: int
    title: str
    check: "Callable[[Evidence], Awaitable[Finding]]"


@dataclass(frozen=True)
class Verdict:
    """What was found about one law. `unreadable` says which source could not be read."""

    law: Law
    finding: Finding
    unreadable: str | None = None
