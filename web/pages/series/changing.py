"""What changes a series: moving and cancelling one, the following or all, and resolving a conflict."""

from datetime import date, datetime, time
from typing import Annotated, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.series.schemas import Occurrence, Series
from web.formats import when
from web.forms import Form
from web.gateway.series import ChangedOccurrence, ChangedSeries
from web.looks import CHOICES, state_label
from web.pages.appointments.picker import Start
from web.pages.appointments.reasons import waiver_said
from web.pages.screen import OK, Screen, needs
from web.pages.series.detail import names_of
from web.words import gettext, ngettext, refused
from workflows.contracts.series import Scope

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]


@router.get("/{series_id}/move")
async def ask_to_move(series_id: UUID, screen: Writer, number: int = 1) -> Response:
    """Ask to which day and time, and which appointments."""
    found = await screen.gateway.series.get(screen.actor, series_id)
    one = _chosen(found, number)
    local = (one.start or one.planned).astimezone(ZoneInfo(found.zone))
    values = {"number": str(one.number), "scope": "following", "notify": "true"}
    values |= {"date": local.date().isoformat(), "time": f"{local:%H:%M}"}
    return await _form(screen, "move", screen.form("series-move", **values), found)


@router.post("/{series_id}/rescheduling")
async def move(series_id: UUID, screen: Writer) -> Response:
    """Move them; those that are refused stay where they are."""
    form = await screen.submitted("series-move")
    found = await screen.gateway.series.get(screen.actor, series_id)
    try:
        start = datetime.combine(
            date.fromisoformat(form.values["date"]), time.fromisoformat(form.values["time"]), ZoneInfo(found.zone)
        )
    except ValueError:
        return await _form(screen, "move", form.object(gettext("Write a date and a time"), "date"), found, 422)
    number, scope = _number(form), _scope(form)
    try:
        changed = await screen.gateway.series.move(
            screen.actor, series_id, number, scope, start, notify=form.values["notify"] == "true"
        )
    except Refusal as refusal:
        return await _form(screen, "move", form.refuse(refusal), found, refusal.status)
    return _done(screen, series_id, changed, gettext("Moved"))


@router.get("/{series_id}/cancel")
async def ask_to_cancel(series_id: UUID, screen: Writer, number: int = 1) -> Response:
    """Ask why, and which appointments."""
    found = await screen.gateway.series.get(screen.actor, series_id)
    values = {"number": str(_chosen(found, number).number), "scope": "following", "reason": "pat", "notify": "true"}
    return await _form(screen, "cancel", screen.form("series-cancel", **values), found)


@router.post("/{series_id}/cancellation")
async def cancel(series_id: UUID, screen: Writer, *, undo: bool = False) -> Response:
    """Cancel them, or undo it; the money goes back as the policy says, when it can no longer be undone."""
    if undo:
        back = await screen.gateway.series.undo_cancellation(screen.actor, series_id)
        return _done(screen, series_id, back, gettext("Brought back"))
    form = await screen.submitted("series-cancel")
    reason = form.values["reason"] if form.values["reason"] in CHOICES["cancel_reason"] else "other"
    waiver, final = waiver_said(form, screen), form.values["final"] == "true"
    found = await screen.gateway.series.get(screen.actor, series_id)
    if waiver is None:
        return await _form(screen, "cancel", form, found, 422)
    try:
        changed = await screen.gateway.series.cancel(
            screen.actor, series_id, _number(form), _scope(form), reason,
            notify=form.values["notify"] == "true", waiver=waiver, undoable=not final,
        )  # fmt: skip
    except Refusal as refusal:
        return await _form(screen, "cancel", form.refuse(refusal), found, refusal.status)
    way_back = None if final else f"/series/{series_id}/cancellation?undo=true"
    return _done(screen, series_id, changed, gettext("Cancelled"), way_back)


@router.post("/{series_id}/resolution")
async def resolve(series_id: UUID, screen: Writer) -> Response:
    """Book a near time in the place of a conflict, or leave the place empty."""
    form = await screen.submitted("resolution")
    chosen, here = Start.read(form.values["slot"]), f"/series/{series_id}"
    try:
        await screen.gateway.series.resolve(
            screen.actor,
            series_id,
            _number(form),
            chosen.start if chosen else None,
            consultant_id=chosen.consultant_id if chosen else None,
            location_id=chosen.location_id if chosen else None,
        )
    except Refusal as refusal:
        return screen.done(refused(refusal), here, tone="red")
    return screen.done(gettext("Booked") if chosen else gettext("Left out"), here)


async def _form(screen: Screen, what: str, form: Form, found: Series, status: int = OK) -> Response:
    patient, consultant, _ = await names_of(screen, found)
    one = _chosen(found, _number(form))
    return screen.page(
        "series/change.html",
        http=status,
        what=what,
        form=form,
        series=found,
        one=one,
        at=one.start or one.planned,
        patient=patient,
        consultant=consultant,
        scopes=[
            {"value": "one", "icon": "calendar", "title": gettext("This one"), "note": ""},
            {"value": "following", "icon": "chevron-right", "title": gettext("This and the following"), "note": ""},
            {"value": "all", "icon": "appointments", "title": gettext("All that lie ahead"), "note": ""},
        ],
        may_waive=screen.actor.may("payments:write"),
        reasons=[(code, state_label(code, "cancel_reason")) for code in CHOICES["cancel_reason"]],
    )


def _done(screen: Screen, series_id: UUID, changed: ChangedSeries, verb: str, way_back: str | None = None) -> Response:
    refused = [one for one in changed.changes if not one.changed]
    count = len(changed.changes) - len(refused)
    said = ngettext("%(verb)s: %(num)d appointment", "%(verb)s: %(num)d appointments", count)
    message = said % {"verb": verb, "num": count}
    if refused:
        message += ". " + _left(refused, changed.series.zone)
    undo = way_back if count else None
    return screen.done(message, f"/series/{series_id}", undo=undo, tone="orange" if refused else "green")


def _left(refused: list[ChangedOccurrence], zone: str) -> str:
    """Say which were left and why, and the nearest time at which each could be."""
    reasons: dict[str, list[str]] = {}
    for one in refused:
        reasons.setdefault(one.detail or "", []).append(str(one.number))
    numbers = "; ".join(f"{', '.join(some)} ({why})" for why, some in reasons.items())
    said = gettext("Left as they are: %(numbers)s") % {"numbers": numbers}
    near = [f"{one.number}: {when(one.alternatives[0].start, zone)}" for one in refused if one.alternatives]
    if near:
        said += ". " + gettext("Free nearby: %(times)s") % {"times": "; ".join(near)}
    return said


def _chosen(found: Series, number: int) -> Occurrence:
    return next((one for one in found.occurrences if one.number == number), found.occurrences[0])


def _number(form: Form) -> int:
    said = form.values["number"]
    return int(said) if said.isascii() and said.isdigit() else 1


def _scope(form: Form) -> Scope:
    scopes: dict[str, Scope] = {one: one for one in get_args(Scope)}
    return scopes.get(form.values["scope"], "one")
