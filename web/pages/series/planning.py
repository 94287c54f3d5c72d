"""Laying a series down: how it repeats, its dates with what is in their way, and the booking."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from web.forms import Form
from web.gateway.errors import StillDeciding
from web.gateway.series import SeriesDate, SeriesWanted
from web.pages import naming
from web.pages.screen import OK, Screen, needs
from web.pages.series.words import DAYS, conflict_words, nth_weekday
from web.words import gettext, refused

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
_MOST = 60


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Begin a series, perhaps as a repetition of an appointment."""
    asked = screen.request.query_params
    place = screen.frame.location or next(iter(screen.frame.places), None)
    values = {"unit": "WEEKLY", "interval": "1", "count": "6", "notify": "true", "time": "09:00"}
    values |= {"location_id": str(place.id) if place else ""}
    names = ("patient_id", "consultant_id", "visit_type_id", "location_id", "date", "time")
    values |= {name: asked[name] for name in names if asked.get(name)}
    return await _form(screen, screen.form("series", **values))


@router.get("/new/dates")
async def dates(screen: Writer) -> Response:
    """Show the dates that the form describes, and which of them are not free."""
    form = screen.form("series", **dict(screen.request.query_params))
    found, trouble = await _dates(screen, form, screen.request.query_params.getlist("weekday"))
    return screen.page("series/_dates.html", dates=found, trouble=trouble, conflict_words=conflict_words)


@router.post("")
async def book(screen: Writer) -> Response:
    """Book what is free; the page of the series then shows what is not."""
    form = await screen.submitted("series")
    days = [str(one) for one in (await screen.request.form()).getlist("weekday")]
    form.fill({"weekdays": ",".join(days)})
    wanted = await _wanted(screen, form, days)
    if wanted is None:
        return await _form(screen, form, 422)
    try:
        made = await screen.gateway.series.book(screen.actor, wanted, form.key)
    except StillDeciding as waiting:
        key = UUID(waiting.extra["workflow_id"].removeprefix("series-"))
        return screen.done(gettext("The series is being booked"), f"/series/{key}")
    except Refusal as refusal:
        return await _form(screen, form.renew().refuse(refusal), refusal.status)
    said = gettext("Series booked") if not made.conflicts else gettext("Series booked; some dates need another time")
    return screen.done(said, f"/series/{made.id}", tone="orange" if made.conflicts else "green")


async def _form(screen: Screen, form: Form, status: int = OK) -> Response:
    patient_id = form.chosen("patient_id")
    types = await screen.known.visit_types(screen.actor)
    consultants = await screen.known.consultants(screen.actor)
    places = await screen.known.locations(screen.actor)
    people = await naming.patients(screen, [patient_id])
    days = form.values["weekdays"].split(",")
    found, trouble = await _dates(screen, form, days) if patient_id or status != OK else (None, "")
    return screen.page(
        "series/new.html",
        http=status,
        form=form,
        patient=people.get(patient_id) if patient_id else None,
        visit_types=[(one.id, one.name) for one in types.values() if one.active],
        consultants=[(one.id, one.name) for one in consultants.values() if one.status == "active"],
        locations=[(place.id, place.name) for place in places if place.active],
        units=[("DAILY", gettext("days")), ("WEEKLY", gettext("weeks")), ("MONTHLY", gettext("months"))],
        days=[(code, number) for number, code in enumerate(DAYS)],
        chosen_days=days,
        dates=found,
        trouble=trouble,
        conflict_words=conflict_words,
    )


async def _dates(screen: Screen, form: Form, days: list[str]) -> tuple[list[SeriesDate] | None, str]:
    """Look at the dates as far as the form can tell; without a patient nobody is asked whether they are busy."""
    wanted = await _wanted(screen, form, days, alone=True)
    if wanted is None:
        return None, ""
    try:
        return await screen.gateway.series.preview(screen.actor, wanted), ""
    except Refusal as refusal:
        return None, refused(refusal)


async def _wanted(screen: Screen, form: Form, days: list[str], *, alone: bool = False) -> SeriesWanted | None:
    ids = {name: form.chosen(name) for name in ("patient_id", "visit_type_id", "consultant_id", "location_id")}
    if alone and ids["patient_id"] is None:
        ids["patient_id"] = UUID(int=0)
    places = await screen.known.locations(screen.actor)
    zone = next((place.zone for place in places if place.id == ids["location_id"]), None)
    start = _start(form.values, zone)
    if not alone:
        for name, message in (
            ("patient_id", gettext("Search for the patient and choose one")),
            ("consultant_id", gettext("Choose a consultant")),
        ):
            if ids[name] is None:
                form.object(message, name)
        if start is None:
            form.object(gettext("Write a date and a time"), "date")
    if None in ids.values() or start is None or zone is None:
        return None
    known = {**ids, "start": start, "rule": _rule(form.values, days, start, zone)}
    return SeriesWanted.model_validate(known | {"notify": form.values["notify"] == "true"})


def _start(values: Mapping[str, str], zone: str | None) -> datetime | None:
    try:
        day, clock = date.fromisoformat(values["date"]), time.fromisoformat(values["time"])
    except ValueError:
        return None
    return datetime.combine(day, clock.replace(tzinfo=None), ZoneInfo(zone)) if zone else None


def _rule(values: Mapping[str, str], days: list[str], start: datetime, zone: str) -> str:
    unit = values["unit"] if values["unit"] in {"DAILY", "WEEKLY", "MONTHLY"} else "WEEKLY"
    parts = [f"FREQ={unit}", f"INTERVAL={_number(values['interval'], 99)}"]
    chosen = [day for day in DAYS if day in days]
    if unit == "WEEKLY" and chosen:
        parts.append(f"BYDAY={','.join(chosen)}")
    if unit == "MONTHLY" and values["monthly"] == "weekday":
        parts.append(f"BYDAY={nth_weekday(start, zone)}")
    return ";".join([*parts, f"COUNT={_number(values['count'], _MOST)}"])


def _number(said: str, most: int) -> int:
    return min(int(said), most) if said.isascii() and said.isdigit() and int(said) else 1
