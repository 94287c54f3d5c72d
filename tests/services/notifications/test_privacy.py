"""What is written to a patient stays between them and those who may read it."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.services.notifications.post import VALUES, Desk

SECRETS = {"name": "Zebulonia Quarrington", "email": "zebulonia@example.com", "phone": "+94771234567"}
WORDS = ["ebulon", "uarring", "771234567", "Anula", "Galle", "ppointment is"]


@pytest.fixture
async def sent(desk: Desk) -> dict[str, Any]:
    """Send somebody a mail with telling words, and look at it in every way."""
    said = await desk.send(recipient=SECRETS, values=VALUES, template="booking_confirmation")
    await desk.ask("GET", f"/messages/{said['id']}")
    await desk.mails()
    await desk.mail(said["id"])
    await desk.ask("POST", f"/messages/{said['id']}/resending", json={})
    return said


async def test_no_table_holds_a_word_of_a_message(rows: asyncpg.Connection, sent: dict[str, Any]) -> None:
    tables = await rows.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = [
        (table, word)
        for (table,) in tables
        for word in WORDS
        if await rows.fetchval(
            f'SELECT count(*) FROM "{table}" t WHERE to_jsonb(t)::text ILIKE $1 OR to_jsonb(t)::text LIKE $2',  # noqa: S608
            f"%{word}%",
            f"%{word.encode().hex()}%",
        )
    ]
    assert sent
    assert len(tables) >= 6
    assert found == []


async def test_every_step_and_every_reading_has_its_audit_event(rows: asyncpg.Connection, sent: dict[str, Any]) -> None:
    events = await rows.fetch("SELECT action FROM audit_events WHERE entity_id = $1 ORDER BY id", sent["id"])
    assert [event["action"] for event in events] == [
        "message.queued", "message.sent", "message.read", "mail.read", "message.resent", "message.sent",
    ]  # fmt: skip
    listed = await rows.fetchval(
        "SELECT count(*) FROM audit_events WHERE action = 'mailbox.listed' AND tenant_id = "
        "(SELECT tenant_id FROM messages WHERE id = $1)", sent["id"]
    )  # fmt: skip
    assert listed == 1


async def test_file_names_of_the_mailbox_tell_nothing(desk: Desk, sent: dict[str, Any], maildir: Path) -> None:
    assert desk
    names = [path.name for path in (maildir / "new").iterdir()]
    assert all(len(name) == 40 and sent["id"] not in name for name in names)
