"""Checkpoints of the audit: who may ask for one, and that none covers what may still be being written."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from careconnect import clock
from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.config import SERVICES
from careconnect.db import Database
from careconnect.ids import uuid7

MADE = sa.text("SELECT number, up_to, seen, count FROM audit_checkpoints ORDER BY number")
NEWEST = sa.text("SELECT max(id) FROM audit_events")


@pytest.fixture
def database(apps: Callable[[str], Any]) -> Database:
    """Give a service's database."""
    found: Database = apps("patients").state.database
    return found


@pytest.mark.parametrize("name", SERVICES)
async def test_anonymous_and_who_lacks_the_right_may_not_seal_an_audit(
    service: Callable[[str], httpx.AsyncClient], act: Callable[..., dict[str, str]], name: str
) -> None:
    asked = service(name)
    assert (await asked.post("/audit-checkpoints")).status_code == 401
    assert (await asked.post("/audit-checkpoints", headers=act("audit:read", "staff:manage"))).status_code == 403
    assert (await asked.post("/audit-checkpoints", headers=act("audit:seal"))).status_code == 204


async def test_a_checkpoint_covers_what_the_one_before_had_seen_and_nothing_later(
    database: Database,
    connect: Callable[[type[Any]], Any],
    actor: Callable[..., Actor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Patients(ServiceClient):
        service = "patients"

    sealer, real, newest = actor("audit:seal"), clock.now, []
    for minutes in (0, 4, 6, 12):
        monkeypatch.setattr(clock, "now", lambda late=timedelta(minutes=minutes): real() + late)
        newest.append(await _happen(database, sealer))
        await connect(Patients).append_checkpoint(sealer)
    async with database.read(sealer) as session:
        made = [tuple(row) for row in await session.execute(MADE)]
    assert made == [
        (1, 0, newest[0], 0),
        (2, newest[0], newest[2], 1),
        (3, newest[2], newest[3], 2),
    ], "and none at four minutes: that was too early"


async def _happen(database: Database, actor: Actor) -> int:
    async with database.write(actor) as session:
        session.record("something.happened", "thing", uuid7())
    async with database.read(actor) as session:
        return int(await session.scalar(NEWEST) or 0)
