"""What a view shows, as JSON for the script that draws it; times are wall times of the view's zone."""

import json
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.schemas import Status
from web.formats import local_time
from web.looks import look
from web.pages.calendar.free import Room, rooms
from web.pages.calendar.groups import Group, grouped
from web.pages.calendar.reading import Shown, read
from web.pages.calendar.view import PATH, View
from web.pages.naming import Visit
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
Reader = Annotated[Screen, needs("appointments:read")]
_WALL = "%Y-%m-%dT%H:%M"
_NO_COLOUR = "#6b7280"


@router.get("/data")
async def data(screen: Reader) -> Response:
    """Read it anew; nothing of it is kept."""
    shown = await read(screen, View.of(screen))
    body = json.dumps(written(shown, may_write=screen.actor.may("appointments:write")), separators=(",", ":"))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def written(shown: Shown, *, may_write: bool) -> dict[str, Any]:
    """Write a view down."""
    zone = shown.view.frame.zone
    opens, closes = shown.hours
    alone, groups = grouped(shown.visits)
    return {
        "zone": zone,
        "first": shown.view.first.isoformat(),
        "hidden": shown.hidden_words,
        "hours": [f"{opens:02}:00", f"{closes:02}:00"],
        "columns": [
            {
                "id": str(one.id),
                "name": one.name,
                "note": ", ".join(one.specialties) if one.status == "active" else look(one.status, "consultant").word,
                "visits": one.visits,
                "href": shown.view.week_of(one.id),
            }
            for one in shown.columns
        ],
        "visits": [
            *(_visit(one, shown, zone, may_write) for one in alone),
            *(_group(one, shown, zone) for one in groups),
        ],
        "shades": [
            {
                "consultant": str(one.consultant_id),
                "start": _wall(one.start, zone),
                "end": _wall(one.end, zone),
                "kind": one.kind,
                "word": one.word,
            }
            for one in shown.shades
        ],
        "rooms": [_room(one, zone) for one in rooms(shown)] if may_write else [],
    }


def _room(one: Room, zone: str) -> dict[str, Any]:
    span = f"{local_time(one.span.start, zone)}\N{EN DASH}{local_time(one.span.end, zone)}"
    return {
        "consultant": str(one.consultant_id),
        "start": _wall(one.span.start, zone),
        "end": _wall(one.span.end, zone),
        "label": gettext(", ").join([gettext("Free %(span)s") % {"span": span}, one.name]),
    }


def _visit(one: Visit, shown: Shown, zone: str, may_write: bool) -> dict[str, Any]:
    state = look(one.status)
    flag = look("open", "attention")
    words = [f"{local_time(one.start, zone)}\N{EN DASH}{local_time(one.end, zone)}", one.patient.name]
    how = look("telehealth", "mode").word if one.by_video else ""
    words += [one.visit_type.name, *([how] if how else []), state.word, *([flag.word] if one.needs_attention else [])]
    return {
        "id": str(one.id),
        "href": f"{PATH}/appointments/{one.id}",
        "version": one.version,
        "consultant": str(one.consultant.id),
        "start": _wall(one.start, zone),
        "end": _wall(one.end, zone),
        "status": one.status,
        "icon": flag.icon if one.needs_attention else state.icon,
        "word": flag.word if one.needs_attention else state.word,
        "patient": one.patient.name,
        "visit": one.visit_type.name,
        "place": how or (one.location.name if one.location and shown.view.weekly else ""),
        "colour": shown.colours.get(one.visit_type.id, _NO_COLOUR),
        "movable": may_write and one.status == Status.BOOKED,
        "resizable": may_write and one.status == Status.BOOKED and one.capacity == 1,
        "attention": one.needs_attention,
        "label": gettext(", ").join(words),
    }


def _group(group: Group, shown: Shown, zone: str) -> dict[str, Any]:
    """Write one block for all who share a visit; it opens the list of them, and is not moved as one."""
    first, state = group.seats[0], look(group.status)
    attention = any(one.needs_attention for one in group.seats)
    flag = look("open", "attention")
    words = [f"{local_time(first.start, zone)}\N{EN DASH}{local_time(first.end, zone)}", group.words, state.word]
    return _visit(first, shown, zone, may_write=False) | {
        "href": f"{PATH}/groups/{first.id}",
        "version": sum(one.version for one in group.seats),
        "status": group.status,
        "icon": flag.icon if attention else "patients",
        "word": flag.word if attention else state.word,
        "patient": first.visit_type.name,
        "visit": group.count,
        "attention": attention,
        "label": gettext(", ").join([*words, *([flag.word] if attention else [])]),
    }


def _wall(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime(_WALL)
