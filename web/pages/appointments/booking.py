"""Booking: the form, the free times, what a time costs, and the booking itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.errors import SlotTaken
from services.payments.errors import CardDeclined
from services.payments.states import DECLINES
from web.forms import Form
from web.gateway.bookings import Booking
from web.gateway.errors import StillDeciding
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.appointments import holding, overbooking
from web.pages.appointments.outcome import booked, deciding
from web.pages.appointments.picker import Picker, Start, pick, pick_again
from web.pages.appointments.terms import Offer, terms, with_default
from web.pages.appointments.wish import who_choices
from web.pages.screen import OK, Screen, needs
from web.words import gettext
from workflows.contracts import PaymentChoice

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
NO_CONTENT, UNREADY = 204, 422
_NO_LONGER_FREE = {
    "slot_taken", "no_room_free", "outside_hours", "too_soon", "consultant_unavailable", "patient_busy", "not_offered",
    "no_suitable_room",
}  # fmt: skip


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Begin a booking, perhaps for a patient, a consultant or a visit that is known already."""
    asked = screen.request.query_params
    types = await screen.known.visit_types(screen.actor)
    first = next((str(one.id) for one in types.values() if one.active), "")
    place = screen.frame.location
    values = {"visit_type_id": first, "location_id": str(place.id) if place else "", "notify": "true"}
    names = ("patient_id", "consultant_id", "visit_type_id", "location_id", "date", "slot")
    values |= {name: asked[name] for name in names if asked.get(name)}
    return await _form(screen, screen.form("booking", **values), ready=bool(asked.get("slot")))


@router.get("/new/times")
async def times(screen: Writer) -> Response:
    """Find free times for what the form asks, and the terms of the chosen one if it is still among them."""
    typed = _typed(screen)
    picker = await pick(screen, typed)
    if await _is_shown_already(screen, typed, picker):
        return Response(status_code=NO_CONTENT)
    still = any(slot.chosen for group in picker.groups for slot in group.slots)
    still = still or bool(await overbooking.instead(screen, typed))
    offer, trouble = await _offer(screen, typed) if still else (None, "")
    form = screen.form("booking", **(with_default(typed, offer) if offer else typed))
    template = "appointments/_times.html" if picker.moving else "appointments/_times_answer.html"
    keeping = await _keeping(screen, typed, offer)
    return screen.page(template, picker=picker, form=form, offer=offer, trouble=trouble, keeping=keeping)


@router.get("/new/offer")
async def offered(screen: Writer) -> Response:
    """Say what the chosen time costs and brings."""
    typed = _typed(screen)
    offer, trouble = await _offer(screen, typed)
    form = screen.form("booking", **(with_default(typed, offer) if offer else typed))
    keeping = await _keeping(screen, typed, offer)
    return screen.page("appointments/_offer_or_hint.html", offer=offer, trouble=trouble, form=form, keeping=keeping)


@router.post("")
async def book(screen: Writer) -> Response:
    """Book, and show how it ended. What went wrong stands where it can be put right.

    Nobody books terms that were not shown: without scripts the first answer shows them, and the second books.
    """
    form = await screen.submitted("booking")
    wanted = await _booking(screen, form)
    if wanted is None or not form.values["offered"]:
        return await _form(screen, form, UNREADY)
    if wanted.hold_id is None:  # another time may be held for this form, which would be in the way
        await holding.give_back(screen, form.chosen("hold_id"))
    try:
        made = await screen.gateway.bookings.book(screen.actor, wanted, form.key)
    except StillDeciding as waiting:
        return await deciding(screen, UUID(waiting.extra["workflow_id"].removeprefix("appointment-")))
    except CardDeclined as refusal:
        why = DECLINES.get(refusal.extra.get("decline_code", ""), "")
        said = gettext("The card was declined. %(why)s Nothing was charged and the time is free again.")
        if (await holding.kept(screen, form.values)).state == "held":
            said = gettext("The card was declined. %(why)s Nothing was charged and the time is still held.")
        return await _form(screen, form.renew().object(said % {"why": gettext(why)}, "token"), refusal.status)
    except Refusal as refusal:
        # While the time is held for this very form, sending it again goes on where it stopped.
        return await _refused(screen, form if "held_until" in refusal.extra else form.renew(), refusal)
    return await booked(screen, made)


