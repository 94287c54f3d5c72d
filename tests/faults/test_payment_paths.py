"""However a payment goes and wherever everything dies: exactly one charge or none, and the books agree."""

import asyncio
import base64
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path as Folder
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.embedded.parts import WORKERS
from careconnect.ids import derived_id
from tests.faults.payment_paths import PRICE, Path, paths
from tests.running import Desk, Instance, until
from workflows import ids

pytestmark = pytest.mark.faults
PART = 100_000
_AT_ONCE = 8
_BEFORE = 480
"""Hours before a visit at which it is paid; one in two months is not due, one in two weeks is."""
_APART = timedelta(hours=3)
_GIVES_UP = 150
"""Seconds within which each payment must have come to its point, or have been answered."""


@dataclass
class Walk:
    """One payment on its path: how it is asked for, and what is seen of it."""

    path: Path
    payment: UUID
    act: tuple[str, str, dict[str, Any] | None]
    appointment: UUID | None = None
    expected: int = 0
    seen: str = ""

    @property
    def mark(self) -> str | None:
        """The file that holds it where it is to die."""
        about = ids.card_of(self.appointment) if self.path.call == "keep" and self.appointment else self.payment
        return f"{about}.{self.path.call}.{self.path.moment}" if self.path.call else None


class Till:
    """Somebody who begins payments and never comes back to ask."""

    def __init__(self, running: Instance, http: httpx.Client) -> None:
        self.running, self.http, self.desk = running, http, Desk(http)
        claims = json.loads(base64.urlsafe_b64decode(running.token().split(".")[1] + "=="))
        self.whose = UUID(claims["tenant"]), UUID(claims["sub"])
        types = http.get("/visit-types", params={"limit": 200}).json()["items"]
        deposit = next(one for one in types if self._asks_a_deposit(one))
        self.deposit = deposit["payment_policy"]["deposit"]["amount"]
        before = self._sold("Paid before", {"kind": "full", "when": "before", "hours_before": _BEFORE})
        self.given: dict[str, list[datetime]] = {}
        self.slots = {
            "full": self._free(self.desk.paid, 20, 25), "deposit": self._free(deposit, 16),
            "before": self._free(before, 14, 75), "near": self._free(before, 16, 8),
            "none": self._free(self._sold("Never paid", {"kind": "none"}), 2, 110),
        }  # fmt: skip

    def _asks_a_deposit(self, one: dict[str, Any]) -> bool:
        return bool(one["active"] and one["payment_policy"]["kind"] == "deposit")

    def _sold(self, name: str, policy: dict[str, Any]) -> dict[str, Any]:
        """Add a visit type."""
        said: dict[str, Any] = {key: self.desk.paid[key] for key in ("duration_minutes", "slot_step_minutes", "price")}
        said |= {"name": name, "payment_policy": policy}
        return dict(self._ask("/visit-types", "", said))

    def _free(self, visit_type: dict[str, Any], count: int, days_ahead: int = 60) -> list[dict[str, Any]]:
        self.desk.paid, whole = visit_type, self.desk.paid
        try:
            offered = self.desk.free(count * 6, days_ahead)
        finally:
            self.desk.paid = whole
        kept = [slot for slot in offered if self._is_apart(slot)][:count]
        assert len(kept) == count
        return kept

    def _is_apart(self, slot: dict[str, Any]) -> bool:
        """Tell whether a time is hours away from all that were given of its consultant; it counts as given then."""
        start, others = datetime.fromisoformat(slot["start"]), self.given.setdefault(slot["consultant_id"], [])
        if any(abs(start - other) < _APART for other in others):
            return False
        others.append(start)
        return True

    def walk(self, path: Path) -> Walk:
        """Prepare a payment up to the act in which everything dies."""
        return self._booking(path) if path.booked else self._at_desk(path)

    def _booking(self, path: Path) -> Walk:
        key = path.name + str(path.token)
        early = self.slots["near" if (path.policy, path.outcome) == ("before", "cancelled") else path.policy]
        wish = self.desk.wish(early.pop(), self.desk.newcomer(), path.token or "")
        if path.token is None:
            del wish["payment"]
        appointment = derived_id("appointment", *self.whose, key)
        price = self.deposit if path.policy == "deposit" else self.desk.paid["price"]["amount"]
        walk = Walk(path, ids.payment_of(appointment), ("/appointments", key, wish), appointment)
        walk.expected = price if path.outcome == "paid" else 0
        if path.outcome in {"cancelled", "called off"}:
            assert self.desk.book(wish, key).status_code == 201
            walk.act = (f"/appointments/{appointment}/cancellation", "", {"reason": "pat"})
        elif path.policy == "before" and path.call != "keep":
            assert self.desk.book(wish, key).status_code == 201
            near = self.slots["near"].pop()
            moved = {key: near[key] for key in ("start", "consultant_id", "location_id")}
            walk.act = (f"/appointments/{appointment}/rescheduling", "", moved)
        return walk

    def _at_desk(self, path: Path) -> Walk:
        money = {"amount": PRICE, "currency": "LKR"}
        lines = [{"description": "Consultation", "unit": money}]
        invoice = self._ask("/payments/invoices", "", {"patient_id": self.desk.newcomer(), "lines": lines})["id"]
        payment = derived_id("desk payment", *self.whose, path.name)
        wanted = {"invoice_id": invoice, "method": path.method, "amount": money}
        wanted |= {"token": path.token} if path.token else {}
        if path.outcome == "renewed":
            return Walk(path, payment, ("/payments", path.name, wanted | {"capture": False}), expected=PRICE)
        if path.outcome == "let go":
            self._ask("/payments", path.name, wanted | {"capture": False})
            return Walk(path, payment, (f"/payments/{payment}/void", "", None))
        if path.outcome == "in part":
            self._ask("/payments", path.name, wanted | {"capture": False})
            less = {"amount": {"amount": PART, "currency": "LKR"}}
            return Walk(path, payment, (f"/payments/{payment}/capture", "", less), expected=PART)
        if path.outcome == "returned":
            self._ask("/payments", path.name, wanted)
            part = {"amount": {"amount": PART, "currency": "LKR"}, "reason": "goodwill"}
            return Walk(path, payment, (f"/payments/{payment}/refunds", path.name, part), expected=PRICE - PART)
        expected = 0 if path.outcome == "declined" else PRICE
        return Walk(path, payment, ("/payments", path.name, wanted), expected=expected)

    def _ask(self, path: str, key: str, body: Any) -> Any:
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        assert answer.is_success, answer.text
        return answer.json()

    async def act(self, http: httpx.AsyncClient, walk: Walk, reached: Folder | None) -> None:
        """Ask once; leave as soon as the payment is held at its point, and never come back."""
        path, key, body = walk.act
        asking = asyncio.create_task(http.post(path, json=body, headers={"Idempotency-Key": key} if key else {}))
        while not (asking.done() or await asyncio.to_thread(_is_there, reached)):
            await asyncio.wait([asking], timeout=0.2)
        asking.cancel()
        (answer,) = await asyncio.gather(asking, return_exceptions=True)
        walk.seen = f"{answer.status_code} {answer.text[:60]}" if isinstance(answer, httpx.Response) else repr(answer)

    def look(self, walk: Walk) -> bool:
        """See what has become of a payment; true once it is what its path leads to."""
        answer = _read(self.http, f"/payments/{walk.payment}")
        said = answer.json()
        if walk.path.outcome == "renewed" and answer.is_success and said["status"] == "authorised":
            return self.http.post(f"/payments/{walk.payment}/capture", json={}).is_success and self.look(walk)
        kept = said["captured"]["amount"] - said["refunded"]["amount"] if answer.is_success else 0
        reserved = answer.is_success and said["status"] in {"pending", "authorised"}
        status = said["status"] if answer.is_success else said["code"]
        walk.seen = f"{status}, {kept} kept" + ("" if walk.appointment is None else f", {self._visit(walk)}")
        visit_is_right = walk.appointment is None or (self._visit(walk) == "booked") == walk.path.comes
        return kept == walk.expected and not reserved and visit_is_right and self._has_begun(walk, status)

    def wanting(self, walks: list[Walk]) -> list[Walk]:
        """List those that have not come to their end yet."""
        return [walk for walk in walks if not self.look(walk)]

    def _has_begun(self, walk: Walk, status: str) -> bool:
        ends = {"declined": {"declined"}, "refused": {"voided"}, "let go": {"voided"}}
        ends |= {"unpaid": {"declined"}}
        if not walk.path.charged:
            return status == "payment_not_found"
        return status in ends.get(walk.path.outcome, {"captured"})

    def _visit(self, walk: Walk) -> str:
        answer = _read(self.http, f"/appointments/{walk.appointment}")
        return str(answer.json()["status"]) if answer.is_success else "no appointment"


