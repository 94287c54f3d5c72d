"""What the tests of the notifications service share: a mailbox that is really spoken to by SMTP."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from careconnect import clock
from careconnect.config import MailSettings, Settings
from careconnect.embedded.postgres import PostgresServer
from careconnect.ids import uuid7
from services.notifications.mailbox import serve_mailbox
from tests.services.notifications.post import Desk, Postmaster, mail_server

SCOPES = ("messages:read", "messages:write", "reports:read")


@pytest.fixture(scope="session")
async def mail(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailSettings]:
    """Run the local mailbox, and give the settings that lead to it."""
    folder = tmp_path_factory.mktemp("mailbox") / "maildir"
    found = settings.model_copy(update={"mail": MailSettings(smtp_port=0, mailbox=folder)})
    async with serve_mailbox(found) as port:
        yield MailSettings(smtp_port=port, mailbox=folder)


@pytest.fixture
def app(apps: Callable[[str], Any]) -> Any:
    """Give the service's application."""
    return apps("notifications")


@pytest.fixture
def mailing(app: Any, settings: Settings) -> Iterator[Callable[[MailSettings], None]]:
    """Let the service send as other settings say, for this test."""

    def change(mail: MailSettings) -> None:
        app.state.settings = settings.model_copy(update={"mail": mail})

    yield change
    app.state.settings = settings


@pytest.fixture
def http(
    service: Callable[[str], httpx.AsyncClient], mailing: Callable[[MailSettings], None], mail: MailSettings
) -> httpx.AsyncClient:
    """Give a client on the notifications service, which sends into the local mailbox."""
    mailing(mail)
    return service("notifications")


@pytest.fixture
def desk(http: httpx.AsyncClient, act: Callable[..., dict[str, str]]) -> Desk:
    """Make somebody who may do everything with messages."""
    return Desk(http, act(*SCOPES))


@pytest.fixture
def stranger(http: httpx.AsyncClient, act: Callable[..., dict[str, str]]) -> Desk:
    """Make somebody who may do everything with messages, in another tenant."""
    return Desk(http, act(*SCOPES, tenant=uuid7()))


@pytest.fixture
async def postmaster(
    http: httpx.AsyncClient, mailing: Callable[[MailSettings], None], mail: MailSettings
) -> AsyncIterator[Postmaster]:
    """Let the service send to a mail server that answers as the test says."""
    assert http
    said = Postmaster()
    async with mail_server(said) as port:
        mailing(mail.model_copy(update={"smtp_port": port}))
        yield said


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], Any]:
    """Let a block of the test take place later."""
    really: Callable[[], datetime] = clock.now

    @contextmanager
    def later(distance: timedelta) -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda: really() + distance)
            yield

    return later


@pytest.fixture
def maildir(mail: MailSettings) -> Path:
    """Say where the local mailbox keeps its mails."""
    assert mail.mailbox
    return mail.mailbox


@pytest.fixture
async def rows(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """Connect as somebody who reads every row of the notifications database, behind the service's back."""
    address = postgres.urls()["auditor"].replace("+asyncpg", "").rstrip("/")
    connection = await asyncpg.connect(f"{address}/careconnect_notification_db")
    try:
        yield connection
    finally:
        await connection.close()
