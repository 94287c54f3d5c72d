"""Endpoints of the catalogue of visit types."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from careconnect.auth import require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.consultants import schemas
from services.consultants.errors import PricedInCurrency, VisitTypeExists
from services.consultants.models import VisitType
from services.consultants.repository import consultants, prices
from services.consultants.repository import visit_types as repository

router = APIRouter(tags=["visit types"])
READ = [require("catalogue:read")]
WRITE = [require("catalogue:write")]


@router.get("/visit-types", summary="List the catalogue of visit types", dependencies=READ)
async def list_visit_types(
    session: Read,
    paging: PagingQuery,
    *,
    active: bool | None = None,
    consultant_id: UUID | None = None,
) -> Page[schemas.VisitType]:
    """List by name; with `consultant_id`, what this consultant offers."""
    page = await repository.visit_types(session, paging, active=active, consultant_id=consultant_id)
    return page.of(VisitType.shown)


@router.get("/visit-types/{visit_type_id}", summary="Read a visit type", dependencies=READ)
async def get_visit_type(session: Read, visit_type_id: UUID) -> schemas.VisitType:
    """Show one that is no longer active too."""
    return (await repository.visit_type(session, visit_type_id)).shown()


@router.put(
    "/visit-types/{visit_type_id}", summary="Add a visit type", status_code=status.HTTP_201_CREATED, dependencies=WRITE
)
async def add_visit_type(
    session: Write, response: Response, visit_type_id: UUID, terms: schemas.VisitTypeWrite
) -> schemas.VisitType:
    """Take the id from the caller, so that a repeat with the same terms changes nothing and answers 200."""
    await consultants.claim(session, visit_type_id)
    known = await repository.find_visit_type(session, visit_type_id)
    if known is not None:
        if not known.same_as(terms):
            raise VisitTypeExists
        response.status_code = status.HTTP_200_OK
        return known.shown()
    fresh = VisitType.introduce(session.tenant_id, visit_type_id, terms)
    await repository.keep_visit_type(session, fresh)
    session.record("visit_type.added", "visit_type", fresh.id, data=_facts(terms))
    return fresh.shown()


@router.put("/visit-types/{visit_type_id}/record", summary="Replace the terms of a visit type", dependencies=WRITE)
async def replace_visit_type(
    session: Write, visit_type_id: UUID, terms: schemas.VisitTypeReplacement
) -> schemas.VisitType:
    """Leave visits that are booked already the terms on which they were booked."""
    known = await repository.visit_type(session, visit_type_id)
    if not known.same_as(terms):
        known.expect(terms.version)
        if terms.price.currency != await repository.lock_currency(session, visit_type_id):
            await _unlisted(session, visit_type_id)
        known.change(terms)
        await repository.keep_visit_type(session, known)
        session.record("visit_type.changed", "visit_type", known.id, data=_facts(terms))
    return known.shown()


async def _unlisted(session: Write, visit_type_id: UUID) -> None:
    if await prices.any_price(session, visit_type_id):
        raise PricedInCurrency


def _facts(terms: schemas.VisitTypeWrite) -> dict[str, object]:
    return {
        "price": terms.price.amount,
        "currency": terms.price.currency,
        "duration_minutes": terms.duration_minutes,
        "active": terms.active,
    }