def test_every_path_of_a_payment_survives_a_kill_at_every_call(
    running: Instance, marks: Folder, table: list[str]
) -> None:
    """They walk at once, each up to its own point; then every worker is killed, and nobody asks again."""
    with running.api() as http:
        till = Till(running, http)
        with ThreadPoolExecutor(_AT_ONCE) as callers:
            walks = list(callers.map(till.walk, paths()))
        try:
            _survive(running, till, walks, marks)
            assert till.wanting(walks) == [], "what has ended stays as it is"
        finally:
            table.extend(_shown(walks))
        assert Counter(_charges(http, walk) for walk in walks) == {
            1: sum(walk.path.charged for walk in walks), 0: sum(not walk.path.charged for walk in walks)
        }  # fmt: skip
    code, said = running.verify()
    assert code == 0, said


def _survive(running: Instance, till: Till, walks: list[Walk], marks: Folder) -> None:
    """Let all of them walk up to their points, kill every worker, and see them to their ends."""
    held = [walk.mark for walk in walks if walk.mark]
    for mark in held:
        (marks / mark).touch()
    asyncio.run(_everybody_acts(till, walks, marks))
    left = partial(_missing, marks, held)
    until(lambda: not left(), _GIVES_UP, "each payment is at its point", left)
    for worker in WORKERS:
        running.kill(worker)
    (marks / "open").touch()
    running.wait_ready()
    waited_for = list(walks)
    until(lambda: not _narrowed(till, waited_for), 180, "each payment has ended")


