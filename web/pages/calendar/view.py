"""Which part of the calendar is looked at, as its address says it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from web.pages.days import day_of, midnight, today
from web.pages.frame import Frame
from web.pages.links import link
from web.pages.screen import Screen

_WEEK = 7
_MOST_CHOSEN = 60
PATH = "/calendar"


@dataclass(frozen=True)
class View:
    """A day with consultants as columns, or a week of one consultant; as a grid or as a list."""

    frame: Frame
    day: date
    consultant_id: UUID | None
    specialty: str
    as_list: bool
    with_ended: bool
    only: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, screen: Screen) -> "View":
        """Read it from the request; what makes no sense is left out."""
        asked, actor = screen.request.query_params, screen.actor
        own = (actor.consultant_id,) if actor.limited and actor.consultant_id else ()
        return cls(
            frame=screen.frame,
            day=day_of(asked.get("date"), today(screen.frame)),
            consultant_id=_id(asked.get("consultant_id", "")) and (own[0] if own else _id(asked["consultant_id"])),
            specialty=asked.get("specialty", "")[:100],
            as_list=asked.get("show") == "list",
            with_ended=asked.get("ended") == "true",
            only=own or _several(asked.getlist("only")),
        )

    @property
    def weekly(self) -> bool:
        """Whether a week is shown: that of one consultant."""
        return self.consultant_id is not None

    @property
    def first(self) -> date:
        """The first day that is shown."""
        return self.day - timedelta(days=self.day.weekday()) if self.weekly else self.day

    @property
    def days(self) -> int:
        """How many days are shown."""
        return _WEEK if self.weekly else 1

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The instants between which everything shown lies."""
        zone = self.frame.zone
        return midnight(self.first, zone), midnight(self.first + timedelta(days=self.days), zone)

    @property
    def here(self) -> str:
        """The address of this view."""
        return self.link()

    @property
    def before(self) -> str:
        """The address of the day, or the week, before."""
        return self.turned(-self.days)

    @property
    def after(self) -> str:
        """The address of the day, or the week, after."""
        return self.turned(self.days)

    @property
    def now(self) -> str:
        """The address of today, or of this week."""
        return self.link(date="")

    @property
    def source(self) -> str:
        """Where a script reads what is shown."""
        return self.link(path=f"{PATH}/data", show="")

    @property
    def stream(self) -> str:
        """Where a script hears of changes."""
        place = self.frame.location
        return link(f"{PATH}/events", location_id=place.id if place else None)

    @property
    def booking(self) -> str:
        """What a new appointment begins with here."""
        shown = self.day if self.day != today(self.frame) else None
        return link("", date=shown, consultant_id=self.consultant_id)

    def turned(self, days: int) -> str:
        """Give the address some days later."""
        return self.link(date=(self.day + timedelta(days=days)).isoformat())

    def daily(self) -> str:
        """Give the address of this day with everybody."""
        return replace(self, consultant_id=None).here

    def everybody(self) -> str:
        """Give the address of this day with the columns of all who work."""
        return self.link(only="")

    def kept(self) -> dict[str, str]:
        """Give what of the address stays when other columns are chosen."""
        return {name: value for name, value in self._said().items() if value and name != "only"}

    def week_of(self, consultant_id: UUID) -> str:
        """Give the address of a consultant's week."""
        return replace(self, consultant_id=consultant_id, specialty="").here

    def link(self, path: str = PATH, **changed: str) -> str:
        """Give the address with something changed."""
        return link(path, **(self._said() | changed))

    def _said(self) -> dict[str, str]:
        return {
            "date": "" if self.day == today(self.frame) else self.day.isoformat(),
            "consultant_id": str(self.consultant_id) if self.consultant_id else "",
            "specialty": self.specialty,
            "show": "list" if self.as_list else "",
            "ended": "true" if self.with_ended else "",
            "only": "" if self.weekly else ",".join(map(str, self.only)),
        }


def _several(texts: list[str]) -> tuple[UUID, ...]:
    """Read ids, each once; several stand in one with commas between them, so that addresses stay short."""
    found = (_id(part) for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(one for one in found if one))[:_MOST_CHOSEN]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
