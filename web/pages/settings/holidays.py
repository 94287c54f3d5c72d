"""Public holidays and closed days: what is observed where, and the days that a clinic enters itself."""

import asyncio
from collections import Counter
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from services.appointments.closings.schemas import Closing
from services.consultants.schemas import Calendar, CalendarWrite, HolidayPolicy, HolidayPolicyWrite, OwnHoliday
from services.identity.schemas import Location
from web.formats import local_date
from web.forms import Form
from web.pages import naming
from web.pages.days import day_of, today
from web.pages.links import link
from web.pages.options import countries
from web.pages.screen import OK, Screen, needs
from web.pages.settings import meanwhile, pasting
from web.pages.settings.gaps import told as gaps_told
from web.words import gettext, ngettext

router = APIRouter(prefix="/settings/holidays", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_HERE = "/settings/holidays"
_ROWS = 5
_UNREADY, _CONFLICT = 422, 409


async def context(screen: Screen, form: Form | None = None) -> dict[str, Any]:
    """Give what the page shows: the policy, a year's days with what they do and what is booked then, and the form."""
    asked = screen.request.query_params
    now = today(screen.frame)
    text = form.values["year"] if form else asked.get("year", "")
    year = int(text) if text.isdecimal() and abs(int(text) - now.year) <= 2 else now.year  # noqa: PLR2004 - two years around
    place = _place(screen, form.values["location_id"] if form else asked.get("location_id", ""))
    first, last = date(year, 1, 1), date(year, 12, 31)
    policy, days, gaps = await asyncio.gather(
        screen.gateway.consultants.holiday_policy(screen.actor),
        screen.gateway.consultants.holidays(screen.actor, first, last, place.id if place else None),
        gaps_told(screen, first, last),
    )
    return {
        "form": form or screen.form("days", year=year, location_id=place.id if place else ""),
        "policy": policy,
        "country": {one.value: one.label for one in countries()}.get(policy.country or "", ""),
        "year": year,
        "place": place,
        "days": days,
        "booked": await _booked(screen, [place] if place else screen.frame.places, max(first, now), last),
        "gaps": gaps,
        "today": now,
        "rows": range(_ROWS),
        "years": [(str(one), str(one), _link(one, place)) for one in range(now.year, now.year + 3)],
        "choices": [("", gettext("Organisation"), _link(year, None))]
        + [(str(one.id), one.name, _link(year, one)) for one in screen.frame.places],
    }


async def _booked(screen: Screen, places: list[Location], first: date, last: date) -> Counter[date]:
    """Count what is to come at places on days on which they are closed."""
    booked: Counter[date] = Counter()
    if not screen.actor.may("appointments:read") or last < first:
        return booked
    consultants, closings = screen.gateway.consultants, screen.gateway.closings
    days = await asyncio.gather(*(consultants.holidays(screen.actor, first, last, one.id) for one in places))
    shut = {place.id: {one.date for one in known if one.closed} for place, known in zip(places, days, strict=True)}
    for one in await closings.booked_days(screen.actor, set().union(*shut.values()), None):
        booked[one.day] += one.count if one.day in shut.get(one.location_id, ()) else 0
    return booked


@router.get("/policy")
async def edit_policy(screen: Writer) -> Response:
    """Ask whose public holidays count, and what they do."""
    policy = await screen.gateway.consultants.holiday_policy(screen.actor)
    country = policy.country if policy.version else screen.person.session.tenant.country
    values = _values(policy) | {"country": country}
    return await _policy_form(screen, meanwhile.remember(screen.form("policy"), values, policy.version))


@router.post("/policy")
async def change_policy(screen: Writer) -> Response:
    """Say it anew; what is booked on days that would be closed is shown first."""
    form = await screen.submitted("policy")
    typed = {name: form.values[name].strip().upper() or None for name in ("country", "subdivision")}
    told = typed | {"closed": form.values["closed"] == "true", "version": meanwhile.version_of(form) or 0}
    try:
        wanted = HolidayPolicyWrite.model_validate(told)
        if form.values["action"] != "save-anyway":
            lost = await _lost(screen, wanted)
            if lost.count:
                return await _policy_form(screen, form, _CONFLICT, lost)
        await screen.gateway.consultants.put_holiday_policy(screen.actor, wanted)
    except ValidationError as error:
        form.blame_validation(error)
        if form.errors[""]:
            form.object(gettext("No public holidays are known of this country or part of it"), "country")
            form.errors[""] = ""
        return await _policy_form(screen, form, _UNREADY)
    except VersionConflict as refusal:
        now = await screen.gateway.consultants.holiday_policy(screen.actor)
        return await _policy_form(screen, meanwhile.merge(form, _values(now), now.version), refusal.status)
    except Refusal as refusal:
        return await _policy_form(screen, form.refuse(refusal), refusal.status)
    return screen.done(gettext("Public holidays saved"), _HERE)


@router.post("")
async def enter(screen: Writer) -> Response:
    """Enter days, typed or pasted: for the whole organisation, or for one location."""
    form = await screen.submitted("days")
    entered = _entered(form)
    if any(form.errors.values()):
        return await _page(screen, form, _UNREADY)
    if not entered:
        return await _page(screen, form.object(gettext("Write a date"), "date-0"), _UNREADY)
    place = _place(screen, form.values["location_id"])
    try:
        await (_close(screen, place, set(entered)) if place else _own(screen, entered))
    except ValidationError as error:
        return await _page(screen, form.blame_validation(error, {"own": "pasted", "closed_on": "pasted"}), _UNREADY)
    except Refusal as refusal:
        return await _page(screen, form.renew().refuse(refusal), refusal.status)
    told = ngettext("%(num)s day entered", "%(num)s days entered", len(entered)) % {"num": len(entered)}
    return await _told(screen, told, _link(min(entered).year, place), list(entered), place)


@router.post("/removal")
async def remove(screen: Writer) -> Response:
    """Take a day of the organisation's own away."""
    form = await screen.submitted("day")
    day = day_of(form.values["date"], date.min)
    policy = await screen.gateway.consultants.holiday_policy(screen.actor)
    await _put_own(screen, policy, [one for one in policy.own if one.date != day])
    return screen.done(gettext("Day removed"), _link(day.year, None))


@router.post("/opening")
async def open_on(screen: Writer) -> Response:
    """Open a location on one day on which it would be closed."""
    form = await screen.submitted("day")
    place, day = _place(screen, form.values["location_id"]), day_of(form.values["date"], date.min)
    if place is None:
        return screen.done(gettext("Choose a location"), _HERE, tone="red")
    known = await screen.gateway.consultants.calendar(screen.actor, place.id)
    left = [one for one in known.closed_on if one != day]
    await _put(screen, place, known, {"closed_on": left, "open_on": [*known.open_on, day]})
    told = gettext("Open on %(day)s") % {"day": local_date(day)}
    return screen.done(told, _link(day.year, place))


@router.post("/closing")
async def close_on(screen: Writer) -> Response:
    """Close a location on one day; what is booked then stays, and is counted."""
    form = await screen.submitted("day")
    place, day = _place(screen, form.values["location_id"]), day_of(form.values["date"], date.min)
    if place is None:
        return screen.done(gettext("Choose a location"), _HERE, tone="red")
    await _close(screen, place, {day})
    told = gettext("Closed on %(day)s") % {"day": local_date(day)}
    return await _told(screen, told, _link(day.year, place), [day], place)


async def _told(screen: Screen, told: str, to: str, days: list[date], place: Location | None) -> Response:
    """Say what was done, and how much is booked on the days that are closed now."""
    booked = await screen.gateway.closings.booked_days(screen.actor, days, place.id if place else None)
    count = sum(one.count for one in booked)
    also = ngettext(
        "%(num)s appointment is booked then and stays", "%(num)s appointments are booked then and stay", count
    )
    return screen.done(f"{told}. {also % {'num': count}}." if count else told, to, tone="orange" if count else "green")


async def _close(screen: Screen, place: Location, days: set[date]) -> None:
    """Close it on days; those that a public holiday closes anyway are no longer excepted from that."""
    known = await screen.gateway.consultants.calendar(screen.actor, place.id)
    opened = [one for one in known.open_on if one not in days]
    observed = await screen.gateway.consultants.holidays(screen.actor, min(days), max(days), place.id)
    by_themselves = {one.date for one in observed if one.closed or one.date in known.open_on}
    added = days - (by_themselves if known.holidays != "open" else set())
    await _put(screen, place, known, {"open_on": opened, "closed_on": sorted({*known.closed_on, *added})})


async def _put(screen: Screen, place: Location, known: Calendar, changed: dict[str, Any]) -> None:
    told = known.model_dump(exclude={"location_id"}) | {"zone": place.zone} | changed
    await screen.gateway.consultants.put_calendar(screen.actor, place.id, CalendarWrite.model_validate(told))


async def _own(screen: Screen, entered: dict[date, str]) -> None:
    policy = await screen.gateway.consultants.holiday_policy(screen.actor)
    kept = {one.date: one.name for one in policy.own} | entered
    await _put_own(screen, policy, [OwnHoliday(date=day, name=name) for day, name in kept.items()])


async def _put_own(screen: Screen, policy: HolidayPolicy, own: list[OwnHoliday]) -> None:
    country = policy.country if policy.version else screen.person.session.tenant.country
    told = {"country": country, "subdivision": policy.subdivision, "closed": policy.closed or not policy.version}
    days = [one.model_dump() for one in own]
    wanted = HolidayPolicyWrite.model_validate(told | {"own": days, "version": policy.version})
    await screen.gateway.consultants.put_holiday_policy(screen.actor, wanted)


def _entered(form: Form) -> dict[date, str]:
    """Read the rows and what was pasted, and say beside each field what is wrong with it."""
    unnamed = gettext("Closed")
    found: dict[date, str] = {}
    for number in range(_ROWS):
        text, name = form.values[f"date-{number}"].strip(), form.values[f"name-{number}"].strip()
        day = pasting.day_of(text)
        if day is not None:
            found[day] = name[:100] or unnamed
        elif text or name:
            form.object(gettext("Write a date"), f"date-{number}")
    pasted = pasting.read(form.values["pasted"], unnamed)
    if pasted.trouble:
        form.object(pasted.trouble, "pasted")
    return found | pasted.days


async def _lost(screen: Screen, wanted: HolidayPolicyWrite) -> Closing:
    places = screen.frame.places
    found = await asyncio.gather(*(screen.gateway.closings.by_policy(screen.actor, one.id, wanted) for one in places))
    first = sorted((one for each in found for one in each.items), key=lambda one: one.start)
    return Closing(count=sum(one.count for one in found), items=first[:8])


async def _policy_form(screen: Screen, form: Form, status: int = OK, lost: Closing | None = None) -> Response:
    return screen.page(
        "settings/holiday_policy.html",
        http=status,
        form=form,
        countries=[("", gettext("None")), *((one.value, one.label) for one in countries())],
        lost=await naming.visits(screen, lost.items) if lost else [],
        lost_count=lost.count if lost else 0,
    )


async def _page(screen: Screen, form: Form, status: int) -> Response:
    return screen.page("settings/holidays.html", http=status, **await context(screen, form))


def _values(policy: HolidayPolicy) -> dict[str, object]:
    closed = "true" if policy.closed or not policy.version else ""
    return {"country": policy.country, "subdivision": policy.subdivision, "closed": closed}


def _place(screen: Screen, text: str) -> Location | None:
    return next((one for one in screen.frame.places if str(one.id) == text), None)


def _link(year: int, place: Location | None) -> str:
    return link(_HERE, year=year, location_id=place.id if place else None)
