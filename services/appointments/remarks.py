"""Why something was decided that the rules alone do not say: drafted before it is asked for, kept if it is done.

A draft travels to no workflow, since it is what people wrote; the workflow, which knows what became of the change, says
whether it stands. So a change without its reason cannot be, and what was refused leaves none behind.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.auth import Actor, require
from careconnect.db import ReadSession, Write, WriteSession
from services.appointments import repository
from services.appointments.models import AppointmentRemark, RemarkDraft
from services.appointments.schemas import Remark, RemarkDecision, WrittenRemark

router = APIRouter()
Writer = Annotated[Actor, require("appointments:write")]
FORGOTTEN = timedelta(days=1)
"""After so long nobody decides on a draft any more: who wrote it died before asking for the change."""


@router.put(
    "/appointments/{appointment_id}/remark-drafts/{remark_id}", summary="Draft why it is asked for", status_code=204
)
async def draft(appointment_id: UUID, remark_id: UUID, said: Remark, _: Writer, session: Write) -> None:
    """Seal a draft; a repeat changes nothing, and neither does one after the decision."""
    await repository.get(session, appointment_id)
    if await _draft(session, appointment_id, remark_id, said):
        session.record("remark.drafted", "remark", remark_id, data={"kind": said.kind})


@router.post(
    "/appointments/{appointment_id}/remark-decisions", summary="Keep drafts or drop them, as decided", status_code=204
)
async def decide(appointment_id: UUID, asked: RemarkDecision, _: Writer, session: Write) -> None:
    """Keep the drafts of what was done as remarks, drop those of what was refused; a repeat changes nothing."""
    for found in await _taken(session, appointment_id, asked.ids):
        if asked.stand:
            fields = ("id", "appointment_id", "kind", "sealed")
            session.add(AppointmentRemark(**{name: getattr(found, name) for name in fields}))
            session.record("appointment.remarked", "appointment", appointment_id, data={"kind": found.kind})
        else:
            session.record("remark.dropped", "remark", found.id, data={"kind": found.kind})


@router.delete("/remark-drafts/forgotten", summary="Drop the drafts that nobody decided on", status_code=204)
async def forget(_: Writer, session: Write) -> None:
    """Drop those of more than a day ago; a repeat finds none."""
    statement = delete(RemarkDraft).where(
        RemarkDraft.tenant_id == session.tenant_id, RemarkDraft.created_at < clock.now() - FORGOTTEN
    )
    for key in await session.scalars(statement.returning(RemarkDraft.id)):
        session.record("remark.forgotten", "remark", key)


async def written(session: ReadSession, appointment_id: UUID) -> list[WrittenRemark]:
    """Read why things were decided, oldest first."""
    rows = await session.scalars(
        select(AppointmentRemark)
        .where(AppointmentRemark.tenant_id == session.tenant_id, AppointmentRemark.appointment_id == appointment_id)
        .order_by(AppointmentRemark.created_at, AppointmentRemark.id)
    )
    keys = await session.tenant_keys()
    return [
        WrittenRemark.model_validate({"kind": row.kind, "text": keys.open(row.sealed), "at": row.created_at})
        for row in rows
    ]


async def _draft(session: WriteSession, appointment_id: UUID, remark_id: UUID, said: Remark) -> bool:
    stands = exists().where(AppointmentRemark.tenant_id == session.tenant_id, AppointmentRemark.id == remark_id)
    if await session.scalar(select(stands)):
        return False
    keys, moment = await session.tenant_keys(), clock.now()
    row = {
        "tenant_id": session.tenant_id,
        "id": remark_id,
        "appointment_id": appointment_id,
        "kind": said.kind,
        "sealed": keys.seal(said.text),
        "created_at": moment,
        "updated_at": moment,
    }
    statement = insert(RemarkDraft).values(row).on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    return await session.scalar(statement.returning(RemarkDraft.id)) is not None


async def _taken(session: WriteSession, appointment_id: UUID, ids: Sequence[UUID]) -> Sequence[RemarkDraft]:
    """Take drafts away, each once."""
    statement = delete(RemarkDraft).where(
        RemarkDraft.tenant_id == session.tenant_id,
        RemarkDraft.appointment_id == appointment_id,
        RemarkDraft.id.in_(ids),
    )
    found = await session.scalars(statement.returning(RemarkDraft).execution_options(synchronize_session=False))
    return found.all()
