"""The page: the frame into which a script draws the grid, or the same as a list that needs no script."""

import asyncio
import json
from typing import Annotated
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from web.formats import day as day_words
from web.formats import local_date
from web.pages.calendar.reading import Shown, read
from web.pages.calendar.view import View
from web.pages.days import today
from web.pages.naming import Visit
from web.pages.screen import Screen, needs
from web.words import gettext, locale

router = APIRouter()
Reader = Annotated[Screen, needs("appointments:read")]


@router.get("")
async def show(screen: Reader) -> Response:
    """Show a day with everybody, or a week of one consultant."""
    view = View.of(screen)
    shown = await read(screen, view) if view.as_list else None
    consultants, specialties = await asyncio.gather(
        screen.known.consultants(screen.actor), screen.gateway.consultants.specialties(screen.actor)
    )
    chosen = consultants.get(view.consultant_id) if view.consultant_id else None
    if view.weekly and chosen is None:
        return RedirectResponse(view.daily(), 303)
    own = screen.actor.consultant_id if screen.actor.limited else None
    listed = [one for one in consultants.values() if not one.archived and own in {None, one.id}]
    return screen.page(
        "calendar/page.html",
        view=view,
        title=chosen.name if chosen else _day(view),
        note=_week(view) if chosen else _how_far(view),
        consultants=[(str(one.id), one.name) for one in listed],
        week_href=view.week_of(listed[0].id) if listed else "",
        specialties=[(one, one) for one in specialties],
        chosen={str(one) for one in view.only},
        hidden=shown.hidden_words if shown else "",
        days=_by_day(shown) if shown else [],
        new_with=view.booking,
        words=json.dumps(_words()),
    )


def _day(view: View) -> str:
    return (
        day_words(view.day, view.frame.zone)
        if abs((view.day - today(view.frame)).days) <= 1
        else local_date(view.day, skeleton="EEEEdMMMM")
    )


def _how_far(view: View) -> str:
    """Say beside a near day which date it is, and beside a far one how far."""
    far = view.day - today(view.frame)
    if abs(far.days) <= 1:
        return local_date(view.day, skeleton="yMMMMEEEEd")
    return format_timedelta(far, granularity="day", add_direction=True, locale=locale())


def _week(view: View) -> str:
    last = view.first.fromordinal(view.first.toordinal() + view.days - 1)
    return f"{local_date(view.first, skeleton='MMMEd')} \N{EN DASH} {local_date(last, skeleton='yMMMEd')}"


def _by_day(shown: Shown) -> list[tuple[str, list[Visit]]]:
    """Group the visits by day, in the order of time."""
    zone = ZoneInfo(shown.view.frame.zone)
    days: dict[str, list[Visit]] = {}
    for visit in sorted(shown.visits, key=lambda one: (one.start, one.consultant.name)):
        days.setdefault(local_date(visit.start.astimezone(zone).date(), skeleton="MMMEd"), []).append(visit)
    return list(days.items())


def _words() -> dict[str, str]:
    """Give the sentences that the script says."""
    return {
        "calendar": gettext("Calendar"),
        "visits": gettext("%(count)s visits"),
        "week": gettext("Week of %(name)s"),
        "live": gettext("Live: what other desks change appears here"),
        "paused": gettext("Not live at the moment; reload to see what changed"),
        "lost": gettext("The calendar could not be read. Try again."),
        "nobody": gettext("Nobody works here on this day"),
    }
