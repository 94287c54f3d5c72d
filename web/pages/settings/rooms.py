"""Rooms and what they have, and which visit types need it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from careconnect.ids import derived_id
from services.consultants.schemas import Room, RoomReplacement, RoomWrite, VisitType
from web.forms import Form
from web.pages.screen import OK, Screen, needs
from web.pages.settings import meanwhile
from web.words import gettext

router = APIRouter(prefix="/settings/rooms", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_HERE = "/settings/rooms"
_UNREADY = 422


async def shown(screen: Screen) -> list[dict[str, Any]]:
    """Show the rooms by location, those in use first, each with the visit types that can be given it."""
    rooms = await screen.gateway.consultants.rooms(screen.actor)
    types = (await screen.known.visit_types(screen.actor)).values()
    places = {place.id: place.name for place in await screen.known.locations(screen.actor)}
    told = [
        room.__dict__
        | {"place": places.get(room.location_id, ""), "suits": [one.name for one in types if _suits(room, one)]}
        for room in rooms
    ]
    return sorted(told, key=lambda one: (not one["active"], one["place"], one["name"]))


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Begin a room, at the location at which the screen looks."""
    place = screen.frame.location or (screen.frame.places[0] if len(screen.frame.places) == 1 else None)
    return await _form(screen, screen.form("room", location_id=place.id if place else ""), None)


@router.post("")
async def create(screen: Writer) -> Response:
    """Add a room."""
    form = await screen.submitted("room")
    try:
        wanted = RoomWrite.model_validate(_told(form))
        key = derived_id("room form", screen.actor.tenant_id, screen.actor.id, form.key)
        await screen.gateway.consultants.create_room(screen.actor, key, wanted)
    except ValidationError as error:
        return await _form(screen, form.blame_validation(error), None, _UNREADY)
    except Refusal as refusal:
        return await _form(screen, form.renew().refuse(refusal), None, refusal.status)
    return screen.done(gettext("Room added"), _HERE)


@router.get("/{room_id}")
async def edit(room_id: UUID, screen: Writer) -> Response:
    """Show the room in a form."""
    room = await screen.gateway.consultants.room(screen.actor, room_id)
    return await _form(screen, meanwhile.remember(screen.form("room"), _values(room), room.version), room)


@router.post("/{room_id}")
async def change(room_id: UUID, screen: Writer) -> Response:
    """Write it anew; what is booked into it stays there."""
    form = await screen.submitted("room")
    room = await screen.gateway.consultants.room(screen.actor, room_id)
    told = _told(form) | {"active": room.active, "version": meanwhile.version_of(form)}
    try:
        await screen.gateway.consultants.replace_room(screen.actor, room_id, RoomReplacement.model_validate(told))
    except ValidationError as error:
        return await _form(screen, form.blame_validation(error), room, _UNREADY)
    except VersionConflict as refusal:
        places = {str(place.id): place.name for place in await screen.known.locations(screen.actor)}
        said = {"location_id": places.get(str(room.location_id), "")}
        return await _form(screen, meanwhile.merge(form, _values(room), room.version, said), room, refusal.status)
    except Refusal as refusal:
        return await _form(screen, form.refuse(refusal), room, refusal.status)
    return screen.done(gettext("Room saved"), _HERE)


@router.post("/{room_id}/retirement")
async def retire(room_id: UUID, screen: Writer) -> Response:
    """Give it to no more visits; those that have it keep it."""
    await _activate(screen, room_id, active=False)
    return screen.done(
        gettext("Room out of use; what is booked into it stays"), _HERE, undo=f"{_HERE}/{room_id}/return"
    )


@router.post("/{room_id}/return")
async def bring_back(room_id: UUID, screen: Writer) -> Response:
    """Give it to visits again."""
    await _activate(screen, room_id, active=True)
    return screen.done(gettext("Room in use again"), _HERE)


async def _activate(screen: Screen, room_id: UUID, *, active: bool) -> None:
    room = await screen.gateway.consultants.room(screen.actor, room_id)
    told = RoomReplacement.model_validate(room.model_dump(exclude={"id"}) | {"active": active})
    await screen.gateway.consultants.replace_room(screen.actor, room_id, told)


def _suits(room: Room, kind: VisitType) -> bool:
    here = not kind.location_ids or room.location_id in kind.location_ids
    return kind.active and kind.room_needed and here and set(kind.room_features) <= set(room.features)


async def _form(screen: Screen, form: Form, room: Room | None, status: int = OK) -> Response:
    needed = {
        feature for one in (await screen.known.visit_types(screen.actor)).values() for feature in one.room_features
    }
    return screen.page(
        "settings/room.html",
        http=status,
        form=form,
        room=room,
        action=f"{_HERE}/{room.id}" if room else _HERE,
        places=[("", gettext("Choose a location")), *((str(one.id), one.name) for one in screen.frame.places)],
        needed=sorted(needed),
    )


def _values(room: Room) -> dict[str, object]:
    return {"name": room.name, "location_id": room.location_id, "features": ", ".join(room.features)}


def _told(form: Form) -> dict[str, Any]:
    features = [part.strip() for part in form.values["features"].split(",") if part.strip()]
    return {"name": form.values["name"].strip(), "location_id": form.values["location_id"], "features": features}
