"""Which appointments a list shows, as its address says it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.appointments.schemas import OCCUPYING, AppointmentFilter, Status
from web.pages.days import day_of, midnight, today
from web.pages.frame import Frame
from web.pages.links import link
from web.pages.sorting import Sorting
from web.words import gettext

RANGES = ("day", "week", "month")
UPCOMING = "upcoming"
_ORDERS = ("start", "status")


@dataclass(frozen=True)
class Filters:
    """A stretch of days around `day`, and what narrows it."""

    day: date
    range: str
    status: str
    consultant_id: str
    patient_id: str
    frame: Frame
    asked: str = ""
    """The order, as the address says it."""

    @classmethod
    def of(
        cls, frame: Frame, range_: str, day: str, status: str, consultant_id: str, patient_id: str, sort: str = ""
    ) -> "Filters":
        """Read them from an address; what makes no sense is left out."""
        known = status == UPCOMING or status in set(Status)
        return cls(
            day_of(day, today(frame)),
            range_ if range_ in RANGES else "day",
            status if known else "",
            _id(consultant_id),
            _id(patient_id),
            frame,
            sort,
        )

    @property
    def chosen_day(self) -> str:
        """The day for the field that chooses it."""
        return self.day.isoformat()

    @property
    def span(self) -> tuple[date, date]:
        """The first day, and the one after the last."""
        if self.range == "week":
            first = self.day - timedelta(days=self.day.weekday())
            return first, first + timedelta(days=7)
        if self.range == "month":
            first = self.day.replace(day=1)
            return first, (first + timedelta(days=32)).replace(day=1)
        return self.day, self.day + timedelta(days=1)

    @property
    def narrowed(self) -> bool:
        """Whether there is something to clear."""
        return bool(self.status or self.consultant_id or self.patient_id)

    @property
    def here(self) -> str:
        """The address of this list."""
        return self.link()

    @property
    def before(self) -> str:
        """The address of the stretch before."""
        return self.link(date=(self.span[0] - timedelta(days=1)).isoformat())

    @property
    def after(self) -> str:
        """The address of the stretch after."""
        return self.link(date=self.span[1].isoformat())

    @property
    def today(self) -> str:
        """The address of the stretch in which today lies."""
        return self.link(date="")

    @property
    def sorting(self) -> Sorting:
        """The order of the table; the other filters stay when it changes."""
        shown = "" if self.day == today(self.frame) else self.chosen_day
        said = {"range": self.range if self.range != "day" else "", "date": shown}
        said |= {"status": self.status, "consultant_id": self.consultant_id, "patient_id": self.patient_id}
        return Sorting.of("/appointments", _ORDERS, self.asked, **said)

    def link(self, **changed: str) -> str:
        """Give the address with something changed."""
        return link("/appointments", **(self.sorting.here | changed))

    def without(self, *names: str) -> str:
        """Give the address without some of the filters."""
        return self.link(**dict.fromkeys(names, ""))

    def counted(self) -> AppointmentFilter:
        """Give what the summary counts: all states."""
        return replace(self, status="").wanted()

    def wanted(self) -> AppointmentFilter:
        """Give what the list shows."""
        zone = self.frame.zone
        start, end = (midnight(day, zone) for day in self.span)
        statuses = [Status(self.status)] if self.status and self.status != UPCOMING else []
        if self.status == UPCOMING:
            start, statuses = max(start, self.frame.now), sorted(OCCUPYING)
        return AppointmentFilter(
            from_=start,
            to=_after(start, end),
            status=statuses,
            consultant_id=[UUID(self.consultant_id)] if self.consultant_id else [],
            patient_id=[UUID(self.patient_id)] if self.patient_id else [],
            location_id=self.frame.location.id if self.frame.location else None,
        )


def ranges() -> list[tuple[str, str]]:
    """Name the stretches."""
    return list(zip(RANGES, (gettext("Day"), gettext("Week"), gettext("Month")), strict=True))


def _after(start: datetime, end: datetime) -> datetime:
    return max(start, end)


def _id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
