"""The local mailbox of the embedded mode: a mail server on the loopback that keeps what it is given in a Maildir.

Nothing leaves the machine. The same Message-ID is kept once, which makes a repeated delivery harmless.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from uuid import uuid4

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from careconnect.config import Settings

log = structlog.get_logger()
_LARGEST = 2_000_000


@dataclass(frozen=True)
class Kept:
    """One mail in the mailbox."""

    mail: EmailMessage
    received_at: datetime


class Mailbox:
    """A Maildir (`tmp`, `new`, `cur`) whose file names are digests of Message-IDs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, raw: bytes) -> bool:
        """Keep a mail, safely on disk before this returns; tells False where its Message-ID was kept before.

        Raises:
            OSError: the disk is full, or the folder may not be written.
        """
        return await asyncio.to_thread(self._keep, raw)

    async def find(self, message_id: str) -> Kept | None:
        """Give the mail with a Message-ID, or None."""
        return await asyncio.to_thread(self._find, message_id)

    def _keep(self, raw: bytes) -> bool:
        for name in ("tmp", "new", "cur"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        message_id = BytesHeaderParser(policy=default).parsebytes(raw)["Message-ID"]
        draft = self._folder / "tmp" / uuid4().hex
        try:
            with draft.open("xb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            # A hard link to the name that the Message-ID gives: of two that come at once, one is refused.
            (self._folder / "new" / _name(str(message_id) if message_id else raw)).hardlink_to(draft)
        except FileExistsError:
            return False
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _find(self, message_id: str) -> Kept | None:
        path = self._folder / "new" / _name(message_id)
        try:
            raw, changed = path.read_bytes(), path.stat().st_mtime
        except FileNotFoundError:
            return None
        mail = message_from_bytes(raw, policy=default)
        return Kept(mail, datetime.fromtimestamp(changed, UTC))


class _Receiver:
    """What aiosmtpd asks when a client speaks to it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer for the mail: kept, or to be sent again later."""
        try:
            kept = await self._mailbox.keep(envelope.original_content or b"")
        except OSError:
            log.exception("mailbox_unwritable")
            return "451 4.3.0 The mailbox cannot be written at the moment"
        return "250 2.0.0 Kept" if kept else "250 2.0.0 Kept before"


@asynccontextmanager
async def serve_mailbox(settings: Settings) -> AsyncIterator[int]:
    """Run the mail server of the local mailbox on `settings.mail.smtp_host` and `smtp_port`; gives the port.

    A port of 0 takes any free one.

    Raises:
        ValueError: no mailbox is configured.
        OSError: the port is taken.
    """
    if settings.mail.mailbox is None:
        message = "Set CARECONNECT_MAIL__MAILBOX to the folder of the local mailbox."
        raise ValueError(message)
    receiver = _Receiver(Mailbox(settings.mail.mailbox))
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(receiver, data_size_limit=_LARGEST, enable_SMTPUTF8=True, hostname="localhost", loop=loop)

    server = await loop.create_server(conversation, settings.mail.smtp_host, settings.mail.smtp_port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def _name(message_id: str | bytes) -> str:
    said = message_id.strip().encode() if isinstance(message_id, str) else message_id
    return hashlib.sha256(said).hexdigest()[:40]