async def _refused(screen: Screen, form: Form, refusal: Refusal) -> Response:
    near = [Slot.model_validate(one) for one in refusal.extra.get("alternatives", [])]
    if refusal.code not in _NO_LONGER_FREE:
        return await _form(screen, form.refuse(refusal), refusal.status)
    overbooking.propose(screen, form, refusal, Start.read(form.values["slot"]))
    form.values["slot"] = ""
    ending = gettext("These are the nearest free times.") if near else gettext("Choose another time.")
    title = SlotTaken.title if refusal.code == SlotTaken.code else refusal.detail
    return await _form(screen, form.object(f"{gettext(title).rstrip('.')}. {ending}", "slot"), refusal.status, near)


async def _form(
    screen: Screen, form: Form, status: int = OK, near: list[Slot] | None = None, *, ready: bool = False
) -> Response:
    patient_id, shown_already = form.chosen("patient_id"), ready or status != OK or not screen.htmx
    types, consultants, places, people = await asyncio.gather(
        screen.known.visit_types(screen.actor),
        screen.known.consultants(screen.actor),
        screen.known.locations(screen.actor),
        naming.patients(screen, [patient_id]),
    )
    picker = await pick_again(screen, form.values, near) if shown_already else None
    offer, trouble = await _offer(screen, form.values) if shown_already else (None, "")
    if offer:
        form.fill(with_default(form.values, offer))
    elif form.errors["token"]:  # the payment is not shown, so it is said above the form
        form.object(form.errors["token"])
    return screen.page(
        "appointments/new.html",
        http=status,
        keeping=await _keeping(screen, form.values, offer),
        overbookable=overbooking.may(screen),
        form=form,
        patient=people.get(patient_id) if patient_id else None,
        visit_types=[(one.id, one.name) for one in types.values() if one.active],
        consultants=who_choices(consultants.values()),
        locations=[(place.id, place.name) for place in places if place.active],
        picker=picker,
        offer=offer,
        trouble=trouble,
    )


def _key(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


async def _offer(screen: Screen, typed: Mapping[str, str]) -> tuple[Offer | None, str]:
    other = await overbooking.instead(screen, typed)
    chosen = other or Start.read(typed.get("slot", ""))
    try:
        visit_type_id = UUID(typed.get("visit_type_id", ""))
    except ValueError:
        return None, ""
    if chosen is None:
        return None, ""
    try:
        patient_id = _key(typed.get("patient_id", ""))
        found = await terms(
            screen, visit_type_id, chosen, patient_id, typed.get("coverage_id"), overbook=other is not None
        )
    except Refusal as refusal:
        return None, refusal.detail
    return found, ""


async def _keeping(screen: Screen, typed: Mapping[str, str], offer: Offer | None) -> holding.Keeping:
    """Tell how the shown time is kept; one that is taken all the same is not, since others have it."""
    if offer and offer.overbooked:
        return holding.Keeping("away", gettext("It is not held before it is booked, since it is not offered."))
    return await holding.kept(screen, typed) if offer else holding.WANTED


async def _booking(screen: Screen, form: Form) -> Booking | None:
    patient_id, visit_type_id = form.chosen("patient_id"), form.chosen("visit_type_id")
    chosen, overbook = await overbooking.chosen(screen, form)
    if patient_id is None:
        form.object(gettext("Search for the patient and choose one"), "patient_id")
    if visit_type_id is None:
        form.object(gettext("Choose a visit"), "visit_type_id")
    if patient_id is None or visit_type_id is None or chosen is None or overbook is None:
        return None
    return Booking(
        patient_id=patient_id,
        visit_type_id=visit_type_id,
        consultant_id=chosen.consultant_id,
        location_id=chosen.location_id,
        start=chosen.start,
        reason=form.values["reason"].strip()[:500],
        payment=_payment(form),
        notify=form.values["notify"] == "true",
        coverage_id=form.chosen("coverage_id"),
        authorisation_number=form.values["authorisation_number"].strip()[:60] if form.chosen("coverage_id") else "",
        hold_id=None if overbook else holding.of(form.values),
        overbook_reason=overbook or None,
    )


def _payment(form: Form) -> PaymentChoice | None:
    if form.values["pay"] == "card":
        return PaymentChoice(method="card", token=form.values["token"])
    if form.values["pay"] == "link":
        return PaymentChoice(method="link")
    return PaymentChoice(method="at_desk") if form.values["pay"] == "at_desk" else None


async def _is_shown_already(screen: Screen, typed: Mapping[str, str], picker: Picker) -> bool:
    """Tell whether what was shown before the patient was chosen suits them too: what people look at stays still."""
    if "because" not in typed or typed.get("slot") or typed.get("suits"):
        return False
    return replace(await pick(screen, {**typed, "patient_id": ""}), suits=picker.suits) == picker


def _typed(screen: Screen) -> dict[str, str]:
    return dict(screen.request.query_params)
