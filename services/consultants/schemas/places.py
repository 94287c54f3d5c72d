"""What a location offers to visits, on the wire: its rooms, its opening times, and the days on which it is closed."""

from datetime import date
from itertools import combinations
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.consultants.public_holidays import known
from services.consultants.schemas.fields import ClosingTime, Feature, Input, Version, WallTime, Words, Zone
from services.consultants.walltime import minutes_of

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 alpha-2 code."""
Subdivision = Annotated[str, StringConstraints(max_length=10, pattern=r"^[A-Z0-9]+$")]
"""The part of an ISO 3166-2 code behind the country, such as `CA` for California."""
Holidays = Literal["as_organisation", "closed", "open"]


class RoomWrite(Input):
    """A room as staff enter it; one visit, or one group, uses it at a time."""

    location_id: UUID
    name: Words
    features: list[Feature] = Field([], max_length=50, description="what it is and has, such as treatment, ultrasound")
    active: bool = True


class RoomReplacement(RoomWrite):
    """All of a room anew."""

    version: Version | None = None


class Room(BaseModel):
    """A room of a location."""

    id: UUID
    location_id: UUID
    name: str
    features: list[str]
    active: bool
    version: int


class Opening(Input):
    """Opening hours on one weekday, in the location's wall time."""

    weekday: int = Field(ge=0, le=6, description="Monday = 0")
    opens: WallTime
    closes: ClosingTime

    @model_validator(mode="after")
    def _run_forwards(self) -> Self:
        if minutes_of(self.closes) <= minutes_of(self.opens):
            message = "opening hours end after they start"
            raise ValueError(message)
        return self

    def overlaps(self, other: "Opening") -> bool:
        """Tell whether two blocks say the same wall time."""
        earlier, later = sorted((self, other), key=lambda one: minutes_of(one.opens))
        return self.weekday == other.weekday and minutes_of(later.opens) < minutes_of(earlier.closes)


class _Observes(Input):
    @model_validator(mode="after")
    def _name_a_calendar_that_is_known(self) -> Self:
        country, subdivision = getattr(self, "country", None), getattr(self, "subdivision", None)
        if subdivision and not country:
            message = "a subdivision belongs to a country"
            raise ValueError(message)
        if country and not known(country, subdivision):
            message = f"no public holidays are known of {country}{'-' + subdivision if subdivision else ''}"
            raise ValueError(message)
        return self


class CalendarTold(_Observes):
    """When a location is open; consultants' weekly hours count only then, extra hours always."""

    opening: list[Opening] | None = Field(None, max_length=70, description="none: whenever a consultant works")
    holidays: Holidays = Field("as_organisation", description="what public holidays do; open is the opt-out")
    country: Country | None = Field(None, description="whose holidays; none: the organisation's")
    subdivision: Subdivision | None = None
    open_on: list[date] = Field([], max_length=400, description="holidays on which it is open all the same")
    closed_on: list[date] = Field([], max_length=400, description="further days on which it is closed")
    version: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _say_each_time_once(self) -> Self:
        for (first, one), (second, other) in combinations(enumerate(self.opening or []), 2):
            if one.overlaps(other):
                message = f"opening.{first} and opening.{second} overlap"
                raise ValueError(message)
        return self


class CalendarWrite(CalendarTold):
    """The same, with the zone in which it is meant."""

    zone: Zone


class Calendar(BaseModel):
    """When a location is open. Version 0: nobody has said, and it is open whenever a consultant works."""

    location_id: UUID
    zone: str | None
    opening: list[Opening] | None
    holidays: Holidays
    country: str | None
    subdivision: str | None
    open_on: list[date]
    closed_on: list[date]
    version: int


class OwnHoliday(Input):
    """A day that the organisation entered itself."""

    date: date
    name: Words


class HolidayPolicyWrite(_Observes):
    """Which public holidays an organisation knows, and whether its locations close on them."""

    country: Country | None = None
    subdivision: Subdivision | None = None
    closed: bool = Field(
        default=True, description="false is the opt-out for every location that does not say otherwise"
    )
    own: list[OwnHoliday] | None = Field(
        None, max_length=400, description="days of its own, for years that nobody else knows; left out: as they are"
    )
    version: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _name_each_day_once(self) -> Self:
        days = [one.date for one in self.own or []]
        if len(set(days)) != len(days):
            message = "own names each day once"
            raise ValueError(message)
        return self


class HolidayPolicy(BaseModel):
    """What an organisation does on public holidays. Version 0: nobody has said, and no holidays are known."""

    country: str | None
    subdivision: str | None
    closed: bool
    own: list[OwnHoliday] = []
    version: int


HolidayKind = Literal["public", "expected", "own", "closing_day"]


class Holiday(BaseModel):
    """A public holiday, or another day on which a location is closed.

    `public` is known; `expected` falls on the same date every year, in a year that is not known yet; `own` was entered
    by the organisation; `closing_day` by the location.
    """

    date: date
    name: str | None = Field(description="none: the location's own closing day")
    closed: bool
    kind: HolidayKind = "public"


class HolidaysTrial(Input):
    """Asks for the closed days if a location's calendar, or the organisation's policy, said something else."""

    first: date
    last: date
    location_id: UUID
    calendar: CalendarWrite | None = None
    policy: HolidayPolicyWrite | None = None


class HolidayGap(BaseModel):
    """A year of which the public holidays of a country are not known yet, and which locations would observe them."""

    country: str
    year: int
    location_ids: list[UUID] = Field(description="empty: the organisation itself, wherever it is not said otherwise")
    entered: bool = Field(description="whether days of that year were entered by hand")
