"""Drafts of remarks wait for the decision about their change, and no longer than a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import CHIEF, asked, hold

SWEEP = "/remark-drafts/forgotten"


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


async def drafted(http: httpx.AsyncClient, headers: dict[str, str]) -> tuple[UUID, UUID]:
    """Draft why an appointment is to be moved; gives the appointment and the draft."""
    visit, key = uuid7(), uuid7()
    assert (await hold(http, headers, asked(), visit)).status_code == 201
    said = {"kind": "overbook", "text": "Seen together"}
    answer = await http.put(f"/appointments/{visit}/remark-drafts/{key}", json=said, headers=headers)
    assert answer.status_code == 204, answer.text
    return visit, key


async def kept(http: httpx.AsyncClient, headers: dict[str, str], visit: UUID, key: UUID) -> list[Any]:
    """Decide that it stands; gives the remarks that there are then."""
    decided = {"ids": [str(key)], "stand": True}
    answer = await http.post(f"/appointments/{visit}/remark-decisions", json=decided, headers=headers)
    assert answer.status_code == 204, answer.text
    found: list[Any] = (await http.get(f"/appointments/{visit}", headers=headers)).json()["remarks"]
    return found


async def test_anonymous_may_not_drop_drafts_and_a_reader_neither(http: httpx.AsyncClient, act: Act) -> None:
    assert (await http.delete(SWEEP)).status_code == 401
    assert (await http.delete(SWEEP, headers=act("appointments:read"))).status_code == 403


async def test_drafts_that_nobody_decided_on_within_a_day_are_dropped_and_no_others(
    http: httpx.AsyncClient, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = act(*CHIEF), act(*CHIEF, tenant=uuid7())
    now = clock.now()
    with monkeypatch.context() as yesterday:
        yesterday.setattr(clock, "now", lambda: now - timedelta(days=1, minutes=1))
        old, theirs = await drafted(http, mine), await drafted(http, others)
    fresh = await drafted(http, mine)
    for _ in range(2):
        assert (await http.delete(SWEEP, headers=mine)).status_code == 204
    assert await kept(http, mine, *old) == []
    assert [one["text"] for one in await kept(http, mine, *fresh)] == ["Seen together"]
    assert [one["text"] for one in await kept(http, others, *theirs)] == ["Seen together"]
