"""Price lists, and the organisation's own policies about money."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from careconnect.auth import require
from careconnect.db import Read, Write
from careconnect.errors import VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.consultants import schemas
from services.consultants.errors import PriceCurrency, PriceExists, VisitTypeNotFound
from services.consultants.models import MoneyPolicies, PriceListEntry
from services.consultants.repository import consultants, prices
from services.consultants.repository import visit_types as catalogue

router = APIRouter(tags=["prices"])
READ, WRITE = [require("catalogue:read")], [require("catalogue:write")]


@router.get("/price-lists", summary="List the rows of the price lists", dependencies=READ)
async def list_prices(
    session: Read, paging: PagingQuery, visit_type_id: Annotated[UUID | None, Query()] = None
) -> Page[schemas.Price]:
    """List all, or those of one visit type."""
    return (await prices.prices(session, paging, visit_type_id)).of(PriceListEntry.shown)


@router.get("/price-lists/{price_id}", summary="Read a price", dependencies=READ)
async def get_price(session: Read, price_id: UUID) -> schemas.Price:
    """Show one row."""
    return (await prices.price(session, price_id)).shown()


@router.put("/price-lists/{price_id}", summary="Enter a price", status_code=201, dependencies=WRITE)
async def enter_price(session: Write, response: Response, price_id: UUID, wanted: schemas.PriceWrite) -> schemas.Price:
    """Take the id from the caller, so that a repeat changes nothing and answers 200."""
    await consultants.claim(session, price_id)
    known = await prices.find_price(session, price_id)
    if known is not None:
        if not known.same_as(wanted):
            raise PriceExists
        response.status_code = status.HTTP_200_OK
        return known.shown()
    await _same_currency(session, wanted)
    fresh = PriceListEntry.enter(session.tenant_id, price_id, wanted)
    return await _kept(session, fresh, wanted)


@router.put("/price-lists/{price_id}/record", summary="Replace a price", dependencies=WRITE)
async def replace_price(session: Write, price_id: UUID, wanted: schemas.PriceReplacement) -> schemas.Price:
    """Leave visits that are booked already the price at which they were booked."""
    known = await prices.price(session, price_id)
    if known.same_as(wanted):
        return known.shown()
    known.expect(wanted.version)
    await _same_currency(session, wanted)
    known.change(wanted)
    return await _kept(session, known, wanted)


async def _same_currency(session: Write, wanted: schemas.PriceWrite) -> None:
    currency = await catalogue.lock_currency(session, wanted.visit_type_id)
    if currency is None:
        raise VisitTypeNotFound
    if currency != wanted.price.currency:
        raise PriceCurrency(expected=currency)


async def _kept(session: Write, entry: PriceListEntry, wanted: schemas.PriceWrite) -> schemas.Price:
    await prices.keep_price(session, entry)
    session.record("price.entered", "price_list_entry", entry.id, data=_facts(wanted))
    return entry.shown()


@router.delete("/price-lists/{price_id}", summary="Remove a price", status_code=204, dependencies=WRITE)
async def delete_price(session: Write, price_id: UUID) -> None:
    """Let the next specific price hold from now on."""
    await prices.drop_price(session, await prices.price(session, price_id))
    session.record("price.removed", "price_list_entry", price_id)


@router.get("/money-policy", summary="Read the organisation's own policies about money", dependencies=READ)
async def money_policy(session: Read) -> schemas.MoneyPolicy:
    """Tell them; where nothing was said, the defaults with version 0."""
    known = await prices.money_policies(session)
    return known.shown() if known else schemas.MoneyPolicy()


@router.put("/money-policy", summary="Replace the organisation's own policies about money", dependencies=WRITE)
async def put_money_policy(session: Write, wanted: schemas.MoneyPolicyWrite) -> schemas.MoneyPolicy:
    """Leave visits that are booked already the policies on which they were booked."""
    await consultants.claim(session, session.tenant_id)
    known = await prices.money_policies(session)
    if known is None:
        if wanted.version:
            raise VersionConflict
        known = MoneyPolicies(tenant_id=session.tenant_id, id=session.tenant_id)
        session.add(known)
    else:
        known.expect(wanted.version)
    known.change(wanted)
    await session.flush()
    said = wanted.payment.model_dump(exclude_none=True) | {"dunning_days": known.dunning_days}
    session.record("money_policy.changed", "money_policy", session.tenant_id, data=said)
    return known.shown()


def _facts(wanted: schemas.PriceWrite) -> dict[str, object]:
    return {"price": wanted.price.amount, "currency": wanted.price.currency, "visit_type_id": str(wanted.visit_type_id)}
