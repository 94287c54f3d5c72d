"""The typed client gives back what the service said, refusals as their own classes among it."""

from collections.abc import Callable
from typing import get_args

import httpx
import pytest

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, InvalidInput, Unavailable
from careconnect.ids import uuid7
from services.notifications import schemas
from services.notifications.client import NotificationsClient
from services.notifications.errors import MailNotFound, MessageNotFound, NoAddress, OptedOut, Superseded
from tests.services.notifications.post import Postmaster, message


@pytest.fixture
def notifications(
    http: httpx.AsyncClient, connect: Callable[[type[NotificationsClient]], NotificationsClient]
) -> NotificationsClient:
    """Connect the typed client."""
    assert http
    return connect(NotificationsClient)


@pytest.fixture
def sender(actor: Callable[..., Actor]) -> Actor:
    """Make somebody who may do everything."""
    return actor("*")


def body(**also: object) -> schemas.MessageSend:
    return schemas.MessageSend.model_validate(message(**also))


async def test_every_call_gives_back_its_type(notifications: NotificationsClient, sender: Actor) -> None:
    said = body()
    sent = await notifications.send(sender, uuid7(), said)
    assert await notifications.send(sender, sent.id, said) == sent
    wanted = schemas.MessageFilter(patient_id=said.patient_id)
    assert (await notifications.list(sender, wanted, count=True)).model_dump() == {
        "items": [sent.model_dump()],
        "next_cursor": None,
        "total": 1,
    }
    assert (await notifications.get(sender, sent.id)).recipient == "Nimal Perera <nimal@example.com>"
    assert (await notifications.mailbox(sender)).items[0].key == f"{sent.id}.1"
    assert "Dear Nimal" in (await notifications.mail(sender, f"{sent.id}.1")).text
    assert (await notifications.resend(sender, sent.id)).attempts == 2
    assert (await notifications.figures(sender, from_=sent.created_at, zone="Asia/Colombo")).sent == 1
    assert len(await notifications.templates(sender)) == len(get_args(schemas.Template))
    wishes = schemas.Preferences(email=False, sms=True)
    kept = wishes.model_copy(update={"version": 1})
    assert await notifications.set_preferences(sender, said.patient_id, wishes) == kept
    assert await notifications.preferences(sender, said.patient_id) == kept
    assert said.appointment_id
    assert (await notifications.cancel_for(sender, said.appointment_id, 2)).cancelled == 0


async def test_refusals_arrive_as_their_own_classes(notifications: NotificationsClient, sender: Actor) -> None:
    said = body()
    sent = await notifications.send(sender, uuid7(), said)
    with pytest.raises(MessageNotFound):
        await notifications.get(sender, uuid7())
    with pytest.raises(MailNotFound):
        await notifications.mail(sender, f"{uuid7()}.1")
    with pytest.raises(IdempotencyConflict):
        await notifications.send(sender, sent.id, body())
    with pytest.raises(InvalidInput):
        await notifications.send(sender, uuid7(), body(values={}))
    with pytest.raises(NoAddress):
        await notifications.resend(sender, sent.id, schemas.Resending(recipient=schemas.Recipient(name="N")))
    assert said.appointment_id
    await notifications.cancel_for(sender, said.appointment_id, 2)
    with pytest.raises(Superseded):
        await notifications.resend(sender, sent.id)
    await notifications.set_preferences(sender, said.patient_id, schemas.Preferences(email=False))
    with pytest.raises(OptedOut):
        await notifications.resend(sender, sent.id)


async def test_a_mail_server_that_puts_off_is_unavailable_after_bounded_tries(
    notifications: NotificationsClient, sender: Actor, postmaster: Postmaster
) -> None:
    postmaster.recipient = "451 later"
    with pytest.raises(Unavailable):
        await notifications.send(sender, uuid7(), body())
    assert postmaster.asked == 3
