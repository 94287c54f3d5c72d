"""A message on its way out, and how its delivery ended."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Literal, Protocol
from uuid import UUID

from careconnect.ids import derived_id
from services.notifications.invitations import CalendarFile
from services.notifications.wording import Text


@dataclass(frozen=True)
class File:
    """A document that a letter brings, its content in base64 (RFC 4648)."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True)
class Letter:
    """What a channel needs to deliver; the same `message_id` is the same delivery, however often it is tried."""

    message_id: str
    name: str
    address: str
    text: Text
    written_at: datetime
    calendars: tuple[CalendarFile, ...] = ()
    attachments: tuple[File, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How one try ended.

    `arrived`: the provider took it over. `refused`: it never will. `postponed`: it may, later.
    `reason` is a code for the last two.
    """

    kind: Literal["arrived", "refused", "postponed"]
    reason: str = ""


class Carrier(Protocol):
    """Delivers on one channel: a mail server, an SMS provider."""

    async def deliver(self, letter: Letter) -> Outcome:
        """Try once; never raises for what the provider says or fails to say."""


def message_id(tenant_id: UUID, message: UUID, delivery: int, sender: str) -> str:
    """Derive the Message-ID (RFC 5322 section 3.6.4) of the `delivery`-th delivery of a message.

    It is the same for every try, so that a mail server or mailbox can tell a repetition from a new message.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{derived_id(tenant_id, message, delivery).hex}@{domain}>"
