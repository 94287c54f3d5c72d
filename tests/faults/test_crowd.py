"""A crowd that books, moves and cancels at random while the worker is killed again and again leaves the laws whole."""

import asyncio
import os
import random
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.running import Desk, Instance, until

pytestmark = pytest.mark.faults
# The suite has a short crowd; `CROWD_SECONDS=120 bin/test tests/faults/test_crowd.py` is the long one.
SECONDS = float(os.environ.get("CROWD_SECONDS", "16"))
CLIENTS = 50
CONSULTANTS = 5
KILL_EVERY = 10.0
PATIENCE = 120.0
AGAIN = frozenset({202, 429, 500, 502, 503})
BOOKING, MOVING, CANCELLING = ("booking", "moving", "cancelling")
SUCCEEDED = (f"{BOOKING}: booked", f"{MOVING}: booked", f"{CANCELLING}: cancelled")


class Crowd:
    """Clients that each know their own appointments, and count how they were answered."""

    def __init__(self, running: Instance, slots: list[dict[str, Any]], patients: list[str], wish: Any) -> None:
        self.running = running
        self.slots = slots
        self.patients = patients
        self.wish = wish
        self.answers: Counter[str] = Counter()
        self.ends = time.monotonic() + SECONDS

    async def client(self, number: int) -> None:
        """Act until the time is over; each act is repeated until it is answered for good."""
        chance = random.Random(number)  # noqa: S311 - not a secret
        mine: list[str] = []
        headers = {"Authorization": f"Bearer {await asyncio.to_thread(self.running.token)}"}
        async with httpx.AsyncClient(base_url=f"{self.running.url}/api/v1", headers=headers, timeout=40) as http:
            while time.monotonic() < self.ends or not self._has_seen_all():
                act = chance.choice((BOOKING, MOVING, CANCELLING)) if mine else BOOKING
                if act == BOOKING:
                    wish = self.wish(chance.choice(self.slots), chance.choice(self.patients))
                    answer = await self._ask(http, act, "/appointments", wish)
                    mine += [answer["id"]] if answer.get("status") == "booked" else []
                elif act == MOVING:
                    slot = chance.choice(self.slots)
                    move = {"start": slot["start"], "consultant_id": slot["consultant_id"], "notify": False}
                    await self._ask(http, act, f"/appointments/{chance.choice(mine)}/rescheduling", move)
                else:
                    gone = mine.pop(chance.randrange(len(mine)))
                    reason = {"reason": "pat", "notify": False}
                    await self._ask(http, act, f"/appointments/{gone}/cancellation", reason)

    def _has_seen_all(self) -> bool:
        """Tell whether each act has succeeded by now: on a busy machine the crowd takes longer for that."""
        return all(self.answers[act] for act in SUCCEEDED)

    async def _ask(self, http: httpx.AsyncClient, act: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = {"Idempotency-Key": str(uuid4())}
        deadline, last = time.monotonic() + PATIENCE, ""
        while time.monotonic() < deadline:
            try:
                answer = await http.post(path, json=body, headers=key)
            except httpx.HTTPError as error:
                last = repr(error)
            else:
                if answer.status_code not in AGAIN:
                    found: dict[str, Any] = answer.json()
                    self.answers[f"{act}: {found.get('code', found['status'])}"] += 1
                    return found
                last = f"{answer.status_code} {answer.text}"
            await asyncio.sleep(0.3)
        message = f"{act} was not answered within {PATIENCE} s, at the end {last}"
        raise AssertionError(message)

    async def killer(self) -> None:
        """Kill the workers, again and again."""
        while time.monotonic() + KILL_EVERY < self.ends:
            await asyncio.sleep(KILL_EVERY)
            await asyncio.to_thread(self.running.kill, "worker")
            self.answers["kills"] += 1


async def test_a_crowd_and_a_dying_worker_leave_every_law_whole_and_no_hold_behind(running: Instance) -> None:
    """Fifty clients ask five consultants for the same times; each answer is one of those that the contract names."""
    with running.api() as http:
        desk = Desk(http)
        slots = desk.free(400)
        chosen = sorted({slot["consultant_id"] for slot in slots})[:CONSULTANTS]
        crowd = Crowd(running, [slot for slot in slots if slot["consultant_id"] in chosen], desk.patients, desk.wish)
        await asyncio.gather(crowd.killer(), *(crowd.client(number) for number in range(CLIENTS)))
        expected = {
            "booking: booked", "booking: slot_taken", "booking: patient_busy", "moving: booked", "moving: slot_taken",
            "moving: patient_busy", "moving: outside_hours", "moving: wrong_state", "cancelling: cancelled",
            "cancelling: wrong_state", "kills",
        }  # fmt: skip
        assert set(crowd.answers) <= expected, crowd.answers
        assert crowd.answers["kills"] >= 1
        running.wait_ready()
        until(lambda: not _held(http), 90, "no hold is left over")
    code, said = running.verify()
    assert code == 0, said


def _held(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/appointments", params={"status": "held"}).json()["items"]
    return found
