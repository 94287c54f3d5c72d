"""Sending a message so that it arrives once, whatever dies in between.

A message is written down before it is sent, and what became of it is written down afterwards: two transactions, with
the conversation with the mail server between them and no transaction open meanwhile. A process that dies after the
server took the message over, and before that was written down, leaves it queued; the next try repeats the delivery with
the same Message-ID. The local mailbox keeps it once. Another mail server may show it twice: SMTP gives no way to ask
what became of a message, so one repetition per such crash is the price of never losing one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

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
from services.notifications.models import LEASE, Cutoff, Message, Preferences
from services.notifications.repository import Outgoing, what
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
                await Wishes(session).decide(message, Content.open(keys, message.content))
            return message

        return await self._deliver(prepare)

    async def send_all(self, wanted: Sequence[schemas.MessageToSend]) -> list[schemas.Message]:
        """Send several new messages with two transactions in all; where one is not new, each as by itself.

        Raises:
            InvalidInput, IdempotencyConflict, Unavailable: as for `send`, once the others were tried.
        """
        for one in wanted:
            check(one.template, one.values)
        try:
            messages, letters = await self._write_down(wanted)
        except IntegrityError:
            # Some were written down before: a repetition. The ids and keys say which.
            return [await self.send(one.id, one) for one in wanted]
        outcomes = await asyncio.gather(
            *(
                self._carrier(message.channel).deliver(letters[message.id])
                for message in messages
                if message.id in letters
            )
        )
        ended = {one.id: one for one in await self._note(dict(zip(letters, outcomes, strict=True)))} if letters else {}
        return [ended.get(message.id, message).shown() for message in messages]

    async def _write_down(self, wanted: Sequence[schemas.MessageToSend]) -> tuple[list[Message], dict[UUID, Letter]]:
        """Keep new messages, and prepare those that go now; one insert, since nobody else can know of them yet."""
        placed, letters = [], {}
        async with self.database.write(self.actor) as session:
            keys, known = await session.tenant_keys(), Wishes(session)
            for one in wanted:
                content = Content.of(one, self.mail.sender)
                message = Message(**Message.row(one.id, session.tenant_id, one, content.seal(keys)))
                session.record("message.queued", "message", one.id, data=what(one))
                await known.decide(message, content)
                if message.is_due:
                    message.begin_attempt()
                    letters[one.id] = self._letter(message, content)
                placed.append(message)
            session.add_all(placed)
        return placed, letters

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
        (noted,) = await self._note({message.id: outcome})
        return noted.shown()

    async def _note(self, outcomes: Mapping[UUID, Outcome]) -> Sequence[Message]:
        async with self.database.write(self.actor) as session:
            messages = await Outgoing(session).hold_all(outcomes)
            for message in messages:
                message.end_attempt(outcomes[message.id])
                if message.status != "queued":
                    session.record(f"message.{message.status}", "message", message.id, data=facts(message))
        if any(message.status == "queued" for message in messages):
            raise Unavailable("The message could not be handed over; it is kept and will be tried again.")
        return messages

    def _letter(self, message: Message, content: Content) -> Letter:
        name = message_id(message.tenant_id, message.id, message.deliveries, self.mail.sender)
        return Letter(
            name,
            content.name,
            content.address or "",
            content.text,
            clock.now(),
            tuple(content.calendars),
            tuple(content.attachments),
        )

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


class Wishes:
    """Knows what must not go; asked once about a patient and an appointment, however many messages there are."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._cutoffs: dict[UUID | None, Cutoff | None] = {}
        self._preferences: dict[UUID, Preferences | None] = {}

    async def decide(self, message: Message, content: Content) -> None:
        """Hold back what must not go: for a time that no longer holds, to somebody who opted out, to no address."""
        cutoff, preferences = await self._of(message.appointment_id, message.patient_id)
        if cutoff and cutoff.forbids(message):
            message.supersede()
        elif preferences and not preferences.wants(message.channel):
            message.skip("opted_out")
        elif content.address is None:
            message.skip("no_address")
        else:
            return
        self._session.record(f"message.{message.status}", "message", message.id, data=facts(message))

    async def _of(self, appointment_id: UUID | None, patient_id: UUID) -> tuple[Cutoff | None, Preferences | None]:
        messages = Outgoing(self._session)
        if appointment_id not in self._cutoffs:
            self._cutoffs[appointment_id] = await messages.cutoff(appointment_id)
        if patient_id not in self._preferences:
            self._preferences[patient_id] = await messages.preferences(patient_id)
        return self._cutoffs[appointment_id], self._preferences[patient_id]
