"""A billing desk to test with: somebody who may do everything with money, and short ways to say what happens."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7

SCOPES = (
    "payments:read", "payments:write", "payments:refund", "payments:discount", "ledger:close", "gateways:manage",
    "console:operate", "drawers:review",
    "insurance:write", "insurance:write_off",
)  # fmt: skip
LKR = "LKR"


def money(amount: int, currency: str = LKR) -> dict[str, Any]:
    """Write an amount of minor units."""
    return {"amount": amount, "currency": currency}


def invoice_body(total: int = 350_000, **also: Any) -> dict[str, Any]:
    """Write an invoice of one line for a new patient and a new appointment."""
    lines = [{"description": "Consultation", "quantity": 1, "unit": money(total)}]
    return {"patient_id": str(uuid7()), "appointment_id": str(uuid7()), "lines": lines} | also


def payment_body(amount: int = 350_000, card: str | None = "pm_card_visa", **also: Any) -> dict[str, Any]:
    """Write a card payment that issues its invoice."""
    invoice = {"id": str(uuid7())} | invoice_body(amount)
    return {"invoice": invoice, "method": "card", "token": card, "amount": money(amount)} | also


def ended(*, took_place: bool = True, at: str = "2026-01-10T09:00:00Z") -> dict[str, Any]:
    """Write that a visit took place, or will not."""
    return {"took_place": took_place, "ended_at": at}


class Desk:
    """Somebody at the billing desk of one tenant."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._http = http
        self._headers = headers

    async def ask(self, verb: str, path: str, json: Any = None, /, **params: Any) -> httpx.Response:
        """Send one request."""
        return await self._http.request(verb, path, json=json, params=params, headers=self._headers)

    async def get(self, path: str, /, **params: Any) -> Any:
        """Read what is expected to be there."""
        answer = await self.ask("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def pay(self, payment_id: UUID, body: dict[str, Any]) -> httpx.Response:
        """Collect."""
        return await self.ask("PUT", f"/payments/{payment_id}", body)

    async def authorised(self, amount: int = 350_000, card: str = "pm_card_visa") -> UUID:
        """Have an authorised payment."""
        payment_id = uuid7()
        answer = await self.pay(payment_id, payment_body(amount, card))
        assert answer.status_code == 201, answer.text
        return payment_id

    async def captured(self, amount: int = 350_000) -> UUID:
        """Have a captured payment."""
        payment_id = await self.authorised(amount)
        answer = await self.capture(payment_id)
        assert answer.status_code == 200, answer.text
        return payment_id

    async def capture(self, payment_id: UUID, amount: int | None = None) -> httpx.Response:
        """Take an authorised payment."""
        body = {} if amount is None else {"amount": money(amount)}
        return await self.ask("POST", f"/payments/{payment_id}/capture", body)

    async def void(self, payment_id: UUID) -> httpx.Response:
        """Let an authorised payment go."""
        return await self.ask("POST", f"/payments/{payment_id}/void")

    async def refund(
        self, payment_id: UUID, amount: int | None = None, refund_id: UUID | None = None
    ) -> httpx.Response:
        """Return money."""
        body = {"reason": "moved away"} | ({} if amount is None else {"amount": money(amount)})
        return await self.ask("PUT", f"/payments/{payment_id}/refunds/{refund_id or uuid7()}", body)

    async def release(self, payment_id: UUID, *, cancel_invoice: bool = False) -> httpx.Response:
        """Undo a payment."""
        body = {"reason": "booking failed", "cancel_invoice": cancel_invoice}
        return await self.ask("PUT", f"/payments/{payment_id}/release", body)

    async def payment(self, payment_id: UUID) -> Any:
        """Read a payment."""
        return await self.get(f"/payments/{payment_id}")

    async def charges(self) -> list[dict[str, Any]]:
        """Read the gateway's own list."""
        items: list[dict[str, Any]] = (await self.get("/gateway/charges", limit=200))["items"]
        return items

    async def balances(self) -> dict[str, int]:
        """Read the ledger's balances, by account; those of zero are left out."""
        rows = await self.get("/ledger/balances")
        return {row["account"]: row["balance"]["amount"] for row in rows if row["balance"]["amount"]}


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    """Give an HTTP client on the payments service."""
    return service("payments")


@pytest.fixture
def desk(http: httpx.AsyncClient, act: Callable[..., dict[str, str]]) -> Desk:
    """Put somebody with all rights at the desk of this test's tenant."""
    return Desk(http, act(*SCOPES))


@pytest.fixture
async def pauses(apps: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the gateway's pauses take no time, and tell how long they would have been."""
    taken: list[float] = []

    async def pause(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(apps("payments").state.gateways, "pause", pause)
    return taken