async def _everybody_acts(till: Till, walks: list[Walk], marks: Folder) -> None:
    """Let all of them ask at the same moment."""
    limits = httpx.Limits(max_connections=len(walks))
    headers = till.http.headers
    async with httpx.AsyncClient(
        base_url=till.http.base_url, headers=headers, timeout=_GIVES_UP, limits=limits
    ) as http:
        await asyncio.gather(
            *(till.act(http, walk, marks / f"{walk.mark}.reached" if walk.mark else None) for walk in walks)
        )


def _is_there(mark: Folder | None) -> bool:
    return mark is not None and mark.exists()


def _missing(marks: Folder, held: list[str]) -> list[str]:
    return [mark for mark in held if not (marks / f"{mark}.reached").exists()]


def _narrowed(till: Till, left: list[Walk]) -> list[Walk]:
    """Look once more at those that were not at their end, and keep in `left` the ones that still are not."""
    left[:] = till.wanting(left)
    return left


def _charges(http: httpx.Client, walk: Walk) -> int:
    """Count the payments of a visit, or of an invoice: law 5 of `verify` gives each exactly one charge."""
    about = {"appointment_id": str(walk.appointment)}
    if not walk.appointment:
        about = {"invoice_id": _read(http, f"/payments/{walk.payment}").json()["invoice_id"]}
    return len(_read(http, "/payments", about).json()["items"])


def _read(http: httpx.Client, path: str, about: dict[str, str] | None = None) -> httpx.Response:
    """Look, and again where the edge says that it was too often."""
    found = http.get(path, params=about)
    while found.status_code == httpx.codes.TOO_MANY_REQUESTS:
        time.sleep(float(found.headers["retry-after"]))
        found = http.get(path, params=about)
    return found


def _shown(walks: list[Walk]) -> list[str]:
    """Write the table, one line a path."""
    lines = [f"{'policy':10} {'method':14} {'outcome':10} {'killed at':18} {'seen afterwards'}"]
    for walk in walks:
        path = walk.path
        where = f"{path.moment} {path.call}" if path.call else "never"
        lines.append(f"{path.policy:10} {path.method:14} {path.outcome:10} {where:18} {walk.seen}")
    return lines
