"""Absences: whom they concern, what is planned, and what became of each appointment."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.appointments.absences import repository, schemas
from services.appointments.api import shape
from services.appointments.schemas import Appointment

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
Writer = Annotated[Actor, require("appointments:write")]


@router.get("/affected", summary="Whom an absence would concern")
async def affected(wanted: Annotated[schemas.AffectedQuery, Query()], _: Reader, session: Read) -> list[Appointment]:
    """List what occupies the consultant's time then, holds included, soonest first."""
    return [shape(one) for one in await repository.affected(session, wanted, schemas.MOST)]


@router.put("/absences/{absence_id}", summary="Note an absence and what is planned", status_code=201)
async def begin(
    absence_id: UUID, plan: schemas.AbsencePlan, response: Response, _: Writer, session: Write
) -> schemas.Absence:
    """Keep it with the appointments as they stand. The id is the caller's, so a repeat answers with what stands."""
    absence = await repository.begin(session, absence_id, plan)
    if absence is None:
        response.status_code = 200
        return await repository.whole(session, await repository.get(session, absence_id))
    facts = {"consultant_id": str(plan.consultant_id), "exception_id": str(plan.exception_id)}
    session.record("absence.begun", "absence", absence_id, data=facts | {"appointments": len(plan.items)})
    return await repository.whole(session, absence)


@router.put("/absences/{absence_id}/state", summary="Note where the work stands", status_code=204)
async def stand(absence_id: UUID, standing: schemas.Standing, _: Writer, session: Write) -> None:
    """Note it; a repeat changes nothing."""
    absence = await repository.get(session, absence_id, lock=True)
    if absence.stand(standing):
        session.record(f"absence.{standing.state}", "absence", absence_id)


@router.put("/absences/{absence_id}/appointments/{appointment_id}", summary="Note what became of one", status_code=204)
async def note(absence_id: UUID, appointment_id: UUID, result: schemas.ItemResult, _: Writer, session: Write) -> None:
    """Note it; a repeat changes nothing."""
    item = await repository.item(session, absence_id, appointment_id)
    if item.become(result):
        facts = {"appointment_id": str(appointment_id), "code": result.reason}
        session.record(f"absence.appointment_{result.state}", "absence", absence_id, data=facts)


@router.put("/absences/{absence_id}/told", summary="Note that a patient was told", status_code=204)
async def tell(absence_id: UUID, said: schemas.Told, _: Writer, session: Write) -> None:
    """Note it for the appointments that the message spoke of."""
    for appointment_id in said.appointment_ids:
        (await repository.item(session, absence_id, appointment_id)).told = said.told


@router.get("/appointments/{appointment_id}/decision", summary="Whether an absence leaves an appointment undecided")
async def decision(appointment_id: UUID, _: Reader, session: Read) -> schemas.Decision:
    """Tell it; no for one that no absence concerns."""
    return schemas.Decision(open=await repository.awaits_decision(session, appointment_id))


@router.get("/absences/{absence_id}", summary="Read an absence")
async def get(absence_id: UUID, _: Reader, session: Read) -> schemas.Absence:
    """Give it with its appointments."""
    return await repository.whole(session, await repository.get(session, absence_id))


@router.get("/absences", summary="List the absences of a consultant")
async def listed(consultant_id: UUID, paging: PagingQuery, _: Reader, session: Read) -> Page[schemas.AbsenceSummary]:
    """List the newest first."""
    found = await repository.of_consultant(session, consultant_id, paging)
    summaries = {one.id: one for one in await repository.summaries(session, found.items)}
    return found.of(lambda one: summaries[one.id])
