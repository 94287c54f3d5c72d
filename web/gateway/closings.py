"""What is booked on days that are, or become, closed: composed of calendars and appointments."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect import clock
from careconnect.auth import Actor
from services.appointments.closings.client import ClosingsClient
from services.appointments.closings.schemas import (
    BookedDay,
    BookedDaysQuery,
    Closing,
    ClosingQuery,
    OpenBlock,
    OpenTimes,
)
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import CalendarWrite, HolidayPolicyWrite, HolidaysTrial, Opening

LOOKED_AHEAD = timedelta(days=365)


class Closings:
    """Asks before a change what it would close, and counts what is booked on closed days."""

    def __init__(self, consultants: ConsultantsClient, closings: ClosingsClient) -> None:
        self._consultants = consultants
        self._closings = closings

    async def by_calendar(self, actor: Actor, location_id: UUID, told: CalendarWrite) -> Closing:
        """Tell what of the coming year is booked at times that another calendar of the location would close."""
        known = await self._consultants.calendar(actor, location_id)
        return await self._closing(actor, location_id, (known.opening, told.opening), calendar=told)

    async def by_policy(self, actor: Actor, location_id: UUID, told: HolidayPolicyWrite) -> Closing:
        """Tell what of the coming year is booked at a location on days that another policy would close."""
        return await self._closing(actor, location_id, (None, None), policy=told)

    async def booked_days(self, actor: Actor, days: Iterable[date], location_id: UUID | None) -> list[BookedDay]:
        """Count what is to come on some days."""
        wanted = BookedDaysQuery(days=sorted(days), location_id=location_id)
        return await self._closings.booked_days(actor, wanted) if wanted.days else []

    async def _closing(
        self,
        actor: Actor,
        location_id: UUID,
        opening: tuple[list[Opening] | None, list[Opening] | None],
        *,
        calendar: CalendarWrite | None = None,
        policy: HolidayPolicyWrite | None = None,
    ) -> Closing:
        start = clock.now()
        zone = calendar.zone if calendar else "UTC"
        asked = HolidaysTrial(first=_day(start, zone), last=_day(start + LOOKED_AHEAD, zone), location_id=location_id)
        before = await self._consultants.try_holidays(actor, asked)
        after = await self._consultants.try_holidays(
            actor, asked.model_copy(update={"calendar": calendar, "policy": policy})
        )
        wanted = ClosingQuery(
            location_id=location_id,
            from_=start,
            to=start + LOOKED_AHEAD,
            before=_times(opening[0], before),
            after=_times(opening[1], after),
        )
        return await self._closings.closing(actor, wanted)


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _times(opening: list[Opening] | None, closed: list[date]) -> OpenTimes:
    blocks = None if opening is None else [_block(one) for one in opening]
    return OpenTimes(opening=blocks, closed=closed)


def _block(one: Opening) -> OpenBlock:
    opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in (one.opens, one.closes))
    return OpenBlock(weekday=one.weekday, opens=opens, closes=closes)
