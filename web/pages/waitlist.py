"""The waiting list: who waits for what, what is on offer at this moment, and answers given on the telephone."""

import contextlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.waitlist.schemas import Entry, EntryFilter, EntryStatus, Offer, OfferStatus, Part
from web.formats import day as day_name
from web.formats import weekday
from web.forms import Form
from web.gateway.waitlist import WaitWanted
from web.pages import naming
from web.pages.naming import Person
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/waitlist", include_in_schema=False)
Reader = Annotated[Screen, needs("appointments:read")]
Writer = Annotated[Screen, needs("appointments:write")]
_SHOWN = 50
MOST_BOXES = 30
"""Up to so many consultants are boxes to tick; one of more is found by typing."""
_UNDER_WAY = [EntryStatus.WAITING, EntryStatus.OFFERED]
_OVER = [EntryStatus.BOOKED, EntryStatus.LEFT, EntryStatus.LAPSED]
PARTS: tuple[Part, ...] = ("morning", "afternoon", "evening")


@dataclass(frozen=True)
class OfferLine:
    """A time on offer, as the desk sees it; `call` where no message could go out."""

    start: datetime
    zone: str
    consultant: str
    expires_at: datetime
    call: bool


@dataclass(frozen=True)
class Line:
    """One who waits, as a row; `place` is the number in the line."""

    id: UUID
    place: int
    patient: Person
    visit: str
    wishes: str
    status: str
    since: datetime
    until: datetime
    tried: int
    appointment_id: UUID | None
    offer: OfferLine | None


@router.get("")
async def listed(screen: Reader, show: str = "", cursor: str | None = None) -> Response:
    """List those who wait, the first in line first, or those whose waiting has ended."""
    over = show == "over"
    wanted = EntryFilter(status=_OVER if over else _UNDER_WAY)
    page = await screen.gateway.waitlist.list(screen.actor, wanted, limit=_SHOWN, cursor=cursor)
    more = f"/waitlist?show={'over' if over else ''}&cursor={page.next_cursor}" if page.next_cursor else ""
    return screen.page(
        "waitlist/page.html",
        lines=await _lines(screen, page.items),
        over=over,
        form=screen.form("answer"),
        next_href=more,
        may_write=screen.actor.may("appointments:write"),
    )


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Ask who waits for what, and which times suit."""
    asked = screen.request.query_params
    names = ("patient_id", "visit_type_id", "consultant_id")
    return await _form(screen, screen.form("wait", **{name: asked.get(name, "") for name in names}))


@router.post("")
async def join(screen: Writer) -> Response:
    """Put the patient on the list."""
    form = await screen.submitted("wait")
    sent = await screen.request.form()
    days = [str(one) for one in sent.getlist("weekday")]
    parts = [str(one) for one in sent.getlist("part")]
    people = [str(one) for one in sent.getlist("consultant_id")]
    form.fill({"weekdays": ",".join(days), "parts": ",".join(parts), "consultants": ",".join(people)})
    wanted = _wanted(screen, form, days, parts)
    if wanted is None:
        return await _form(screen, form, 422)
    try:
        await screen.gateway.waitlist.join(screen.actor, wanted, form.key)
    except Refusal as refusal:
        return await _form(screen, form.renew().refuse(refusal), refusal.status)
    return screen.done(gettext("On the waiting list"), "/waitlist")


@router.post("/{entry_id}/answer")
async def answer(entry_id: UUID, screen: Writer) -> Response:
    """Take the patient's answer from the telephone."""
    accept = (await screen.submitted("answer")).values["accept"] == "true"
    entry = await screen.gateway.waitlist.answer_newest(screen.actor, entry_id, accept=accept)
    if entry.appointment_id:
        return screen.done(gettext("Booked from the waiting list"), f"/appointments/{entry.appointment_id}")
    return screen.done(gettext("Declined; the time goes to the next in line"), "/waitlist")


@router.post("/{entry_id}/removal")
async def remove(entry_id: UUID, screen: Writer) -> Response:
    """Take the patient from the list."""
    await screen.submitted("removal")
    await screen.gateway.waitlist.leave(screen.actor, entry_id)
    return screen.done(gettext("Taken from the waiting list"), "/waitlist")


