"""`/consultants/{id}/calendar-feed`, `/locations/{id}/calendar-feed`: addresses for calendar programs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from careconnect.auth import Actor
from services.appointments.errors import FeedNotFound
from services.appointments.feeds.schemas import FeedKind
from services.consultants.errors import ConsultantNotFound
from services.identity.errors import LocationNotFound
from web.api.etags import TAGGED, Tagged
from web.api.fields import own_account
from web.api.openapi import refusals
from web.gateway.feeds import FeedAddress
from web.session import Door, may

router = APIRouter()
Maker = Annotated[Actor, may("consultants:write")]


class FeedCreate(BaseModel):
    """A new address; the one before works no longer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"shows_names": False}]})

    shows_names: bool = False


@router.post(
    "/consultants/{consultant_id}/calendar-feed",
    summary="Make the address of a consultant's calendar",
    status_code=201,
    tags=["consultants"],
    responses=refusals(ConsultantNotFound),
)
async def make_for_consultant(consultant_id: UUID, body: FeedCreate, actor: Maker, gateway: Door) -> FeedAddress:
    """Give an address that shows busy times by reference; patients are named only where owners or admins ask."""
    await gateway.consultants.get(actor, consultant_id)
    return await gateway.feeds.make(actor, FeedKind.CONSULTANT, consultant_id, shows_names=body.shows_names)


@router.get(
    "/consultants/{consultant_id}/calendar-feed",
    summary="Read the address of a consultant's calendar",
    tags=["consultants"],
    responses={200: TAGGED, **refusals(FeedNotFound)},
)
async def of_consultant(consultant_id: UUID, actor: Maker, gateway: Door, tag: Tagged) -> FeedAddress:
    """Give the address that works."""
    return tag(_found(await gateway.feeds.find(actor, FeedKind.CONSULTANT, consultant_id)))


@router.delete(
    "/consultants/{consultant_id}/calendar-feed",
    summary="Revoke the address of a consultant's calendar",
    status_code=204,
    tags=["consultants"],
    responses=refusals(ConsultantNotFound),
)
async def revoke_of_consultant(consultant_id: UUID, actor: Maker, gateway: Door) -> None:
    """Let it work no longer; a repeat is harmless."""
    await gateway.consultants.get(own_account(actor, "consultants:read"), consultant_id)
    await gateway.feeds.revoke(actor, FeedKind.CONSULTANT, consultant_id)


@router.post(
    "/locations/{location_id}/calendar-feed",
    summary="Make the address of a location's calendar",
    status_code=201,
    tags=["catalogue"],
    responses=refusals(LocationNotFound),
)
async def make_for_location(location_id: UUID, body: FeedCreate, actor: Maker, gateway: Door) -> FeedAddress:
    """Give an address that shows busy times by reference and consultant."""
    await gateway.identity.location(actor, location_id)
    return await gateway.feeds.make(actor, FeedKind.LOCATION, location_id, shows_names=body.shows_names)


@router.get(
    "/locations/{location_id}/calendar-feed",
    summary="Read the address of a location's calendar",
    tags=["catalogue"],
    responses={200: TAGGED, **refusals(FeedNotFound)},
)
async def of_location(location_id: UUID, actor: Maker, gateway: Door, tag: Tagged) -> FeedAddress:
    """Give the address that works."""
    return tag(_found(await gateway.feeds.find(actor, FeedKind.LOCATION, location_id)))


@router.delete(
    "/locations/{location_id}/calendar-feed",
    summary="Revoke the address of a location's calendar",
    status_code=204,
    tags=["catalogue"],
    responses=refusals(LocationNotFound),
)
async def revoke_of_location(location_id: UUID, actor: Maker, gateway: Door) -> None:
    """Let it work no longer; a repeat is harmless."""
    await gateway.identity.location(own_account(actor, "identity:read"), location_id)
    await gateway.feeds.revoke(actor, FeedKind.LOCATION, location_id)


def _found(feed: FeedAddress | None) -> FeedAddress:
    if feed is None:
        raise FeedNotFound
    return feed
