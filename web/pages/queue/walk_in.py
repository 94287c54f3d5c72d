"""Somebody stands at the desk: booked, queued and billed at once, with whoever is there and free first."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from web.formats import when
from web.forms import Form
from web.gateway.bookings import Booking
from web.gateway.errors import StillDeciding
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.appointments import overbooking
from web.pages.appointments.outcome import deciding
from web.pages.appointments.picker import Start
from web.pages.appointments.reasons import IN_THE_WAY
from web.pages.links import link
from web.pages.queue.there import Candidate, there
from web.pages.screen import OK, Screen, needs
from web.words import gettext
from workflows.contracts import PaymentChoice

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
UNREADY = 422
_OFFERED = 4


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Ask who has come for what; the consultant who is free first is chosen already."""
    asked = screen.request.query_params
    types = await screen.known.visit_types(screen.actor)
    first = next((str(one.id) for one in types.values() if one.active), "")
    values = {name: asked.get(name, "") for name in ("patient_id", "visit_type_id", "consultant_id")}
    return await _form(screen, screen.form("walk-in", **(values | {"visit_type_id": values["visit_type_id"] or first})))


@router.get("/new/there")
async def who(screen: Writer) -> Response:
    """List who is there for another kind of visit."""
    form = screen.form("walk-in", visit_type_id=screen.request.query_params.get("visit_type_id", ""))
    return screen.page("queue/_there.html", form=form, there=await _choose(screen, form))


@router.post("")
async def register(screen: Writer) -> Response:
    """Book a visit that starts this minute, with its patient arrived and its invoice open at the desk."""
    form = await screen.submitted("walk-in")
    wanted = await _wanted(screen, form)
    if wanted is None:
        return await _form(screen, form, UNREADY)
    try:
        made = await screen.gateway.bookings.book(screen.actor, wanted, form.key)
    except StillDeciding as waiting:
        return await deciding(screen, UUID(waiting.extra["workflow_id"].removeprefix("appointment-")))
    except Refusal as refusal:
        return await _refused(screen, form.renew(), refusal)
    queue = await there(screen, wanted.visit_type_id)
    place = next((one.waiting for one in queue if one.id == made.consultant.id), 1)
    said = gettext("Registered: number %(place)d in the queue") % {"place": max(place, 1)}
    return screen.done(said, "/queue", undo=f"/queue/{made.id}/departure")


async def _wanted(screen: Screen, form: Form) -> Booking | None:
    patient_id, visit_type_id = form.chosen("patient_id"), form.chosen("visit_type_id")
    if patient_id is None:
        form.object(gettext("Search for the patient and choose one"), "patient_id")
    if visit_type_id is None:
        form.object(gettext("Choose a visit"), "visit_type_id")
    consultant_id, overbook = form.chosen("consultant_id"), overbooking.given(screen, form)
    if consultant_id is None:
        form.object(gettext("Choose a consultant"), "consultant_id")
    if patient_id is None or visit_type_id is None or consultant_id is None or overbook is None:
        return None
    place = screen.frame.location
    return Booking(
        patient_id=patient_id,
        consultant_id=consultant_id,
        visit_type_id=visit_type_id,
        location_id=place.id if place else None,
        start=screen.frame.now.replace(second=0, microsecond=0),
        reason=form.values["reason"].strip()[:500],
        payment=PaymentChoice(method="at_desk"),
        notify=False,
        overbook_reason=overbook or None,
        walk_in=True,
    )


async def _refused(screen: Screen, form: Form, refusal: Refusal) -> Response:
    """Say why, with the nearest free times of the same consultant, and what those may do who may do more."""
    near = [Slot.model_validate(one) for one in refusal.extra.get("alternatives", [])][:_OFFERED]
    overbookable = refusal.code in IN_THE_WAY and overbooking.may(screen)
    if refusal.code in IN_THE_WAY:
        form.object(refusal.detail, "consultant_id")
    else:
        form.refuse(refusal)
    return await _form(screen, form, refusal.status, near, overbookable=overbookable)


async def _form(
    screen: Screen,
    form: Form,
    status: int = OK,
    near: list[Slot] | None = None,
    *,
    overbookable: bool = False,
) -> Response:
    patient_id = form.chosen("patient_id")
    types, people, candidates = await asyncio.gather(
        screen.known.visit_types(screen.actor), naming.patients(screen, [patient_id]), _choose(screen, form)
    )
    return screen.page(
        "queue/walk_in.html",
        http=status,
        form=form,
        patient=people.get(patient_id) if patient_id else None,
        visit_types=[(one.id, one.name) for one in types.values() if one.active],
        there=candidates,
        near=[(_book(one, form), when(one.start, one.zone)) for one in near or []],
        overbookable=overbookable or bool(form.values["overbook_reason"]),
    )


async def _choose(screen: Screen, form: Form) -> list[Candidate]:
    """List who is there, and choose who is free first where nobody is chosen."""
    visit_type_id = form.chosen("visit_type_id")
    found = await there(screen, visit_type_id) if visit_type_id else []
    if found and form.chosen("consultant_id") not in {one.id for one in found}:
        form.values["consultant_id"] = str(found[0].id)
    return found


def _book(slot: Slot, form: Form) -> str:
    """Give the address that books a later time for the same patient instead."""
    known = {"patient_id": form.values["patient_id"], "visit_type_id": slot.visit_type_id}
    return link("/appointments/new", consultant_id=slot.consultant_id, slot=Start.of(slot).value, **known)
