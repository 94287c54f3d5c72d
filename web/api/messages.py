"""`/messages`: what was sent to patients, and what will be."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, Unavailable, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.notifications import schemas
from services.notifications.errors import MessageNotFound, NoAddress, OptedOut, Superseded
from services.notifications.schemas import Message, MessageDetail, MessageSend, Recipient, Resending
from services.patients.errors import PatientNotFound
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/messages", tags=["messages"])
Reader = Annotated[Actor, may("messages:read")]
Writer = Annotated[Actor, may("messages:write")]


class MessageCreate(BaseModel):
    """A message to send now, made from a template; without `recipient` it goes where the patient's record says."""

    model_config = ConfigDict(extra="forbid")

    patient_id: UUID
    appointment_id: UUID | None = None
    appointment_version: int | None = None
    channel: schemas.Channel
    template: schemas.Template
    recipient: Recipient | None = None
    values: schemas.Values = schemas.Values()


@router.get("", summary="List messages", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    status: schemas.Status | None = None,
    channel: schemas.Channel | None = None,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    invoice_id: UUID | None = None,
    sort: Annotated[schemas.Sort, Query(description="a minus turns it round")] = "-made",
) -> Page[Message]:
    """List in the order of `sort`, without what they say."""
    wanted = schemas.MessageFilter(
        status=status,
        channel=channel,
        patient_id=patient_id,
        appointment_id=appointment_id,
        invoice_id=invoice_id,
    )
    return listed(await gateway.messages.list(actor, wanted, sort=sort, **paging.model_dump()))


@router.post(
    "",
    summary="Send a message",
    status_code=201,
    responses={201: TAGGED, **refusals(PatientNotFound, IdempotencyConflict, Unavailable)},
)
async def send(body: MessageCreate, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None) -> Message:
    """Send it. To somebody who opted out or has no address it is not sent, and kept as `skipped` with the reason."""
    contact = await gateway.patients.contact(actor, body.patient_id)
    recipient = body.recipient or Recipient.model_validate(contact.model_dump(exclude={"id"}))
    asked = MessageSend.model_validate(body.model_dump(exclude_unset=True) | {"recipient": recipient})
    return tag(await gateway.messages.send(actor, minted("message", actor, key), asked))


@router.get("/{message_id}", summary="Read a message", responses={200: TAGGED, **refusals(MessageNotFound)})
async def read(message_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> MessageDetail:
    """Give it with its words and its recipient; the reading is noted in the audit."""
    return tag(await gateway.messages.get(actor, message_id))


@router.post(
    "/{message_id}/resending",
    summary="Send a message once more",
    responses={
        200: TAGGED, **refusals(MessageNotFound, OptedOut, Superseded, NoAddress, VersionConflict, Unavailable)
    },
)  # fmt: skip
async def resend(
    message_id: UUID,
    actor: Writer,
    gateway: Door,
    tag: Tagged,
    *,
    seen: IfMatch,
    body: Resending | None = None,
) -> Message:
    """Deliver the same words again, perhaps to another address."""
    return tag(await gateway.messages.resend(actor, message_id, as_seen(body or Resending(), seen)))
