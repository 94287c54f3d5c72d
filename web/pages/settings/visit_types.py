"""Visit types: what can be booked, by whom and where, at what price and on which terms."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from careconnect.ids import derived_id
from services.consultants.schemas import VisitType, VisitTypeReplacement, VisitTypeWrite
from web.forms import Form
from web.pages import prices
from web.pages.appointments.terms import payment_words
from web.pages.screen import OK, Screen, needs
from web.pages.settings import meanwhile, visit_type_fields
from web.words import gettext

router = APIRouter(prefix="/settings/visit-types", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_HERE = "/settings/visit-types"
_UNREADY = 422


async def shown(screen: Screen) -> list[dict[str, Any]]:
    """Show the catalogue, what is offered first, each with how many offer it and when it is paid."""
    types = (await screen.known.visit_types(screen.actor)).values()
    told = [one.__dict__ | {"payment_words": payment_words(one.price, one.payment_policy)} for one in types]
    return sorted(told, key=lambda one: not one["active"])


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Begin a visit type."""
    return await _form(screen, screen.form("visit", **visit_type_fields.FRESH), None)


@router.post("")
async def create(screen: Writer) -> Response:
    """Add a visit type."""
    form = await _submitted(screen)
    told = visit_type_fields.meant(form, screen.person.session.tenant.currency)
    try:
        wanted = VisitTypeWrite.model_validate(told)
        if any(form.errors.values()):
            return await _form(screen, form, None, _UNREADY)
        key = derived_id("visit type form", screen.actor.tenant_id, screen.actor.id, form.key)
        await screen.gateway.consultants.create_visit_type(screen.actor, key, wanted)
    except ValidationError as error:
        return await _form(screen, _blamed(form, error), None, _UNREADY)
    except Refusal as refusal:
        return await _form(screen, form.renew().refuse(refusal), None, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Visit type added"), _HERE)


@router.get("/{visit_type_id}")
async def edit(visit_type_id: UUID, screen: Writer) -> Response:
    """Show the visit type in a form."""
    kind = await screen.gateway.consultants.visit_type(screen.actor, visit_type_id)
    form = meanwhile.remember(screen.form("visit"), visit_type_fields.of(kind), kind.version)
    return await _form(screen, form, kind)


@router.post("/{visit_type_id}")
async def change(visit_type_id: UUID, screen: Writer) -> Response:
    """Write it anew; visits that are booked keep the terms on which they were booked."""
    form = await _submitted(screen)
    kind = await screen.gateway.consultants.visit_type(screen.actor, visit_type_id)
    told = visit_type_fields.meant(form, kind.price.currency)
    try:
        wanted = VisitTypeReplacement.model_validate(
            told | {"active": kind.active, "version": meanwhile.version_of(form)}
        )
        if any(form.errors.values()):
            return await _form(screen, form, kind, _UNREADY)
        await screen.gateway.consultants.replace_visit_type(screen.actor, visit_type_id, wanted)
    except ValidationError as error:
        return await _form(screen, _blamed(form, error), kind, _UNREADY)
    except VersionConflict as refusal:
        merged = meanwhile.merge(form, visit_type_fields.of(kind), kind.version, await _named(screen, kind))
        return await _form(screen, merged, kind, refusal.status)
    except Refusal as refusal:
        return await _form(screen, form.refuse(refusal), kind, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Visit type saved"), _HERE)


@router.post("/{visit_type_id}/retirement")
async def retire(visit_type_id: UUID, screen: Writer) -> Response:
    """Offer it no more; what is booked stays."""
    await _activate(screen, visit_type_id, active=False)
    undo = f"{_HERE}/{visit_type_id}/return"
    return screen.done(gettext("No longer offered; what is booked stays"), _HERE, undo=undo)


@router.post("/{visit_type_id}/return")
async def bring_back(visit_type_id: UUID, screen: Writer) -> Response:
    """Offer it again."""
    await _activate(screen, visit_type_id, active=True)
    return screen.done(gettext("Offered again"), _HERE)


async def _activate(screen: Screen, visit_type_id: UUID, *, active: bool) -> None:
    kind = await screen.gateway.consultants.visit_type(screen.actor, visit_type_id)
    told = VisitTypeReplacement.model_validate(kind.model_dump(exclude={"id"}) | {"active": active})
    await screen.gateway.consultants.replace_visit_type(screen.actor, visit_type_id, told)
    screen.known.forget(screen.actor)


async def _submitted(screen: Screen) -> Form:
    """Read the form; who offers it, and where, are several boxes of one name."""
    form, sent = await screen.submitted("visit"), await screen.request.form()
    for name in ("consultant_ids", "location_ids"):
        form.values[name] = ",".join(sorted(str(one) for one in sent.getlist(name) if one))
    return form


async def _form(screen: Screen, form: Form, kind: VisitType | None, status: int = OK) -> Response:
    specialties, people, rooms, listed = await asyncio.gather(
        screen.gateway.consultants.specialties(screen.actor),
        screen.known.consultants(screen.actor),
        screen.gateway.consultants.rooms(screen.actor, active=True),
        prices.told(screen, kind.id) if kind else _none(),
    )
    return screen.page(
        "settings/visit_type.html",
        http=status,
        form=form,
        kind=kind,
        prices=listed,
        action=f"{_HERE}/{kind.id}" if kind else _HERE,
        currency=kind.price.currency if kind else screen.person.session.tenant.currency,
        specialties=[(one, one) for one in specialties],
        consultants=[(str(one.id), one.name, ", ".join(one.specialties)) for one in people.values()],
        places=[(str(one.id), one.name) for one in screen.frame.places],
        features=sorted({feature for room in rooms for feature in room.features}),
        chosen={name: set(form.values[name].split(",")) for name in ("consultant_ids", "location_ids")},
        **_choices(),
    )


async def _none() -> list[dict[str, Any]]:
    return []


def _choices() -> dict[str, Any]:
    return {
        "modes": [("in_person", gettext("In person")), ("telehealth", gettext("By video or telephone"))],
        "kinds": [
            ("default", gettext("As the organisation's policy says")),
            ("none", gettext("Nothing in advance")),
            ("deposit", gettext("A deposit")),
            ("full", gettext("The whole price")),
        ],
        "whens": [
            ("booking", gettext("When it is booked")),
            ("before", gettext("Some hours before the visit")),
            ("desk", gettext("At the desk")),
        ],
        "declines": [
            ("keep", gettext("The appointment stays, with payment due")),
            ("cancel", gettext("It is cancelled")),
        ],
        "downs": [
            ("refuse", gettext("Book nothing; hold the time and say so")),
            ("due", gettext("Book all the same; it is paid at the desk")),
        ],
        "follows": [("visit_type", gettext("The same visit type")), ("specialty", gettext("The same speciality"))],
    }


async def _named(screen: Screen, kind: VisitType) -> dict[str, str]:
    """Put those of its values into words that are codes."""
    people = await screen.known.consultant_names(screen.actor, kind.consultant_ids)
    places = {place.id: place.name for place in await screen.known.locations(screen.actor)}
    coded = {name: dict(pairs) for name, pairs in _choices().items()}
    values = visit_type_fields.of(kind)
    singular = {"mode": "modes", "kind": "kinds", "when": "whens", "on_decline": "declines", "follow_of": "follows"}
    said = {name: coded[choices].get(str(values[name]), "") for name, choices in singular.items()}
    return said | {
        "when_gateway_is_down": coded["downs"].get(str(values["when_gateway_is_down"]), ""),
        "consultant_ids": ", ".join(people[one].name for one in kind.consultant_ids if one in people),
        "location_ids": ", ".join(places[one] for one in kind.location_ids if one in places),
        "room_needed": gettext("Yes") if kind.room_needed else gettext("No"),
        "tax_inclusive": gettext("Yes") if values["tax_inclusive"] else gettext("No"),
    }


def _blamed(form: Form, error: ValidationError) -> Form:
    return form.blame_validation(error, visit_type_fields.NAMES)
