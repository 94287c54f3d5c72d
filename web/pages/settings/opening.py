"""When a location is open: two stretches for each weekday, and what public holidays do there."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from services.appointments.closings.schemas import Closing
from services.consultants.schemas import Calendar, CalendarWrite
from services.identity.schemas import Location
from web.formats import weekday
from web.forms import Form
from web.pages import naming
from web.pages.options import countries
from web.pages.screen import OK, Screen, needs
from web.pages.settings import meanwhile
from web.words import gettext

router = APIRouter(prefix="/settings/locations/{location_id}/opening", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_MIDNIGHT, _END_OF_DAY = "00:00", "24:00"
_STRETCHES = 2
_MOST = 10
_UNREADY, _CONFLICT = 422, 409


@router.get("")
async def edit(location_id: UUID, screen: Writer) -> Response:
    """Show the opening hours in a form."""
    place, known = await _read(screen, location_id)
    form = meanwhile.remember(screen.form("opening"), _values(known), known.version)
    return await _form(screen, form, place, known)


@router.post("")
async def change(location_id: UUID, screen: Writer) -> Response:
    """Say it anew; what would then be booked at closed times is shown first."""
    form = await screen.submitted("opening")
    place, known = await _read(screen, location_id)
    blocks = _blocks(form)
    if any(form.errors.values()):
        return await _form(screen, form, place, known, _UNREADY)
    days = {"open_on": known.open_on, "closed_on": known.closed_on}
    typed = {name: form.values[name].strip() or None for name in ("country", "subdivision")}
    told: dict[str, Any] = typed | days | {"holidays": form.values["holidays"], "zone": place.zone}
    told |= {"opening": blocks if form.values["when"] == "hours" else None, "version": meanwhile.version_of(form) or 0}
    try:
        wanted = CalendarWrite.model_validate(told)
        if form.values["action"] != "save-anyway":
            lost = await screen.gateway.closings.by_calendar(screen.actor, location_id, wanted)
            if lost.count:
                return await _form(screen, form, place, known, _CONFLICT, lost)
        await screen.gateway.consultants.put_calendar(screen.actor, location_id, wanted)
    except ValidationError as error:
        return await _form(screen, _blamed(form, error), place, known, _UNREADY)
    except VersionConflict as refusal:
        merged = meanwhile.merge(form, _values(known), known.version)
        return await _form(screen, merged, place, known, refusal.status)
    except Refusal as refusal:
        return await _form(screen, form.refuse(refusal), place, known, refusal.status)
    return screen.done(gettext("Opening hours saved"), "/settings/locations")


async def _read(screen: Screen, location_id: UUID) -> tuple[Location, Calendar]:
    return await asyncio.gather(
        screen.gateway.identity.location(screen.actor, location_id),
        screen.gateway.consultants.calendar(screen.actor, location_id),
    )


async def _form(
    screen: Screen, form: Form, place: Location, known: Calendar, status: int = OK, lost: Closing | None = None
) -> Response:
    policy = await screen.gateway.consultants.holiday_policy(screen.actor)
    named = {one.value: one.label for one in countries()}
    usual = named.get(policy.country or "", gettext("none"))
    observed = (
        gettext("Closed, as the organisation says") if policy.closed else gettext("Open, as the organisation says")
    )
    return screen.page(
        "settings/opening.html",
        http=status,
        form=form,
        place=place,
        days=[(day, weekday(day), range(_stretches(known, day))) for day in range(7)],
        holidays=[
            ("as_organisation", observed),
            ("closed", gettext("Closed here")),
            ("open", gettext("Open here")),
        ],
        countries=[("", gettext("The organisation's: %(country)s") % {"country": usual}), *named.items()],
        lost=await naming.visits(screen, lost.items) if lost else [],
        lost_count=lost.count if lost else 0,
    )


def _stretches(known: Calendar, day: int) -> int:
    return max(_STRETCHES, sum(one.weekday == day for one in known.opening or []))


def _values(known: Calendar) -> dict[str, object]:
    values: dict[str, object] = {
        "when": "whenever" if known.opening is None else "hours",
        "holidays": known.holidays,
        "country": known.country,
        "subdivision": known.subdivision,
    }
    for day in range(7):
        blocks = [one for one in known.opening or [] if one.weekday == day]
        for number in range(_stretches(known, day)):
            one = blocks[number] if number < len(blocks) else None
            values[f"opens-{day}-{number}"] = one.opens if one else ""
            values[f"closes-{day}-{number}"] = (
                "" if one is None else _MIDNIGHT if one.closes == _END_OF_DAY else one.closes
            )
    return values


def _blocks(form: Form) -> list[dict[str, Any]]:
    """Read the stretches, and say beside each what is wrong with it."""
    if form.values["when"] != "hours":
        return []
    found: list[dict[str, Any]] = []
    for day in range(7):
        reached = ""
        for number, opens, closes in sorted(_typed(form, day), key=lambda one: one[1]):
            name = f"opens-{day}-{number}"
            if not (opens and closes):
                form.object(gettext("Write both times"), name)
            elif closes <= opens:
                form.object(gettext("It closes after it opens"), name)
            elif opens < reached:
                form.object(gettext("These times overlap"), name)
            else:
                reached = closes
                found.append({"weekday": day, "opens": opens, "closes": closes})
    return found


def _typed(form: Form, day: int) -> Iterator[tuple[int, str, str]]:
    for number in range(_MOST):
        opens, closes = (form.values[f"{name}-{day}-{number}"].strip() for name in ("opens", "closes"))
        if opens or closes:
            yield number, opens, _END_OF_DAY if closes == _MIDNIGHT else closes


def _blamed(form: Form, error: ValidationError) -> Form:
    """Say beside the country what of it is not known; the model looks at both at once."""
    form.blame_validation(error)
    if form.errors[""]:
        form.object(gettext("No public holidays are known of this country or part of it"), "subdivision")
        form.errors[""] = ""
    return form
