"""Messages: sending, reading, and what must not be sent any more."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.db import Read, Write
from careconnect.errors import Forbidden
from careconnect.pagination import Page, PagingQuery
from services.notifications import schemas
from services.notifications.api.access import DeliveryOf, Reader, Reporter, Writer
from services.notifications.content import Content
from services.notifications.delivery import facts
from services.notifications.repository import Messages, Outgoing

router = APIRouter(tags=["messages"])


@router.put("/messages/{message_id}", summary="Send a message")
async def send(message_id: UUID, body: schemas.MessageSend, delivery: DeliveryOf) -> schemas.Message:
    """Send under an id of the caller's, once: the same again answers with what became of it.

    Somebody who opted out, or has no address, is not an error: the message is kept as skipped, with the reason.
    A mail server that cannot be reached is 503, and the message is kept to be tried again.
    """
    return await delivery.send(message_id, body)


@router.put("/messages", summary="Send several messages together")
async def send_all(body: schemas.Sending, delivery: DeliveryOf) -> list[schemas.Message]:
    """Send each as by itself, for less: the same again is harmless, and one that cannot be sent keeps none back."""
    return await delivery.send_all(body.messages)


@router.post("/messages/{message_id}/resending", summary="Send a message once more")
async def resend(message_id: UUID, body: schemas.Resending, delivery: DeliveryOf) -> schemas.Message:
    """Deliver the same words again, perhaps to another address."""
    return await delivery.send_again(message_id, body)


@router.get("/messages", summary="List messages")
async def search(
    wanted: Annotated[schemas.MessageFilter, Query()],
    paging: PagingQuery,
    session: Read,
    actor: Reader,
    sort: schemas.Sort = "-made",
) -> Page[schemas.Message]:
    """List in the order of `sort`, without what they say."""
    if actor.limited and not wanted.patient_id and not wanted.appointment_id:
        raise Forbidden("Say to which patients.")
    return (await Messages(session).page(wanted, paging, sort=sort)).of(lambda message: message.shown())


@router.post("/messages/search", summary="List messages to some patients")
async def search_among(asked: schemas.MessagesAmong, session: Read, _actor: Reader) -> Page[schemas.Message]:
    """List as the list of all does, for somebody who does not see everybody."""
    found = await Messages(session).page(asked.wanted, asked, sort=asked.sort, among=asked.among)
    return found.of(lambda message: message.shown())


@router.get("/messages/{message_id}/patient", summary="Tell to whom a message is")
async def patient(message_id: UUID, session: Read, _actor: Reader) -> schemas.Addressee:
    """Tell it without opening the message."""
    return schemas.Addressee(patient_id=(await Messages(session).get(message_id)).patient_id)


@router.get("/messages/{message_id}", summary="Read a message")
async def read(message_id: UUID, session: Write, _actor: Reader) -> schemas.MessageDetail:
    """Give a message with its words and its recipient; it is noted in the audit."""
    message = await Messages(session).get(message_id)
    content = Content.open(await session.tenant_keys(), message.content)
    session.record_access("message.read", "message", message_id)
    said = {"recipient": content.recipient, "subject": content.subject, "body": content.body}
    return schemas.MessageDetail.model_validate(message.shown().model_dump() | said)


@router.put("/appointments/{appointment_id}/cutoff", summary="Stop messages about an appointment's earlier times")
async def cut_off(appointment_id: UUID, body: schemas.Cutoff, session: Write, _actor: Writer) -> schemas.Cancelled:
    """Cancel the waiting messages for versions below the given one, and let none for them go later."""
    messages = await Outgoing(session).cut_off(appointment_id, body.below_version)
    for message in messages:
        message.supersede()
        session.record("message.cancelled", "message", message.id, data=facts(message))
    session.record("messages.cut_off", "appointment", appointment_id, data=body.model_dump())
    return schemas.Cancelled(cancelled=len(messages))


@router.get("/figures", summary="Give the numbers of the dashboard")
async def figures(period: Annotated[schemas.Period, Query()], session: Read, _actor: Reporter) -> schemas.Figures:
    """Count what was sent and what failed in the period."""
    return await Messages(session).figures(period)
