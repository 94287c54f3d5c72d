"""A desk that sends messages, and mail servers that misbehave on request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session

from careconnect.ids import uuid7

VALUES = {
    "clinic": "Lanka Clinics",
    "clinic_phone": "+94 11 234 5678",
    "reference": "CC-7F3KT-9QH2",
    "starts_at": "2026-12-01T09:30:00+05:30",
    "zone": "Asia/Colombo",
    "consultant": "Dr Anula Silva",
    "visit_type": "Consultation",
    "location": "Galle Road",
}
NIMAL = {"name": "Nimal Perera", "email": "nimal@example.com", "phone": "+94771234567", "language": "en"}


def message(**also: Any) -> dict[str, Any]:
    """Make a reminder of a fresh appointment of a fresh patient."""
    return {
        "patient_id": str(uuid7()),
        "appointment_id": str(uuid7()),
        "appointment_version": 1,
        "channel": "email",
        "template": "reminder",
        "offset_hours": 24,
        "recipient": NIMAL,
        "values": VALUES,
    } | also


def wrong(answer: httpx.Response) -> dict[str, str]:
    """Read which fields an answer calls wrong, and with which code."""
    assert answer.status_code == 422, answer.text
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


class Desk:
    """Somebody who sends messages, with the rights of their headers."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.http = http
        self.headers = headers

    async def ask(self, method: str, path: str, **also: Any) -> httpx.Response:
        """Send a request."""
        return await self.http.request(method, path, headers=self.headers, **also)

    async def put(self, body: dict[str, Any], message_id: UUID | str | None = None) -> httpx.Response:
        """Ask to send a message, under a fresh id where none is given."""
        return await self.ask("PUT", f"/messages/{message_id or uuid7()}", json=body)

    async def send(self, **also: Any) -> dict[str, Any]:
        """Send a message, and say what became of it."""
        answer = await self.put(message(**also))
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def mails(self) -> list[dict[str, Any]]:
        """List the mailbox."""
        answer = await self.ask("GET", "/mailbox")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def mail(self, message_id: str, number: int = 1) -> dict[str, Any]:
        """Read one mail of the mailbox."""
        answer = await self.ask("GET", f"/mailbox/{message_id}.{number}")
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


@dataclass
class Postmaster:
    """Answers as a mail server of one's own would, and counts the mails that it took over."""

    recipient: str = "250 OK"
    data: str = "250 OK"
    taken: list[bytes] = field(default_factory=list)
    asked: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.asked += 1
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.taken.append(envelope.original_content or b"")
        return self.data


@asynccontextmanager
async def mail_server(postmaster: Postmaster, *, unicode_addresses: bool = True) -> AsyncIterator[int]:
    """Run a mail server that answers as `postmaster` says; gives its port."""
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(postmaster, enable_SMTPUTF8=unicode_addresses, hostname="localhost", loop=loop)

    server = await loop.create_server(conversation, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
