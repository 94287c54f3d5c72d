"""Who sees whom: what of some records the asker does not see, and opening a patient with a reason."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from services.appointments.reach import repository, schemas
from services.appointments.reach.models import Access

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]


@router.post("/reach", summary="Tell what of some records the asker does not see")
async def beyond(asked: schemas.ReachQuery, _: Reader, session: Read) -> schemas.Beyond:
    """Tell it; nothing for who sees everybody."""
    return await repository.beyond(session, asked)


@router.get("/reach/patients", summary="List the patients whom somebody sees who does not see everybody")
async def patients(_: Reader, session: Read) -> schemas.OwnPatients:
    """List their ids."""
    return schemas.OwnPatients(ids=await repository.own_patients(session))


@router.put("/patient-accesses/{access_id}", summary="Open a patient for oneself, with a reason", status_code=201)
async def open_patient(
    access_id: UUID,
    asked: schemas.AccessWrite,
    response: Response,
    actor: Annotated[Actor, require("patients:read")],
    session: Write,
) -> schemas.PatientAccess:
    """Open them for hours; the reason is in the audit. A repeat answers with what stands."""
    known = await session.get(Access, (session.tenant_id, access_id))
    if known is not None:
        response.status_code = 200
        return known.shown()
    access = Access.open(access_id, actor.id, asked)
    session.add(access)
    await session.flush()
    data = {"until": access.until.isoformat()}
    session.record("patient.opened", "patient", asked.patient_id, data=data, reason=asked.reason)
    return access.shown()
