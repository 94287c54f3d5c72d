"""`/gateways`: the card gateways, with how each stands, and which one this organisation's payments go through."""

from typing import Annotated

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.errors import VersionConflict
from careconnect.pagination import Page
from services.payments.errors import GatewayKeysMissing
from services.payments.schemas import GatewayAccount, GatewayAccountWrite
from services.payments.states import GatewayKind
from web.api.listing import LIST, whole
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/gateways", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]
Manager = Annotated[Actor, may("gateways:manage")]


@router.get("", summary="List the card gateways, with how each stands", **LIST)
async def search(actor: Reader, gateway: Door) -> Page[GatewayAccount]:
    """List all that can be used, the one in use first. Keys are never told."""
    return whole(await gateway.payments.gateway_accounts(actor))


@router.put(
    "/{kind}",
    summary="Set the keys of a card gateway, and whether it is used",
    responses=refusals(VersionConflict, GatewayKeysMissing),
)
async def change(kind: GatewayKind, body: GatewayAccountWrite, actor: Manager, gateway: Door) -> GatewayAccount:
    """Set what is given; a key that is left out stays. The gateway that is used takes the place of the other."""
    await gateway.payments.change_gateway(actor, kind, body)
    reader = actor.model_copy(update={"scopes": actor.scopes | {"payments:read"}})
    return next(one for one in await gateway.payments.gateway_accounts(reader) if one.kind == kind)
