"""`/price-lists` and `/money-policy`: what visits cost, and how they are paid where their type does not say."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.consultants.errors import (
    ConsultantNotFound,
    PriceCurrency,
    PriceExists,
    PriceNotFound,
    PricesOverlap,
    VisitTypeNotFound,
)
from services.consultants.schemas import MoneyPolicy, MoneyPolicyWrite, Price, PriceReplacement, PriceWrite
from web.api.etags import IfMatch, Tagged, as_seen, record
from web.api.keys import IdempotencyKey, minted, told_apart
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(tags=["catalogue"])
Reader = Annotated[Actor, may("catalogue:read")]
Writer = Annotated[Actor, may("catalogue:write")]
_WRONG = (VisitTypeNotFound, ConsultantNotFound, PricesOverlap, PriceCurrency)


@router.get("/price-lists", summary="List prices", **LIST)
async def prices(actor: Reader, gateway: Door, paging: PagingQuery, visit_type_id: UUID | None = None) -> Page[Price]:
    """List the rows of all price lists, or those of one visit type. The most specific one that holds wins."""
    wanted = paging.model_dump(exclude={"count"})
    return listed(await gateway.consultants.prices(actor, visit_type_id=visit_type_id, **wanted))


@router.post("/price-lists", summary="Enter a price", **record(*_WRONG, IdempotencyConflict, status=201))
async def enter(body: PriceWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None) -> Price:
    """Enter it for one consultant, location or payer, or several of them, for some days or always."""
    with told_apart(PriceExists):
        return tag(await gateway.consultants.enter_price(actor, minted("price", actor, key), body))


@router.get("/price-lists/{price_id}", summary="Read a price", **record(PriceNotFound))
async def price(price_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Price:
    """Read one row."""
    return tag(await gateway.consultants.price(actor, price_id))


@router.put("/price-lists/{price_id}", summary="Replace a price", **record(PriceNotFound, *_WRONG, VersionConflict))
async def replace(
    price_id: UUID, body: PriceReplacement, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Price:
    """Write all of it anew; appointments keep the price at which they were booked."""
    return tag(await gateway.consultants.replace_price(actor, price_id, as_seen(body, seen)))


@router.delete("/price-lists/{price_id}", summary="Remove a price", status_code=204, responses=refusals(PriceNotFound))
async def remove(price_id: UUID, actor: Writer, gateway: Door) -> None:
    """Let the next specific price hold from now on."""
    await gateway.consultants.delete_price(actor, price_id)


@router.get("/money-policy", summary="Read the organisation's own policies about money", **record())
async def money_policy(actor: Reader, gateway: Door, tag: Tagged) -> MoneyPolicy:
    """Tell how visits are paid whose type says `default`, and when unpaid invoices are recalled."""
    return tag(await gateway.consultants.money_policy(actor))


@router.put("/money-policy", summary="Replace the organisation's own policies about money", **record(VersionConflict))
async def replace_money_policy(
    body: MoneyPolicyWrite, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> MoneyPolicy:
    """Write them anew; appointments keep the policy with which they were booked."""
    return tag(await gateway.consultants.put_money_policy(actor, as_seen(body, seen)))
