"""A consultant's leave: the list, entering and removing it, and what is to become of the appointments in it."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.appointments.absences.schemas import Action
from services.consultants.schemas import ExceptionWrite
from web.forms import Form
from web.gateway.absences import Intention
from web.gateway.proposals import propose
from web.looks import CHOICES, state_label
from web.pages import naming
from web.pages.days import midnight, today
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/consultants/{consultant_id}/leave", include_in_schema=False)
Reader = Annotated[Screen, needs("consultants:read")]
Writer = Annotated[Screen, needs("consultants:write")]
Mover = Annotated[Screen, needs("appointments:write")]
_PAST = timedelta(days=30)
_AHEAD = timedelta(days=400)
_NAMES = {"starts_at": "from_day", "ends_at": "to_day"}


@router.get("")
async def listed(consultant_id: UUID, screen: Reader) -> Response:
    """List leave, blocked time and extra hours, and how the appointments in them were dealt with."""
    now = screen.frame.now
    consultant, exceptions, absences, places = await asyncio.gather(
        screen.gateway.consultants.get(screen.actor, consultant_id),
        screen.gateway.consultants.exceptions(
            screen.actor, consultant_id, start=now - _PAST, end=now + _AHEAD, limit=100
        ),
        screen.gateway.absences.of_consultant(screen.actor, consultant_id, limit=20),
        screen.known.locations(screen.actor),
    )
    return screen.page(
        "consultants/leave.html",
        consultant=consultant,
        exceptions=exceptions.items,
        absences=absences.items,
        places={place.id: place for place in places},
        form=screen.form("leave"),
    )


@router.get("/new")
async def new(consultant_id: UUID, screen: Writer) -> Response:
    """Begin to enter leave, blocked time or extra hours."""
    day = today(screen.frame).isoformat()
    return await _form(screen, consultant_id, screen.form("leave", kind="leave", from_day=day, to_day=day))


@router.post("")
async def enter(consultant_id: UUID, screen: Writer) -> Response:
    """Enter it; where it concerns appointments, the next screen asks what is to become of them."""
    form = await screen.submitted("leave")
    if form.values["kind"] == "extra" and form.chosen("location_id") is None:
        form.object(gettext("Choose the location at which the extra hours are worked"), "location_id")
        return await _form(screen, consultant_id, form, 422)
    exception_id = derived_id("leave form", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        told = _told(screen, form)
        entered = await screen.gateway.consultants.put_exception(screen.actor, consultant_id, exception_id, told)
    except ValidationError as error:
        form.blame_validation(error, _NAMES)
        if form.errors[""]:  # of the model's own sentences, only this one can be said of what the form asks
            form.object("").object(gettext("It ends before it begins"), "to_day")
        return await _form(screen, consultant_id, form, 422)
    except Refusal as refusal:
        return await _form(screen, consultant_id, form.refuse(refusal, _NAMES), refusal.status)
    here = f"/consultants/{consultant_id}/leave"
    if entered.kind == "extra":
        return screen.done(gettext("Extra hours entered"), here)
    concerned = await screen.gateway.absences.affected(screen.actor, entered)
    return screen.done(gettext("Leave entered"), f"{here}/{entered.id}" if concerned else here)


@router.post("/{exception_id}/removal")
async def remove(consultant_id: UUID, exception_id: UUID, screen: Writer) -> Response:
    """Let the weekly hours hold again."""
    await screen.gateway.consultants.delete_exception(screen.actor, consultant_id, exception_id)
    return screen.done(gettext("Removed"), f"/consultants/{consultant_id}/leave")


@router.get("/{exception_id}")
async def affected(consultant_id: UUID, exception_id: UUID, screen: Reader) -> Response:
    """Show whom it concerns, with a proposal for each."""
    form = screen.form("absence", action=Action.MOVE.value, others="true", decide_hours="48")
    return await _plan(screen, consultant_id, exception_id, form)


@router.post("/{exception_id}")
async def deal(consultant_id: UUID, exception_id: UUID, screen: Mover) -> Response:
    """Start dealing with the appointments; the next screen shows how far it is, and can be left."""
    form = await screen.submitted("absence")
    try:
        begun = await screen.gateway.absences.begin(screen.actor, consultant_id, _wanted(form, exception_id), form.key)
    except Refusal as refusal:
        return await _plan(screen, consultant_id, exception_id, form.refuse(refusal), refusal.status)
    return screen.done(gettext("Started"), f"/absences/{begun.id}")


async def _form(screen: Screen, consultant_id: UUID, form: Form, status: int = OK) -> Response:
    places = [(place.id, place.name) for place in await screen.known.locations(screen.actor) if place.active]
    return screen.page(
        "consultants/leave_form.html",
        http=status,
        form=form,
        consultant=await screen.gateway.consultants.get(screen.actor, consultant_id),
        places=[("", gettext("Everywhere")), *places],
        kinds=[
            ("leave", gettext("Leave or illness")),
            ("blocked", gettext("Blocked time")),
            ("extra", gettext("Extra hours")),
        ],
    )


async def _plan(screen: Screen, consultant_id: UUID, exception_id: UUID, form: Form, status: int = OK) -> Response:
    consultant, leave = await asyncio.gather(
        screen.gateway.consultants.get(screen.actor, consultant_id),
        screen.gateway.consultants.exception(screen.actor, consultant_id, exception_id),
    )
    concerned = await screen.gateway.absences.affected(screen.actor, leave)
    visits, proposals, consultants = await asyncio.gather(
        naming.visits(screen, concerned),
        propose(screen.gateway, screen.actor, concerned),
        screen.known.consultants(screen.actor),
    )
    return screen.page(
        "consultants/affected.html",
        http=status,
        consultant=consultant,
        leave=leave,
        visits=visits,
        proposals=proposals,
        names={one.id: one.name for one in consultants.values()},
        form=form,
        actions=[(code, state_label(code, "absence_action")) for code in CHOICES["absence_action"]],
        hours=[(str(hours), gettext("%d hours") % hours) for hours in (12, 24, 48, 72)],
    )


def _wanted(form: Form, exception_id: UUID) -> Intention:
    chosen: dict[UUID, Action] = {}
    for name, value in form.values.items():
        kind, _, key = name.partition("-")
        if kind == "action" and key and value in set(Action):
            chosen[UUID(key)] = Action(value)
    usual = form.values["action"]
    hours = form.values["decide_hours"]
    return Intention(
        exception_id=exception_id,
        action=Action(usual) if usual in set(Action) else Action.MOVE,
        appointments=chosen,
        other_consultants=form.values["others"] == "true",
        decide_hours=int(hours) if hours.isdecimal() and 0 < int(hours) <= 336 else 48,  # noqa: PLR2004 - two weeks
    )


def _told(screen: Screen, form: Form) -> ExceptionWrite:
    """Read when it is: whole days where no hours are given, the last day included."""
    typed, place = form.values, form.chosen("location_id")
    zone = next((one.zone for one in screen.frame.places if one.id == place), screen.frame.zone)
    said: dict[str, Any] = {"kind": typed["kind"], "location_id": place, "reason": typed["reason"].strip() or None}
    first, last = (
        _instant(typed["from_day"], typed["from_time"], zone),
        _instant(typed["to_day"], typed["to_time"], zone, ends=True),
    )
    return ExceptionWrite.model_validate(said | {"starts_at": first, "ends_at": last, "zone": zone if place else None})


def _instant(day: str, hour: str, zone: str, *, ends: bool = False) -> datetime | str:
    """Read a local time; what is no date is left for the model to object to."""
    try:
        wanted = date.fromisoformat(day)
        if hour:
            return datetime.combine(wanted, time.fromisoformat(hour), ZoneInfo(zone))
    except ValueError:
        return day or "missing"
    return midnight(wanted + timedelta(days=ends), zone)
