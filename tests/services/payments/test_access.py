"""Who may ask about money, and whose money they see."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.services.payments.conftest import SCOPES, Desk, ended, invoice_body, money, payment_body

ONE = UUID(int=1)  # the same in every process that runs these tests
PAYER = {"name": "Lanka Health", "code": "LHI"}
COVERAGE = {"policy_number": "P-1", "rate": 8000}
ENDPOINTS: list[tuple[str, str, str, Any]] = [
    ("GET", "/invoices", "payments:read", None),
    ("GET", f"/invoices/{ONE}", "payments:read", None),
    ("PUT", f"/invoices/{ONE}", "payments:write", invoice_body()),
    ("POST", f"/invoices/{ONE}/cancellation", "payments:write", {"reason": "pat"}),
    ("PUT", f"/invoices/{ONE}/credits/{ONE}", "payments:write", {"amount": money(1), "reason": "pat"}),
    ("PUT", f"/invoices/{ONE}/discounts/{ONE}", "payments:discount", {"percent": 10, "reason": "staff"}),
    ("GET", f"/patients/{ONE}/credit", "payments:read", None),
    ("GET", "/payments", "payments:read", None),
    ("GET", "/payments/summary", "payments:read", None),
    ("GET", "/payments/currencies", "payments:read", None),
    ("GET", "/takings?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z", "payments:read", None),
    ("GET", "/invoice-drafts", "payments:read", None),
    ("GET", f"/invoice-drafts/{ONE}", "payments:read", None),
    ("PUT", f"/invoice-drafts/{ONE}", "payments:write", invoice_body()),
    ("PUT", f"/invoice-drafts/{ONE}/record", "payments:write", invoice_body()),
    ("DELETE", f"/invoice-drafts/{ONE}", "payments:write", None),
    ("PUT", f"/invoice-drafts/{ONE}/issuance", "payments:write", None),
    ("PUT", f"/invoices/{ONE}/entered-in-error", "payments:discount", {"reason": "x"}),
    ("GET", f"/payments/{ONE}", "payments:read", None),
    ("PUT", f"/payments/{ONE}", "payments:write", payment_body()),
    ("POST", f"/payments/{ONE}/capture", "payments:write", {}),
    ("GET", f"/payments/{ONE}/traces", "payments:write", None),
    ("POST", f"/payments/{ONE}/renewal", "payments:write", {"turn": 1}),
    ("PUT", f"/cards/{ONE}", "payments:write", {"patient_id": str(ONE), "token": "pm_card_visa"}),
    ("DELETE", f"/cards/{ONE}", "payments:write", None),
    ("POST", f"/payments/{ONE}/void", "payments:write", None),
    ("PUT", f"/payments/{ONE}/release", "payments:refund", {"reason": "pat"}),
    ("GET", f"/payments/{ONE}/refunds", "payments:read", None),
    ("GET", f"/payments/{ONE}/refunds/{ONE}", "payments:read", None),
    ("GET", f"/patients/{ONE}/refunds", "payments:read", None),
    ("PUT", f"/payments/{ONE}/refunds/{ONE}", "payments:refund", {"reason": "pat"}),
    ("GET", f"/appointments/{ONE}/money", "payments:read", None),
    ("GET", "/ledger/balances", "payments:read", None),
    ("GET", "/ledger/entries?period=2026-01", "payments:read", None),
    ("GET", "/ledger/periods", "payments:read", None),
    ("PUT", "/ledger/periods/2026-01", "ledger:close", {"status": "closed", "reason": "month's end"}),
    ("GET", "/payouts", "payments:read", None),
    ("PUT", f"/payouts/{ONE}", "ledger:close",
     {"gateway": "sandbox", "gross": money(9), "fee": money(1), "paid_on": "2026-01-12", "reference": "po_1"}),
    ("PUT", f"/appointments/{ONE}/end", "payments:write", ended()),
    ("GET", "/drawers", "payments:read", None),
    ("PUT", f"/drawers/{ONE}", "payments:write", {"location_id": str(ONE), "opening": {"sum": money(0)}}),
    ("GET", f"/drawers/{ONE}", "payments:read", None),
    ("GET", f"/drawers/{ONE}/movements", "payments:read", None),
    ("PUT", f"/drawers/{ONE}/movements/{ONE}", "payments:write",
     {"kind": "bank_drop", "amount": money(1), "reason": "full"}),
    ("PUT", f"/drawers/{ONE}/closing", "payments:write", {"counted": {"sum": money(0)}}),
    ("PUT", f"/drawers/{ONE}/review", "drawers:review", {}),
    ("GET", "/cash-rule", "payments:read", None),
    ("PUT", "/cash-rule", "drawers:review", {"drawer_needed": True}),
    ("GET", "/money-checks", "payments:read", None),
    ("GET", "/money-checks/kept", "payments:read", None),
    ("PUT", f"/money-checks/{ONE}", "payments:write", {}),
    ("POST", f"/money-checks/{ONE}/charges", "payments:write", {"gateway": "sandbox"}),
    ("POST", f"/money-checks/{ONE}/uncharged", "payments:write", {}),
    ("POST", f"/money-checks/{ONE}/books", "payments:write", {"part": "invoices"}),
    ("POST", f"/money-checks/{ONE}/visits", "payments:write", {"visits": []}),
    ("POST", f"/money-checks/{ONE}/orphans", "payments:write", {"orphans": []}),
    ("PUT", f"/money-checks/{ONE}/conclusion", "payments:write", {"compared": {}}),
    ("GET", "/mending-rule", "payments:read", None),
    ("PUT", "/mending-rule", "gateways:manage", {"mends": []}),
    ("GET", "/orphans", "payments:read", None),
    ("PUT", f"/orphans/{ONE}/mending", "payments:refund", None),
    ("PUT", f"/orphans/{ONE}/asking", "payments:refund", None),
    ("GET", f"/orphans/{ONE}", "payments:read", None),
    ("PUT", f"/orphans/{ONE}/remedy", "payments:refund", {"remedy": "adopt", "reason": "known"}),
    ("PUT", f"/orphans/{ONE}/dismissal", "payments:refund", {"reason": "known"}),
    ("GET", "/figures", "payments:read", None),
    ("GET", "/gateway/charges", "payments:read", None),
    ("PUT", f"/links/{ONE}", "payments:write", {"invoice_id": str(ONE)}),
    ("PUT", f"/links/{ONE}/standing", "payments:write", None),
    ("PUT", f"/links/{ONE}/closing", "payments:write", None),
    ("GET", f"/invoices/{ONE}/links", "payments:read", None),
    ("GET", f"/gateway/sandbox/checkouts/{ONE}", "payments:read", None),
    ("POST", f"/gateway/sandbox/checkouts/{ONE}/payment", "payments:write", {"token": "pm_card_visa"}),
    ("GET", "/payers", "payments:read", None),
    ("GET", f"/payers/{ONE}", "payments:read", None),
    ("PUT", f"/payers/{ONE}", "insurance:write", PAYER),
    ("PUT", f"/payers/{ONE}/record", "insurance:write", PAYER),
    ("GET", f"/patients/{ONE}/coverages", "payments:read", None),
    ("GET", f"/coverages/{ONE}", "payments:read", None),
    ("PUT", f"/coverages/{ONE}", "payments:write", COVERAGE | {"patient_id": str(ONE), "payer_id": str(ONE)}),
    ("PUT", f"/coverages/{ONE}/record", "payments:write", COVERAGE),
    (
        "POST",
        f"/coverages/{ONE}/share",
        "payments:read",
        {"patient_id": str(ONE), "total": money(1), "day": "2026-01-01"},
    ),
    ("GET", "/claims", "payments:read", None),
    ("GET", "/claims/sums", "payments:read", None),
    ("GET", f"/claims/{ONE}", "payments:read", None),
    ("PUT", f"/claims/{ONE}", "payments:write", {"invoice_id": str(ONE)}),
    ("PUT", f"/claims/{ONE}/submission/{ONE}", "insurance:write", {}),
    ("PUT", f"/claims/{ONE}/acceptance/{ONE}", "insurance:write", {}),
    ("PUT", f"/claims/{ONE}/rejection/{ONE}", "insurance:write", {"reason": "not covered"}),
    ("PUT", f"/claims/{ONE}/payment/{ONE}", "insurance:write", {}),
    ("PUT", f"/invoices/{ONE}/authorisation", "payments:write", {"number": "A-1"}),
    ("GET", "/claim-batches", "payments:read", None),
    ("PUT", f"/claim-batches/{ONE}", "insurance:write", {"payer_id": str(ONE)}),
    ("GET", f"/claim-batches/{ONE}", "payments:read", None),
    ("PUT", f"/claim-batches/{ONE}/file", "payments:read", {"text": "x"}),
    ("GET", "/dunnings", "payments:read", None),
    ("GET", f"/invoices/{ONE}/dunning", "payments:read", None),
    ("PUT", f"/invoices/{ONE}/dunning", "payments:write", {}),
    ("PUT", f"/invoices/{ONE}/dunning/pause", "payments:write", {"paused": True}),
    ("PUT", f"/invoices/{ONE}/dunning/reminders/{ONE}", "payments:write", {}),
    ("PUT", f"/invoices/{ONE}/dunning/dismissal", "payments:write", None),
    ("GET", "/gateways", "payments:read", None),
    ("PUT", "/gateways/stripe", "gateways:manage", {"active": False}),
    ("PUT", "/gateways/stripe/standing", "payments:write", {"state": "closed"}),
    ("POST", "/gateway/events/unfinished", "payments:refund", None),
    ("POST", "/gateway/sandbox/deliveries", "console:operate", {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "scope", "body"), ENDPOINTS)
async def test_anonymous_may_not_and_neither_may_whoever_lacks_the_one_right(
    *, http: httpx.AsyncClient, act: Callable[..., dict[str, str]], method: str, path: str, scope: str, body: Any
) -> None:
    assert (await http.request(method, path, json=body)).status_code == 401
    others = act(*(one for one in (*SCOPES, "patients:read", "appointments:write") if one != scope))
    refused = await http.request(method, path, json=body, headers=others)
    assert (refused.status_code, refused.json()["needed"]) == (403, scope)


def test_every_endpoint_is_in_the_table_above(apps: Callable[[str], Any]) -> None:
    table = {
        (method, path.partition("?")[0].replace(str(ONE), "{}").replace("2026-01", "{}"))
        for method, path, _, _ in ENDPOINTS
    }
    document = apps("payments").openapi()["paths"]
    known = set()
    for path, verbs in document.items():
        plain = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        known |= {(verb.upper(), plain) for verb in verbs}
        assert all(verb["summary"] for verb in verbs.values())
    open_to_all = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
    of_every_service = {("GET", "/audit-events"), ("POST", "/audit-checkpoints")}
    signed = {("POST", "/webhooks/{}"), ("POST", "/webhooks/{}/{}")}
    named = {(verb, path.replace("/stripe", "/{}")) for verb, path in table}
    assert known - open_to_all - of_every_service - signed == named


async def test_another_tenant_sees_nothing_and_can_change_nothing(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    payment_id, refund_id = await desk.captured(), uuid7()
    await desk.refund(payment_id, 1_000, refund_id)
    payment = await desk.payment(payment_id)
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    for path in (
        f"/payments/{payment_id}",
        f"/invoices/{payment['invoice_id']}",
        f"/payments/{payment_id}/refunds",
        f"/payments/{payment_id}/refunds/{refund_id}",
    ):
        assert (await stranger.ask("GET", path)).status_code == 404
    for path in ("/payments", "/invoices", "/gateway/charges"):
        assert (await stranger.get(path))["items"] == []
    assert (await stranger.get("/ledger/balances")) == []
    assert (await stranger.get("/payments/summary"))["paid"]["count"] == 0
    money = await stranger.get(f"/appointments/{payment['appointment_id']}/money")
    assert money == {"invoices": [], "payments": [], "refunds": []}
    assert (await stranger.capture(payment_id)).status_code == 404
    assert (await stranger.refund(payment_id)).status_code == 404
    assert (
        await stranger.ask("POST", f"/invoices/{payment['invoice_id']}/cancellation", {"reason": "x"})
    ).status_code == 404
    # Under the same id the other tenant has a payment, or a closed door, of its own.
    assert (await stranger.release(payment_id, cancel_invoice=True)).json()["invoice_id"] is None
    assert await desk.payment(payment_id) == payment


async def test_two_tenants_number_their_invoices_apart_and_may_use_the_same_ids(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    payment_id, body = uuid7(), payment_body()
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    first, second = await desk.pay(payment_id, body), await stranger.pay(payment_id, body)
    assert first.status_code == second.status_code == 201
    assert first.json()["invoice_number"] == second.json()["invoice_number"]
    assert first.json()["gateway_reference"] != second.json()["gateway_reference"]
