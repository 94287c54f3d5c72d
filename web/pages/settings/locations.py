"""Locations: opened, described, retired and brought back."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from careconnect.ids import derived_id
from services.appointments.schemas import AppointmentFilter
from services.identity.schemas import Address, Location, LocationReplacement, LocationWrite
from web.forms import Form
from web.pages.options import countries, zones
from web.pages.screen import OK, Screen, needs
from web.pages.settings import meanwhile
from web.words import gettext, ngettext

router = APIRouter(prefix="/settings/locations", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_HERE = "/settings/locations"
_ADDRESS = ("line1", "line2", "city", "country")
_UNREADY = 422


def shown(places: list[Location]) -> list[dict[str, Any]]:
    """Show the locations, those that are in use first."""
    told = [place.__dict__ | {"address": in_one_line(place.address)} for place in places]
    return sorted(told, key=lambda one: not one["active"])


def in_one_line(address: Address | None) -> str:
    """Write an address in one line."""
    parts = (address.line1, address.line2, address.city) if address else ()
    return ", ".join(part for part in parts if part)


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Begin a location; it is probably in the zone and the country of the others."""
    tenant = screen.person.session.tenant
    zone = screen.frame.zone if screen.frame.places else ""
    return _form(screen, screen.form("location", zone=zone, country=tenant.country), None)


@router.post("")
async def create(screen: Writer) -> Response:
    """Open a location."""
    form = await screen.submitted("location")
    try:
        wanted = LocationWrite.model_validate(_told(form))
        key = derived_id("location form", screen.actor.tenant_id, screen.actor.id, form.key)
        await screen.gateway.identity.create_location(screen.actor, key, wanted)
    except ValidationError as error:
        return _form(screen, _blamed(form, error), None, _UNREADY)
    except Refusal as refusal:
        return _form(screen, form.renew().refuse(refusal), None, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Location opened"), _HERE)


@router.get("/{location_id}")
async def edit(location_id: UUID, screen: Writer) -> Response:
    """Show the location in a form."""
    place = await screen.gateway.identity.location(screen.actor, location_id)
    form = meanwhile.remember(screen.form("location"), _values(place), place.version)
    return _form(screen, form, place)


@router.post("/{location_id}")
async def change(location_id: UUID, screen: Writer) -> Response:
    """Write it anew."""
    form = await screen.submitted("location")
    place = await screen.gateway.identity.location(screen.actor, location_id)
    told = _told(form) | {"active": place.active, "version": meanwhile.version_of(form)}
    try:
        await screen.gateway.identity.replace_location(
            screen.actor, location_id, LocationReplacement.model_validate(told)
        )
    except ValidationError as error:
        return _form(screen, _blamed(form, error), place, _UNREADY)
    except VersionConflict as refusal:
        return _form(screen, meanwhile.merge(form, _values(place), place.version), place, refusal.status)
    except Refusal as refusal:
        return _form(screen, form.refuse(refusal), place, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Location saved"), _HERE)


@router.post("/{location_id}/retirement")
async def retire(location_id: UUID, screen: Writer) -> Response:
    """Take it out of what can be chosen; what is booked there stays, and is counted."""
    await _activate(screen, location_id, active=False)
    coming = AppointmentFilter(location_id=location_id, from_=screen.frame.now)
    count = (await screen.gateway.appointments.summary(screen.actor, coming)).upcoming
    words = ngettext(
        "Location retired; %(num)s appointment there is still to come",
        "Location retired; %(num)s appointments there are still to come",
        count,
    )
    told = words % {"num": count} if count else gettext("Location retired")
    return screen.done(told, _HERE, undo=f"{_HERE}/{location_id}/return", tone="orange" if count else "green")


@router.post("/{location_id}/return")
async def bring_back(location_id: UUID, screen: Writer) -> Response:
    """Let it be chosen again."""
    await _activate(screen, location_id, active=True)
    return screen.done(gettext("Location in use again"), _HERE)


async def _activate(screen: Screen, location_id: UUID, *, active: bool) -> None:
    place = await screen.gateway.identity.location(screen.actor, location_id)
    told = LocationReplacement.model_validate(place.model_dump(exclude={"id"}) | {"active": active})
    await screen.gateway.identity.replace_location(screen.actor, location_id, told)
    screen.known.forget(screen.actor)


def _form(screen: Screen, form: Form, place: Location | None, status: int = OK) -> Response:
    return screen.page(
        "settings/location.html",
        http=status,
        form=form,
        place=place,
        action=f"{_HERE}/{place.id}" if place else _HERE,
        zones=[(one.value, one.label) for one in zones()],
        countries=[("", gettext("Not said")), *((one.value, one.label) for one in countries())],
    )


def _values(place: Location) -> dict[str, object]:
    address = place.address.model_dump() if place.address else dict.fromkeys(_ADDRESS)
    return {"name": place.name, "zone": place.zone, "phone": place.phone} | address


def _told(form: Form) -> dict[str, Any]:
    typed = {name: form.values[name].strip() or None for name in ("name", "zone", "phone", *_ADDRESS)}
    address = {name: typed.pop(name) for name in _ADDRESS}
    somewhere = any(address[name] for name in ("line1", "line2", "city"))
    return typed | {"address": address if somewhere else None}


def _blamed(form: Form, error: ValidationError) -> Form:
    return form.blame_validation(error, {f"address.{name}": name for name in _ADDRESS})