async def _form(screen: Screen, form: Form, status: int = OK) -> Response:
    patient_id = form.chosen("patient_id")
    types = await screen.known.visit_types(screen.actor)
    consultants = await screen.known.consultants(screen.actor)
    places = await screen.known.locations(screen.actor)
    people = await naming.patients(screen, [patient_id])
    return screen.page(
        "waitlist/new.html",
        http=status,
        form=form,
        patient=people.get(patient_id) if patient_id else None,
        visit_types=[(one.id, one.name) for one in types.values() if one.active],
        consultants=[(one.id, one.name) for one in consultants.values() if one.status == "active"],
        locations=[(place.id, place.name) for place in places if place.active],
        parts=[(part, part_words(part)) for part in PARTS],
        most_boxes=MOST_BOXES,
        chosen_consultants=(form.values["consultants"] or form.values["consultant_id"]).split(","),
        chosen_days=form.values["weekdays"].split(","),
        chosen_parts=form.values["parts"].split(","),
    )


def _wanted(screen: Screen, form: Form, days: list[str], parts: list[str]) -> WaitWanted | None:
    patient_id, visit_type_id = form.chosen("patient_id"), form.chosen("visit_type_id")
    if patient_id is None:
        form.object(gettext("Search for the patient and choose one"), "patient_id")
    if visit_type_id is None:
        form.object(gettext("Choose a visit"), "visit_type_id")
    earliest, latest = _day(form, "earliest"), _day(form, "latest")
    if patient_id is None or visit_type_id is None or any(form.errors.values()):
        return None
    place = form.chosen("location_id")
    until = None
    if latest:
        until = datetime.combine(latest + timedelta(days=1), time(), ZoneInfo(screen.frame.zone))
    return WaitWanted(
        patient_id=patient_id,
        visit_type_id=visit_type_id,
        consultant_ids=_ids(form.values["consultants"].split(",")),
        location_ids=[place] if place else [],
        weekdays=[int(one) for one in days if one in "0123456"],
        parts=[part for part in PARTS if part in parts],
        earliest=earliest,
        latest=latest,
        until=until,
    )


def _ids(said: list[str]) -> list[UUID]:
    found = []
    for one in said:
        with contextlib.suppress(ValueError):
            found.append(UUID(one))
    return found


def _day(form: Form, name: str) -> date | None:
    said = form.values[name]
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        form.object(gettext("Write a date"), name)
        return None


async def _lines(screen: Screen, entries: list[Entry]) -> list[Line]:
    people = await naming.patients(screen, (one.patient_id for one in entries))
    types = await screen.known.visit_types(screen.actor)
    places = {place.id: place.name for place in await screen.known.locations(screen.actor)}
    wanted = {key for one in entries for key in one.consultant_ids} | {
        offer.consultant_id for one in entries for offer in one.offers
    }
    names = {key: one.name for key, one in (await screen.known.consultant_names(screen.actor, wanted)).items()}
    return [
        Line(
            id=one.id,
            place=number,
            patient=people[one.patient_id],
            visit=types[one.visit_type_id].name if one.visit_type_id in types else gettext("Visit"),
            wishes=_wishes(screen, one, names, places),
            status=one.status,
            since=one.created_at,
            until=one.until,
            tried=len(one.offers),
            appointment_id=one.appointment_id,
            offer=next((_offer(offer, names) for offer in one.offers if offer.status == OfferStatus.OFFERED), None),
        )
        for number, one in enumerate(entries, 1)
    ]


def _offer(offer: Offer, names: dict[UUID, str]) -> OfferLine:
    name = names.get(offer.consultant_id, gettext("Unknown consultant"))
    return OfferLine(offer.start, offer.zone, name, offer.expires_at, offer.told is False)


def _wishes(screen: Screen, one: Entry, names: dict[UUID, str], places: dict[UUID, str]) -> str:
    zone = screen.frame.zone
    said = [
        ", ".join(names.get(key, "") for key in one.consultant_ids) or gettext("Anyone"),
        ", ".join(places.get(key, "") for key in one.location_ids),
        ", ".join(weekday(day) for day in sorted(one.weekdays)),
        ", ".join(part_words(part) for part in PARTS if part in one.parts),
        gettext("from %(day)s") % {"day": day_name(one.earliest, zone)} if one.earliest else "",
        gettext("until %(day)s") % {"day": day_name(one.latest, zone)} if one.latest else "",
    ]
    return " · ".join(part for part in said if part)


def part_words(part: Part) -> str:
    """Name a part of the day."""
    return {"morning": gettext("Morning"), "afternoon": gettext("Afternoon"), "evening": gettext("Evening")}[part]
