"""A time that is held for a form, while all that would give it back dies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from tests.running import Desk, Instance, until

pytestmark = pytest.mark.faults
PARTS = ("edge", "worker", "temporal")
GRACE = timedelta(minutes=1)
"""How long a hold may outlive its expiry."""


def test_a_held_time_is_free_again_by_itself_although_edge_worker_and_engine_died_at_once(running: Instance) -> None:
    """Nobody does anything but look; afterwards every law holds, and somebody else gets the time."""
    with running.api() as http:
        slot = Desk(http).free(1)[0]
        placed = hold(http, slot)
        assert placed.status_code == 201, placed.text
        held = placed.json()
        assert hold(http, slot).json()["code"] == "slot_taken"
        for part in PARTS:
            running.kill(part)
        expires = datetime.fromisoformat(held["expires_at"])
        assert datetime.now(UTC) < expires, "it had run out before the kill"
        left = expires + GRACE - datetime.now(UTC)
        until(lambda: is_offered(http, slot), left.total_seconds(), "the time is free")
        assert datetime.now(UTC) >= expires
        assert http.get(f"/holds/{held['id']}").json()["status"] == "expired"
        running.wait_ready()
        code, said = running.verify()
        assert code == 0, said
        assert hold(http, slot).status_code == 201


def hold(http: httpx.Client, slot: dict[str, Any]) -> httpx.Response:
    """Hold a time, as somebody else than before."""
    wanted = {name: slot[name] for name in ("visit_type_id", "consultant_id", "location_id", "start")}
    return http.post("/holds", json=wanted, headers={"Idempotency-Key": str(uuid7())})


def is_offered(http: httpx.Client, slot: dict[str, Any]) -> bool:
    """Tell whether the time is among the free ones; while parts restart, nobody answers."""
    asked = {name: slot[name] for name in ("visit_type_id", "consultant_id", "location_id")}
    try:
        answer = http.get("/slots", params=asked | {"from": slot["start"], "to": slot["end"]})
    except httpx.TransportError:
        return False
    return answer.is_success and slot["start"] in {one["start"] for one in answer.json()["items"]}
