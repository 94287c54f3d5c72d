"""Whatever dies in the middle of bookings, each ends in one of two good states and each caller gets the answer."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.running import Desk, Instance

pytestmark = pytest.mark.faults
BOOKINGS = 50
CLIENTS = 8
PATIENCE = 120


@pytest.mark.parametrize("part", ["worker", "edge", "temporal", "postgres"])
def test_a_part_killed_in_the_middle_of_bookings_loses_nothing(running: Instance, part: str) -> None:
    """Every caller repeats until there is an answer; afterwards every law holds and nothing is charged twice."""
    with running.api() as http:
        desk = Desk(http)
        wishes = [
            desk.wish(slot, patient, "pm_card_chargeDeclined" if index % 10 == 9 else "pm_card_visa")
            for index, (slot, patient) in enumerate(zip(desk.free(BOOKINGS), desk.newcomers(BOOKINGS), strict=True))
        ]
    answered = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as clients:
        started = [
            clients.submit(_book_until_answered, running, wish, f"{part}-{index}", answered)
            for index, wish in enumerate(wishes)
        ]
        assert answered.wait(30), "no booking was answered before the kill"
        running.kill(part)
        answers = [one.result(PATIENCE * 2) for one in started]
    running.wait_ready()
    outcomes = Counter(_outcome(answer) for answer in answers)
    assert outcomes == {"booked captured": BOOKINGS * 9 // 10, "card_declined": BOOKINGS // 10}
    repeated = [
        _book_until_answered(running, wish, f"{part}-{index}", answered) for index, wish in enumerate(wishes[:5])
    ]
    assert [answer["id"] for answer in repeated] == [answer["id"] for answer in answers[:5]]
    code, said = running.verify()
    assert code == 0, said


def _book_until_answered(
    running: Instance, wish: dict[str, Any], key: str, answered: threading.Event
) -> dict[str, Any]:
    """Send the same request until it is answered for good, as any careful caller does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answer = httpx.post(
                f"{running.url}/api/v1/appointments",
                json=wish,
                headers={"Idempotency-Key": key, "Authorization": f"Bearer {running.token()}"},
                timeout=30,
            )
        except httpx.HTTPError:
            time.sleep(0.3)
            continue
        if answer.status_code not in {202, 429, 500, 502, 503}:
            answered.set()
            found: dict[str, Any] = answer.json()
            return found
        time.sleep(0.3)
    message = f"no answer within {PATIENCE} s"
    raise AssertionError(message)


def _outcome(answer: dict[str, Any]) -> str:
    if "code" in answer:
        return str(answer["code"])
    return f"{answer['status']} {answer['payment']['status']}"
