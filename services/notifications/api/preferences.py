"""What patients want to be sent, and what there is to send."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.db import Read, Write
from services.notifications import schemas
from services.notifications.api.access import Reader, Writer
from services.notifications.preview import previews
from services.notifications.repository import Messages, Outgoing

router = APIRouter(tags=["preferences"])


@router.get("/patients/{patient_id}/preferences", summary="Read on which channels a patient wants messages")
async def read(patient_id: UUID, session: Read, _actor: Reader) -> schemas.Preferences:
    """Give the preferences; who never said wants both."""
    found = await Messages(session).preferences(patient_id)
    if found is None:
        return schemas.Preferences(version=0)
    return schemas.Preferences(email=found.email, sms=found.sms, version=found.version)


@router.put("/patients/{patient_id}/preferences", summary="Change on which channels a patient wants messages")
async def change(patient_id: UUID, body: schemas.Preferences, session: Write, _actor: Writer) -> schemas.Preferences:
    """Opt in or out per channel; nothing goes to a channel that was opted out of."""
    version = await Outgoing(session).prefer(patient_id, body)
    session.record("preferences.changed", "patient", patient_id, data=body.model_dump(exclude={"version"}))
    return body.model_copy(update={"version": version})


@router.get("/templates", summary="List the templates, each with made-up words in it")
async def templates(
    _actor: Reader, language: Annotated[str, Query(max_length=10)] = "en"
) -> list[schemas.TemplatePreview]:
    """Show what each message looks like in a language; one without templates shows English."""
    return previews(language)
