"""The notifications service, as other processes call it."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.notifications import schemas

_Messages = list[schemas.Message]
_Previews = list[schemas.TemplatePreview]
_SENDING = 55.0
"""Seconds: a mail server may be slow, and cutting the call short would leave the message waiting for its lease."""


class NotificationsClient(ServiceClient):
    """Typed calls of every endpoint. Each may raise what the service and the platform refuse with."""

    service: ClassVar[str] = "notifications"

    async def send(self, actor: Actor, message_id: UUID, body: schemas.MessageSend) -> schemas.Message:
        """Send a message, once; the same again is harmless and answers with what became of it.

        Raises:
            InvalidInput: the template needs values that are not there.
            IdempotencyConflict: the id is another message's.
            Unavailable: the mail server cannot be reached; the message is kept, and the same call tries again.
        """
        path = f"/messages/{message_id}"
        return await self.call(actor, "PUT", path, into=schemas.Message, json=body, timeout=_SENDING)

    async def send_all(self, actor: Actor, body: schemas.Sending) -> _Messages:
        """Send several messages together, each once; for each it is as for `send`.

        Raises:
            InvalidInput, IdempotencyConflict, Unavailable: as for `send`, once the others were tried.
        """
        return await self.call(actor, "PUT", "/messages", into=_Messages, json=body, timeout=_SENDING)

    async def resend(self, actor: Actor, message_id: UUID, body: schemas.Resending | None = None) -> schemas.Message:
        """Send a message once more, perhaps to another address.

        Raises:
            OptedOut, Superseded, NoAddress: it cannot be.
        """
        asked = body or schemas.Resending()
        path = f"/messages/{message_id}/resending"
        return await self.call(actor, "POST", path, into=schemas.Message, json=asked, timeout=_SENDING)

    async def list(
        self,
        actor: Actor,
        wanted: schemas.MessageFilter | None = None,
        *,
        sort: schemas.Sort = "-made",
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
        among: Sequence[UUID] | None = None,
    ) -> Page[schemas.Message]:
        """List messages in the order of `sort`, without what they say, perhaps only those to patients `among` some.

        Raises:
            Forbidden: the actor is limited, and it is not said whose messages to list.
        """
        if among is not None:
            said = {"sort": sort, "limit": limit, "cursor": cursor, "count": count, "among": [*among]}
            asked = schemas.MessagesAmong.model_validate(said)
            asked.wanted = wanted or asked.wanted
            return await self.call(actor, "POST", "/messages/search", into=Page[schemas.Message], json=asked)
        params = wanted.model_dump(exclude_none=True) if wanted else {}
        params |= {"sort": sort, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/messages", into=Page[schemas.Message], params=params)

    async def get(self, actor: Actor, message_id: UUID) -> schemas.MessageDetail:
        """Read a message with its words; it is noted in the audit."""
        return await self.call(actor, "GET", f"/messages/{message_id}", into=schemas.MessageDetail)

    async def addressee(self, actor: Actor, message_id: UUID) -> UUID:
        """Tell to whom a message is, without opening it."""
        path = f"/messages/{message_id}/patient"
        return (await self.call(actor, "GET", path, into=schemas.Addressee)).patient_id

    async def cancel_for(self, actor: Actor, appointment_id: UUID, below_version: int) -> schemas.Cancelled:
        """Let no message go any more that speaks of the appointment as it was before `below_version`."""
        body = schemas.Cutoff(below_version=below_version)
        path = f"/appointments/{appointment_id}/cutoff"
        return await self.call(actor, "PUT", path, into=schemas.Cancelled, json=body)

    async def preferences(self, actor: Actor, patient_id: UUID) -> schemas.Preferences:
        """Read on which channels a patient wants messages."""
        return await self.call(actor, "GET", f"/patients/{patient_id}/preferences", into=schemas.Preferences)

    async def set_preferences(self, actor: Actor, patient_id: UUID, body: schemas.Preferences) -> schemas.Preferences:
        """Change on which channels a patient wants messages."""
        path = f"/patients/{patient_id}/preferences"
        return await self.call(actor, "PUT", path, into=schemas.Preferences, json=body)

    async def templates(self, actor: Actor, language: str = "en") -> _Previews:
        """Show every template in a language, with made-up words in it."""
        return await self.call(actor, "GET", "/templates", into=_Previews, params={"language": language})

    async def mailbox(self, actor: Actor, *, limit: int = 50, cursor: str | None = None) -> Page[schemas.Mail]:
        """List the mails of the local mailbox (embedded mode), the newest first."""
        params = {"limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/mailbox", into=Page[schemas.Mail], params=params)

    async def mail(self, actor: Actor, key: str) -> schemas.MailDetail:
        """Read one mail of the local mailbox."""
        return await self.call(actor, "GET", f"/mailbox/{key}", into=schemas.MailDetail)

    async def figures(self, actor: Actor, **period: Any) -> schemas.Figures:
        """Give the numbers of the dashboard for a period (`schemas.Period`)."""
        return await self.call(actor, "GET", "/figures", into=schemas.Figures, params=period)
