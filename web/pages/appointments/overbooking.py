"""A time that is not offered, taken all the same by those who may, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.errors import Forbidden, Refusal
from web.forms import Form
from web.pages.appointments.picker import Start
from web.pages.appointments.reasons import IN_THE_WAY, reason
from web.pages.screen import Screen
from web.words import gettext

FIELDS = ("over_date", "over_time", "overbook_reason")


class Standing(NamedTuple):
    """Where and with whom it is where the form does not say: with the consultant and at the location of a visit."""

    consultant_id: UUID | None = None
    location_id: UUID | None = None


NOWHERE = Standing()


def may(screen: Screen) -> bool:
    """Tell whether this person may put a visit over others or outside the hours."""
    return screen.actor.may("appointments:overbook")


def given(screen: Screen, form: Form) -> str | None:
    """Read why it is put there all the same: nothing where none is given, None where it says too little.

    Raises:
        Forbidden: one is given by somebody who may not.
    """
    if form.values["overbook_reason"].strip() and not may(screen):
        raise Forbidden("Your role does not let you overbook.", needed="appointments:overbook")
    return reason(form, "overbook_reason")


async def instead(screen: Screen, typed: Mapping[str, str], standing: Standing = NOWHERE) -> Start | None:
    """Give the time that was typed, if it counts: a chosen free time does, until there is a reason for the other."""
    if not may(screen) or (typed.get("slot") and not typed.get("overbook_reason", "").strip()):
        return None
    return await _typed(screen, typed, standing)


async def chosen(screen: Screen, form: Form, standing: Standing = NOWHERE) -> tuple[Start | None, str | None]:
    """Read which time was chosen, and why it is put there all the same: nothing where it is a free one.

    What is missing is said beside its field, and gives None.

    Raises:
        Forbidden: a reason is given by somebody who may not.
    """
    free, why = Start.read(form.values["slot"]), given(screen, form)
    if not may(screen) or not form.values["over_time"].strip() or (free and why == ""):
        if free is None:
            form.object(gettext("Choose a time"), "slot")
        return free, why
    if why == "":
        form.object(gettext("Say why it is put there all the same"), "overbook_reason")
    other = await _typed(screen, form.values, standing)
    if other is None:
        form.object(gettext("Choose one consultant and a location, and write a day and a time"), "over_time")
    return other, why or None


def propose(screen: Screen, form: Form, refusal: Refusal, start: Start | None) -> None:
    """Offer the time that was refused to those who may take it all the same, with the field for their reason."""
    if start is None or refusal.code not in IN_THE_WAY or not may(screen):
        return
    zone = next((place.zone for place in screen.frame.places if place.id == start.location_id), screen.frame.zone)
    wall = start.start.astimezone(ZoneInfo(zone))
    form.fill({"over_date": wall.date(), "over_time": wall.strftime("%H:%M"), "consultant_id": start.consultant_id})


async def _typed(screen: Screen, typed: Mapping[str, str], standing: Standing) -> Start | None:
    said = Form("", "").fill(typed)
    places = {place.id: place for place in await screen.known.locations(screen.actor) if place.active}
    usual = screen.frame.location.id if screen.frame.location else next(iter(places)) if len(places) == 1 else None
    place = places.get(said.chosen("location_id") or standing.location_id or usual or UUID(int=0))
    consultant_id = said.chosen("consultant_id") or standing.consultant_id
    if place is None or consultant_id is None:
        return None
    try:
        wall = datetime.fromisoformat(f"{said.values['over_date']}T{said.values['over_time']}")
    except ValueError:
        return None
    return Start(consultant_id=consultant_id, location_id=place.id, start=wall.replace(tzinfo=ZoneInfo(place.zone)))
