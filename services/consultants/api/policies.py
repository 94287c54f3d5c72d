"""What the cancellation policies let the clinic keep, for the comparison of money with visits."""

import sqlalchemy as sa
from fastapi import APIRouter

from careconnect.auth import require
from careconnect.db import Read
from services.consultants import schemas
from services.consultants.models import VisitType

router = APIRouter(tags=["visit types"])


@router.get(
    "/cancellation-terms",
    summary="List the cancellation policies of all visit types, and since when they hold",
    dependencies=[require("catalogue:read")],
)
async def cancellation_terms(session: Read) -> list[schemas.CancellationTerms]:
    """List those of visit types that are no longer active too."""
    rows = await session.execute(sa.select(VisitType.id, VisitType.cancellation_policy, VisitType.updated_at))
    return [
        schemas.CancellationTerms(
            visit_type_id=key, policy=schemas.CancellationPolicy.model_validate(policy), since=since
        )
        for key, policy, since in rows
    ]
