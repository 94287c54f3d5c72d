"""Tables whose column heads sort them; the order is in the address, so that a link to it can be shared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from web.pages.links import link


@dataclass(frozen=True)
class Sorting:
    """The order of a table at `path`: `sort` as the lists take it, `usual` where the address does not say.

    `orders` are those that can be asked for, each as its column first sorts: a minus puts what is largest first.
    """

    path: str
    orders: tuple[str, ...]
    sort: Any
    said: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, orders: tuple[str, ...], asked: str, **said: Any) -> "Sorting":
        """Read the order from an address; one that makes no sense is the usual one, the first of `orders`."""
        known = asked.removeprefix("-") in {one.removeprefix("-") for one in orders}
        return cls(path, orders, asked if known else orders[0], said)

    @property
    def chosen(self) -> str:
        """The order as addresses say it: nothing where it is the usual one."""
        return "" if self.sort == self.orders[0] else self.sort

    @property
    def here(self) -> dict[str, Any]:
        """What the address of this table says."""
        return {**self.said, "sort": self.chosen}

    def direction(self, name: str) -> str:
        """Tell for `aria-sort` how the table is sorted by a column."""
        if self.sort.removeprefix("-") != name:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"

    def href(self, name: str) -> str:
        """Give the address that sorts by a column, or turns it round where it is sorted by it."""
        first = next(one for one in self.orders if one.removeprefix("-") == name)
        turned = first.removeprefix("-") if first.startswith("-") else f"-{first}"
        wanted = turned if self.sort == first else first
        return link(self.path, **self.said, sort="" if wanted == self.orders[0] else wanted)
