"""Consultants: the list with its status switch, the profile with weekly hours, and what changes it."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.appointments.schemas import AppointmentFilter
from services.consultants.schemas import (
    Consultant,
    ConsultantReplacement,
    ConsultantWrite,
    Schedule,
    Status,
)
from web.forms import Form
from web.pages import naming
from web.pages.days import bounds, today
from web.pages.links import link
from web.pages.screen import Screen, needs
from web.pages.sorting import Sorting
from web.words import gettext

router = APIRouter(prefix="/consultants", include_in_schema=False)
Reader = Annotated[Screen, needs("consultants:read")]
Writer = Annotated[Screen, needs("consultants:write")]
_AHEAD = timedelta(days=180)
_SHOWN = 30
_PLAIN = ("title", "first_name", "last_name", "registration_number", "email", "phone", "bio")


@router.get("")
async def listed(
    screen: Reader, q: str = "", specialty: str = "", status: str = "", sort: str = "", cursor: str | None = None
) -> Response:
    """List by name, or as the address says."""
    sorting = Sorting.of("/consultants", ("name", "status"), sort, q=q, specialty=specialty, status=status)
    chosen: Any = status if status in get_args(Status) else None
    page, specialties = await asyncio.gather(
        screen.gateway.consultants.list(
            screen.actor,
            q or None,
            status=chosen,
            specialty=specialty or None,
            sort=sorting.sort,
            limit=_SHOWN,
            cursor=cursor,
            count=cursor is None,
        ),
        screen.gateway.consultants.specialties(screen.actor),
    )
    template = "consultants/_rows.html" if cursor else "consultants/_results.html"
    return screen.page(
        template if screen.htmx else "consultants/list.html",
        page=page,
        query=q,
        specialty=specialty,
        specialties=specialties,
        total=page.total,
        filtered=bool(q or specialty or status),
        sorting=sorting,
        next_href=page.next_cursor and link("/consultants", cursor=page.next_cursor, **sorting.here),
        status=status,
    )


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Begin a consultant's record."""
    return _form(screen, screen.form("consultant", title="Dr."), None)


@router.post("")
async def create(screen: Writer) -> Response:
    """Register a consultant."""
    form = await screen.submitted("consultant")
    try:
        wanted = ConsultantWrite.model_validate(_record(form))
        consultant_id = derived_id("consultant form", screen.actor.tenant_id, screen.actor.id, form.key)
        made = await screen.gateway.consultants.create(screen.actor, consultant_id, wanted)
    except ValidationError as error:
        return _form(screen, form.blame_validation(error), None, 422)
    except Refusal as refusal:
        return _form(screen, form.refuse(refusal), None, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Consultant registered"), f"/consultants/{made.id}")


@router.get("/{consultant_id}")
async def profile(consultant_id: UUID, screen: Reader) -> Response:
    """Show one with hours, leave and the visits of today."""
    start, end = bounds(today(screen.frame), screen.frame.zone)
    of = AppointmentFilter(consultant_id=[consultant_id], from_=start, to=end)
    consultant, schedule, exceptions, visits, places = await asyncio.gather(
        screen.gateway.consultants.get(screen.actor, consultant_id),
        screen.gateway.consultants.schedule(screen.actor, consultant_id),
        screen.gateway.consultants.exceptions(
            screen.actor, consultant_id, start=screen.frame.now, end=screen.frame.now + _AHEAD
        ),
        screen.gateway.appointments.list(screen.actor, of),
        screen.known.locations(screen.actor),
    )
    return screen.page(
        "consultants/profile.html",
        consultant=consultant,
        week=_week(schedule, {place.id: place.name for place in places}),
        has_hours=bool(schedule.hours),
        exceptions=exceptions.items,
        visits=await naming.visits(screen, visits.items),
    )


@router.get("/{consultant_id}/edit")
async def edit(consultant_id: UUID, screen: Writer) -> Response:
    """Show the record in a form."""
    found = await screen.gateway.consultants.get(screen.actor, consultant_id)
    values: dict[str, object] = {name: getattr(found, name) for name in _PLAIN}
    values |= {"specialties": ", ".join(found.specialties), "version": found.version}
    return _form(screen, screen.form("consultant", **values), found)


@router.post("/{consultant_id}")
async def change(consultant_id: UUID, screen: Writer) -> Response:
    """Write the record anew."""
    form = await screen.submitted("consultant")
    before = await screen.gateway.consultants.get(screen.actor, consultant_id)
    kept = {"status": before.status, "colour": before.colour, "version": form.values["version"] or before.version}
    try:
        wanted = ConsultantReplacement.model_validate(_record(form) | kept)
        await screen.gateway.consultants.replace(screen.actor, consultant_id, wanted)
    except ValidationError as error:
        return _form(screen, form.blame_validation(error), before, 422)
    except Refusal as refusal:
        return _form(screen, form.refuse(refusal), before, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Record saved"), f"/consultants/{consultant_id}")


@router.post("/{consultant_id}/status")
async def switch(consultant_id: UUID, screen: Writer) -> Response:
    """Switch the status; the answer is the switch as it stands now."""
    typed = (await screen.submitted("status")).values
    chosen = next((one for one in get_args(Status) if one == typed["status"]), None)
    if chosen is None:
        return screen.done(gettext("Choose a status"), f"/consultants/{consultant_id}", tone="red")
    changed = await screen.gateway.consultants.set_status(
        screen.actor, consultant_id, chosen, int(typed["version"]) if typed["version"].isdecimal() else None
    )
    screen.known.forget(screen.actor)
    message = gettext("Status saved")
    if screen.htmx:
        return screen.page("consultants/_status.html", consultant=changed, tell={"toast": {"message": message}})
    return screen.done(message, f"/consultants/{consultant_id}")


def _form(screen: Screen, form: Form, consultant: Consultant | None, status: int = 200) -> Response:
    return screen.page(
        "consultants/form.html",
        http=status,
        form=form,
        consultant=consultant,
        action=f"/consultants/{consultant.id}" if consultant else "/consultants",
        titles=[(title, title or gettext("None")) for title in ("Dr.", "Prof.", "Mr.", "Ms.", "")],
    )


def _record(form: Form) -> dict[str, object]:
    typed = {name: form.values[name].strip() or None for name in _PLAIN}
    specialties = [part.strip() for part in form.values["specialties"].split(",") if part.strip()]
    return {**typed, "title": typed["title"] or "", "specialties": specialties}


def _week(schedule: Schedule, places: dict[UUID, str]) -> list[dict[str, object]]:
    return [
        {
            "weekday": weekday,
            "blocks": [
                {"starts": one.starts, "ends": one.ends, "location_name": places.get(one.location_id, "")}
                for one in sorted(schedule.hours, key=lambda one: one.starts)
                if one.weekday == weekday
            ],
        }
        for weekday in range(7)
    ]
