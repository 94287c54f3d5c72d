"""Short messages: what an SMS provider must do, and the sandbox that stands in for one."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.notifications.channels.letter import Letter, Outcome
from services.notifications.mailbox import Mailbox

SANDBOX_DOMAIN = "sms.invalid"


class SandboxSms:
    """Puts short messages into the local mailbox, where staff can read them; nothing leaves the machine."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def deliver(self, letter: Letter) -> Outcome:
        """Keep the text; the same Message-ID is kept once."""
        mail = EmailMessage(SMTP)
        mail["Message-ID"] = letter.message_id
        mail["Date"] = format_datetime(letter.written_at)
        mail["From"] = Address("SMS sandbox", "sandbox", SANDBOX_DOMAIN)
        mail["To"] = Address(letter.name, letter.address, SANDBOX_DOMAIN)
        mail.set_content(letter.text.body)
        mail["Content-Language"] = letter.text.language
        try:
            await self._mailbox.keep(mail.as_bytes())
        except OSError:
            return Outcome("postponed", "unreachable")
        return Outcome("arrived")


class NoProvider:
    """Stands where no SMS provider is configured."""

    async def deliver(self, letter: Letter) -> Outcome:  # noqa: ARG002 - what every carrier takes
        """Refuse; the reason tells staff what is missing."""
        return Outcome("refused", "no_provider")
