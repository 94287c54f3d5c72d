"""Sending a message so that it arrives once, whatever dies in between.

A message is written down before it is sent, and what became of it is written down afterwards: two transactions, with
the conversation with the mail server between them and no transaction open meanwhile. A process that dies after the
server took the message over, and before that was written down, leaves it queued; the next try repeats the delivery with
the same Message-ID. The local mailbox keeps it once. Another mail server may show it twice: SMTP gives no way to ask
what became of a message, so one repetition per such crash is the price of never losing one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import MailSettings
from careconnect.db import Database, WriteSession
from careconnect.errors import Unavailable
from services.notifications import schemas
from services.notifications.channels.letter import Carrier, Letter, Outcome, message_id
from services.notifications.channels.sms import NoProvider, SandboxSms
from services.notifications.channels.smtp import SmtpCarrier
from services.notifications.content import Content
from services.notifications.errors import NoAddress
from services.notifications.mailbox import Mailbox
from services.notifications.models import LEASE, Message
from services.notifications.repository import Outgoing
from services.notifications.wording import check


@dataclass(frozen=True)
class Delivery:
    """Sends one actor's messages."""

    database: Database
    actor: Actor
    mail: MailSettings

    async def send(self, key: UUID, said: schemas.MessageSend) -> schemas.Message:
        """Write a message down, and deliver it when its time has come.

        Raises:
            InvalidInput: the template needs values that are not there.
            IdempotencyConflict: `key` is another message's.
            Unavailable: the server cannot be reached, or somebody else is delivering it just now; try again.
        """
        check(said.template, said.values)

        async def prepare(session: WriteSession) -> Message:
            keys, messages = await session.tenant_keys(), Outgoing(session)
            content = Content.of(said, self.mail.sender).seal(keys)
            message = await messages.place(key, said, content)
            message.repeat(key, said)
            if message.status == "queued":
                message.rewrite(content)
                await _decide(session, message)
            return message

        return await self._deliver(prepare)

    async def send_again(self, key: UUID, asked: schemas.Resending) -> schemas.Message:
        """Deliver a message once more because a person asked for it, or go on with a delivery that was interrupted.

        Raises:
            MessageNotFound, VersionConflict, OptedOut, Superseded, NoAddress: it cannot be.
            Unavailable: as for `send`.
        """

        async def prepare(session: WriteSession) -> Message:
            keys, messages = await session.tenant_keys(), Outgoing(session)
            message = await messages.hold(key)
            message.expect(asked.version)
            if asked.recipient:
                content = Content.open(keys, message.content).readdressed(asked.recipient, message.channel)
                message.content = content.seal(keys)
            if Content.open(keys, message.content).address is None:
                raise NoAddress
            if message.status != "queued":
                cutoff = await messages.cutoff(message.appointment_id)
                message.send_again(await messages.preferences(message.patient_id), cutoff)
            session.record("message.resent", "message", key, data=facts(message))
            return message

        return await self._deliver(prepare)

    async def _deliver(self, prepare: Callable[[WriteSession], Awaitable[Message]]) -> schemas.Message:
        letter = None
        async with self.database.write(self.actor) as session:
            message = await prepare(session)
            if message.is_due:
                if message.is_leased:
                    raise Unavailable("The message is being delivered at this moment.", retry_after=LEASE.seconds)
                message.begin_attempt()
                letter = self._letter(message, Content.open(await session.tenant_keys(), message.content))
        if letter is None:
            return message.shown()
        outcome = await self._carrier(message.channel).deliver(letter)
        return await self._note(message.id, outcome)

    async def _note(self, key: UUID, outcome: Outcome) -> schemas.Message:
        async with self.database.write(self.actor) as session:
            message = await Outgoing(session).hold(key)
            message.end_attempt(outcome)
            if message.status != "queued":
                session.record(f"message.{message.status}", "message", key, data=facts(message))
        if message.status == "queued":
            raise Unavailable("The message could not be handed over; it is kept and will be tried again.")
        return message.shown()

    def _letter(self, message: Message, content: Content) -> Letter:
        name = message_id(message.tenant_id, message.id, message.deliveries, self.mail.sender)
        return Letter(name, content.name, content.address or "", content.text, clock.now(), tuple(content.calendars))

    def _carrier(self, channel: str) -> Carrier:
        if channel == "email":
            return SmtpCarrier(self.mail)
        return SandboxSms(Mailbox(self.mail.mailbox)) if self.mail.mailbox else NoProvider()


def facts(message: Message) -> dict[str, Any]:
    """Say what the audit may know of a message: nothing about its person or its words."""
    return {
        "channel": message.channel,
        "template": message.template,
        "status": message.status,
        "appointment_id": str(message.appointment_id) if message.appointment_id else None,
        "appointment_version": message.appointment_version,
        "failure": message.failure,
    }


async def _decide(session: WriteSession, message: Message) -> None:
    """Hold back what must not go: for a time that no longer holds, to somebody who opted out, to no address."""
    messages = Outgoing(session)
    cutoff = await messages.cutoff(message.appointment_id)
    preferences = await messages.preferences(message.patient_id)
    content = Content.open(await session.tenant_keys(), message.content)
    if cutoff and cutoff.forbids(message):
        message.supersede()
    elif preferences and not preferences.wants(message.channel):
        message.skip("opted_out")
    elif content.address is None:
        message.skip("no_address")
    else:
        return
    session.record(f"message.{message.status}", "message", message.id, data=facts(message))
