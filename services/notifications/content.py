"""What is sealed in a message's row: whom it is for and what it says."""

from dataclasses import asdict, dataclass, field, replace
from typing import Self

from careconnect.crypto import TenantKeys
from services.notifications.channels.letter import File
from services.notifications.invitations import CalendarFile, invitations
from services.notifications.schemas import MessageSend, Recipient
from services.notifications.wording import Text, write


@dataclass(frozen=True)
class Content:
    """Recipient and words of one message; `address` is an e-mail address or an E.164 number, by its channel."""

    name: str
    address: str | None
    language: str
    subject: str | None
    body: str
    calendars: list[CalendarFile] = field(default_factory=list)
    attachments: list[File] = field(default_factory=list)

    @classmethod
    def of(cls, said: MessageSend, sender: str) -> Self:
        """Write the words of a message that is to be sent, and what it brings for the calendar."""
        text = write(said.template, said.channel, said.recipient.language, said.recipient.name, said.values)
        address = address_of(said.recipient, said.channel)
        files = [File(one.name, one.media_type, one.content) for one in said.attachments]
        words = (said.recipient.name, address, text.language, text.subject, text.body)
        return cls(*words, invitations(said, sender), files if said.channel == "email" else [])

    @classmethod
    def open(cls, keys: TenantKeys, sealed: bytes) -> Self:
        """Read what `seal` kept."""
        known = keys.open(sealed)
        calendars = [CalendarFile(**one) for one in known.pop("calendars", [])]
        attachments = [File(**one) for one in known.pop("attachments", [])]
        return cls(**known, calendars=calendars, attachments=attachments)

    def readdressed(self, recipient: Recipient, channel: str) -> Self:
        """Give the same words for another address."""
        return replace(self, name=recipient.name, address=address_of(recipient, channel))

    def seal(self, keys: TenantKeys) -> bytes:
        """Keep it so that only the tenant's key reads it."""
        return keys.seal(asdict(self))

    @property
    def text(self) -> Text:
        """The words."""
        return Text(self.language, self.subject, self.body)

    @property
    def recipient(self) -> str:
        """Name and address, as staff read it."""
        return f"{self.name} <{self.address}>" if self.address else self.name


def address_of(recipient: Recipient, channel: str) -> str | None:
    """Choose the address that counts on a channel."""
    return recipient.email if channel == "email" else recipient.phone
