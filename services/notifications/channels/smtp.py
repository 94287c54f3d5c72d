"""E-mail by SMTP (RFC 5321)."""

import asyncio
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

import aiosmtplib

from careconnect.config import MailSettings
from services.notifications.channels.letter import Letter, Outcome
from services.notifications.invitations import CalendarFile
from services.notifications.wording import as_html


class _Headers(HeaderRegistry):
    """Makes the class of each kind of header once: the library makes one for each header that it writes."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        kind = name.lower()
        if kind not in self._made:
            self._made[kind] = super().__getitem__(name)
        return self._made[kind]


_ASCII = SMTP.clone(header_factory=_Headers())
_UNICODE = SMTPUTF8.clone(header_factory=_Headers())
STEP = 10.0
"""Seconds that the server may take for one answer."""
PHASE = 20.0
"""Seconds for getting to the server, and again for handing over; with the farewell less than a message's lease."""
_PERMANENT = 500


class SmtpCarrier:
    """Hands letters to the mail server of the settings, one conversation each."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def deliver(self, letter: Letter) -> Outcome:
        """Try once. What the server refuses for good (5xx) is refused, everything else may heal."""
        try:
            await self._converse(letter)
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            return _answered(refusal.recipients[0].code)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as refusal:
            return _answered(refusal.code)
        except aiosmtplib.SMTPNotSupported:
            return Outcome("refused", "address_not_supported")
        except (aiosmtplib.SMTPException, OSError):
            return Outcome("postponed", "unreachable")
        return Outcome("arrived")

    async def _converse(self, letter: Letter) -> None:
        settings = self._settings
        server = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            username=settings.smtp_username or None,
            password=settings.smtp_password or None,
            timeout=STEP,
        )
        try:
            async with asyncio.timeout(PHASE):
                await server.connect()
            async with asyncio.timeout(PHASE):
                await self._hand_over(server, letter)
            # The mail is the server's by now: however the farewell goes, it was taken over.
            with suppress(aiosmtplib.SMTPException, OSError):
                await server.quit()
        finally:
            server.close()

    async def _hand_over(self, server: aiosmtplib.SMTP, letter: Letter) -> None:
        unicode_address = not letter.address.isascii()
        if unicode_address:
            await server.ehlo()
            if not server.supports_extension("smtputf8"):
                raise aiosmtplib.SMTPNotSupported("the server takes no addresses beyond ASCII")
        await server.sendmail(
            parseaddr(self._settings.sender)[1],
            [letter.address],
            compose(letter, self._settings.sender, _UNICODE if unicode_address else _ASCII).as_bytes(),
            mail_options=["SMTPUTF8", "BODY=8BITMIME"] if unicode_address else None,
        )


def compose(letter: Letter, sender: str, policy: "EmailPolicy[EmailMessage]" = _ASCII) -> EmailMessage:
    """Write the mail: the text, beside it the same as HTML, and what it brings for the calendar."""
    mail = EmailMessage(policy)
    name, address = parseaddr(sender)
    mail["Message-ID"] = letter.message_id
    mail["Date"] = format_datetime(letter.written_at)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = Address(letter.name, *_parts(letter.address))
    mail["Subject"] = letter.text.subject or ""
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text.body)
    mail.add_alternative(as_html(letter.text), subtype="html")
    _add_calendars(mail, letter.calendars)
    for file in letter.attachments:
        kind, _, subtype = file.media_type.partition("/")
        mail.add_attachment(b64decode(file.content), maintype=kind, subtype=subtype, filename=file.name)
    mail["Content-Language"] = letter.text.language  # last: setting the content clears the headers that describe it
    return mail


def _add_calendars(mail: EmailMessage, calendars: Sequence[CalendarFile]) -> None:
    """Add each event twice: programs that know invitations read the first part (RFC 6047), people open the second."""
    for calendar in calendars[:1]:
        mail.add_alternative(calendar.text, subtype="calendar", params={"method": calendar.method})
    for calendar in calendars:
        mail.add_attachment(calendar.text.encode(), maintype="application", subtype="ics", filename="appointment.ics")


def _parts(address: str) -> tuple[str, str]:
    user, _, domain = address.rpartition("@")
    return user, domain


def _answered(code: int) -> Outcome:
    if code >= _PERMANENT:
        return Outcome("refused", f"refused_{code}")
    return Outcome("postponed", f"deferred_{code}")
