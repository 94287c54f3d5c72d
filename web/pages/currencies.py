"""The currencies of an organisation's money, of which a screen shows one: their sums are never added together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Currencies:
    """The choice among `offered`, the organisation's `own` first; the usual one is not named in an address."""

    chosen: str
    usual: str
    offered: tuple[str, ...]

    @classmethod
    def of(cls, asked: str, own: str, known: Iterable[str]) -> "Currencies":
        """Choose what was asked for if there is any of it; else the organisation's own, or what there is instead."""
        offered = tuple(sorted(known, key=lambda one: (one != own, one))) or (own,)
        return cls(asked if asked in offered else offered[0], offered[0], offered)

    @property
    def said(self) -> str:
        """What an address says of it."""
        return self._named(self.chosen)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Give each currency with what an address says of it; nothing where there is no choice."""
        return iter((one, self._named(one)) for one in self.offered if len(self.offered) > 1)

    def _named(self, currency: str) -> str:
        return "" if currency == self.usual else currency
