"""The local mailbox of the embedded mode, as staff open it."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request

from careconnect.config import MailSettings
from careconnect.crypto import TenantKeys
from careconnect.db import Write, WriteSession
from careconnect.pagination import Page, PagingQuery
from services.notifications import schemas
from services.notifications.api.access import Reader
from services.notifications.channels.letter import message_id
from services.notifications.content import Content
from services.notifications.errors import MailNotFound, MessageNotFound, NoMailbox
from services.notifications.mailbox import Kept, Mailbox
from services.notifications.models import Message
from services.notifications.repository import Messages

router = APIRouter(tags=["mailbox"])
Key = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}\.[1-9]\d{0,3}$", description="a message's id and its delivery")]


@dataclass(frozen=True)
class TenantMails:
    """The mails of one tenant: found from its messages, so that nobody sees another tenant's."""

    mailbox: Mailbox
    session: WriteSession
    keys: TenantKeys
    mail: MailSettings

    async def of(self, message: Message) -> list[schemas.Mail]:
        """Give what the mailbox holds of a message, the newest first."""
        numbers = range(message.deliveries, 0, -1)
        kept = [(number, await self.find(message, number)) for number in numbers]
        return [schemas.Mail(**self._head(message, number, mail)) for number, mail in kept if mail]

    async def detail(self, message: Message, number: int) -> schemas.MailDetail:
        """Give one mail with its bodies.

        Raises:
            MailNotFound: it was never delivered.
        """
        kept = await self.find(message, number)
        if kept is None:
            raise MailNotFound
        html = kept.mail.get_body(("html",))
        return schemas.MailDetail(
            **self._head(message, number, kept),
            text=_text(kept),
            html=_unix(html.get_content()) if html else None,
        )

    async def find(self, message: Message, number: int) -> Kept | None:
        """Look a delivery up by its Message-ID."""
        return await self.mailbox.find(message_id(message.tenant_id, message.id, number, self.mail.sender))

    def _head(self, message: Message, number: int, kept: Kept) -> dict[str, object]:
        content = Content.open(self.keys, message.content)
        return {
            "key": f"{message.id}.{number}",
            "message_id": message.id,
            "patient_id": message.patient_id,
            "channel": message.channel,
            "template": message.template,
            "recipient": content.recipient,
            "subject": content.subject or "",
            "received_at": kept.received_at,
        }


async def _mails(request: Request, session: Write, _actor: Reader) -> TenantMails:
    mail: MailSettings = request.app.state.settings.mail
    if mail.mailbox is None:
        raise NoMailbox
    return TenantMails(Mailbox(mail.mailbox), session, await session.tenant_keys(), mail)


MailsOf = Annotated[TenantMails, Depends(_mails)]


@router.get("/mailbox", summary="List the mails of the local mailbox")
async def search(mails: MailsOf, paging: PagingQuery) -> Page[schemas.Mail]:
    """List the newest first, short messages among them."""
    found = await Messages(mails.session).tried(paging)
    mails.session.record_access("mailbox.listed", "tenant", mails.session.tenant_id)
    items = [mail for message in found.items for mail in await mails.of(message)]
    return Page(items=items, next_cursor=found.next_cursor, total=found.total)


@router.get("/mailbox/{key}", summary="Read a mail of the local mailbox")
async def read(key: Key, mails: MailsOf) -> schemas.MailDetail:
    """Give a mail as its recipient got it."""
    message, _, number = key.partition(".")
    try:
        found = await Messages(mails.session).get(UUID(message))
    except (ValueError, MessageNotFound) as error:
        raise MailNotFound from error
    mails.session.record_access("mail.read", "message", found.id)
    return await mails.detail(found, int(number))


def _text(kept: Kept) -> str:
    part = kept.mail.get_body(("plain",))
    return _unix(part.get_content()) if part else ""


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")
