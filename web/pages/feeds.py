"""The address of a consultant's or a location's calendar: made, copied, revoked."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import NotFound, Refusal
from services.appointments.feeds.schemas import FeedKind
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(include_in_schema=False)
Maker = Annotated[Screen, needs("consultants:write")]
Whose = Literal["consultants", "locations"]
_KINDS = {"consultants": FeedKind.CONSULTANT, "locations": FeedKind.LOCATION}


@router.get("/{whose}/{subject_id}/calendar-feed")
async def show(whose: Whose, subject_id: UUID, screen: Maker) -> Response:
    """Show the address, or offer to make one."""
    return await _page(screen, whose, subject_id)


@router.post("/{whose}/{subject_id}/calendar-feed")
async def make(whose: Whose, subject_id: UUID, screen: Maker) -> Response:
    """Make an address; the one before works no longer."""
    form = await screen.submitted("feed")
    names = form.values["names"] == "true"
    try:
        await screen.gateway.feeds.make(screen.actor, _KINDS[whose], subject_id, shows_names=names)
    except Refusal as refusal:
        return await _page(screen, whose, subject_id, refusal)
    return screen.done(gettext("Address made"), f"/{whose}/{subject_id}/calendar-feed")


@router.post("/{whose}/{subject_id}/calendar-feed/revocation")
async def revoke(whose: Whose, subject_id: UUID, screen: Maker) -> Response:
    """Let the address work no longer."""
    await screen.submitted("feed")
    await screen.gateway.feeds.revoke(screen.actor, _KINDS[whose], subject_id)
    return screen.done(gettext("Address revoked"), f"/{whose}/{subject_id}/calendar-feed")


async def _page(screen: Screen, whose: Whose, subject_id: UUID, refusal: Refusal | None = None) -> Response:
    form = screen.form("feed")
    if refusal:
        form.refuse(refusal)
    return screen.page(
        "consultants/feed.html",
        http=refusal.status if refusal else OK,
        form=form,
        whose=whose,
        subject_id=subject_id,
        name=await _name(screen, whose, subject_id),
        feed=await screen.gateway.feeds.find(screen.actor, _KINDS[whose], subject_id),
    )


async def _name(screen: Screen, whose: Whose, subject_id: UUID) -> str:
    if whose == "consultants":
        return (await screen.gateway.consultants.get(screen.actor, subject_id)).name
    found = next((one for one in await screen.known.locations(screen.actor) if one.id == subject_id), None)
    if found is None:
        raise NotFound
    return found.name
