"""The OpenAPI document and the pages for people: complete, true to the wire models, and served by us alone."""

import re
from typing import Any

import httpx
import jsonschema_rs
import pytest

from services.identity.roles import ROLES
from tests.web.api.contract import DOCUMENT, Endpoint, each
from tests.web.clinic import API
from web.api.openapi import EXAMPLES
from web.api.outside import OUTSIDE
from web.api.scopes import SCOPES

PROMISED = {
    "/patients": "GET POST", "/patients/{patient_id}": "GET PUT PATCH DELETE", "/patients/count": "GET",
    "/patients/{patient_id}/emergency-contact": "PATCH", "/patients/{patient_id}/medical-info": "PATCH",
    "/patients/{patient_id}/access": "POST",
    "/patients/{patient_id}/timeline": "GET", "/patients/{patient_id}/message-preferences": "GET PUT",
    "/consultants": "GET POST", "/consultants/{consultant_id}": "GET PUT PATCH DELETE",
    "/consultants/{consultant_id}/status": "PUT", "/consultants/{consultant_id}/schedule": "GET PUT",
    "/consultants/{consultant_id}/exceptions": "GET POST",
    "/consultants/{consultant_id}/exceptions/{exception_id}": "DELETE",
    "/consultants/{consultant_id}/exceptions/{exception_id}/affected": "GET",
    "/consultants/{consultant_id}/absences": "GET POST", "/absences/{absence_id}": "GET",
    "/absences/{absence_id}/pause": "POST DELETE", "/absences/{absence_id}/undo": "POST",
    "/consultants/{consultant_id}/calendar-feed": "GET POST DELETE",
    "/locations/{location_id}/calendar-feed": "GET POST DELETE",
    "/visit-types": "GET POST", "/visit-types/{visit_type_id}": "GET PUT",
    "/price-lists": "GET POST", "/price-lists/{price_id}": "GET PUT DELETE", "/money-policy": "GET PUT",
    "/locations": "GET POST", "/locations/{location_id}": "GET PUT",
    "/rooms": "GET POST", "/rooms/{room_id}": "GET PUT", "/locations/{location_id}/calendar": "GET PUT",
    "/holiday-policy": "GET PUT", "/holidays": "GET", "/holiday-gaps": "GET",
    "/holds": "POST",
    "/holds/{hold_id}": "GET DELETE",
    "/holds/{hold_id}/extension": "POST",
    "/slots": "GET", "/appointments": "GET POST", "/appointments/summary": "GET",
    "/appointments/{appointment_id}": "GET", "/appointments/{appointment_id}/timeline": "GET",
    "/appointments/{appointment_id}/cancellation": "POST DELETE",
    "/appointments/{appointment_id}/rescheduling": "POST DELETE",
    "/appointments/{appointment_id}/consultation": "POST DELETE",
    "/appointments/{appointment_id}/departure": "POST DELETE", "/walk-ins": "POST",
    "/appointments/{appointment_id}/arrival": "POST DELETE", "/appointments/{appointment_id}/check-in": "POST DELETE",
    "/clock-changes": "GET", "/appointments/{appointment_id}/wall-time": "PUT",
    "/appointments/{appointment_id}/completion": "POST DELETE", "/appointments/{appointment_id}/no-show": "POST DELETE",
    "/appointments/{appointment_id}/calendar.ics": "GET",
    "/series": "GET POST", "/series/{series_id}": "GET", "/series/{series_id}/rescheduling": "POST",
    "/series/{series_id}/cancellation": "POST DELETE", "/series/{series_id}/occurrences/{number}/resolution": "POST",
    "/waitlist": "GET POST", "/waitlist/{entry_id}": "GET DELETE", "/waitlist/{entry_id}/answer": "POST",
    "/patients/{patient_id}/balance": "GET",
    "/payments/invoices": "GET POST", "/payments/invoices/{invoice_id}": "GET",
    "/payments/invoices/drafts": "GET POST", "/payments/invoices/drafts/{draft_id}": "GET PUT DELETE",
    "/payments/invoices/drafts/{draft_id}/issuance": "POST",
    "/payments/invoices/{invoice_id}/entered-in-error": "POST",
    "/payments/invoices/{invoice_id}/discounts": "POST", "/payments/invoices/{invoice_id}/authorisation": "PUT",
    "/payers": "GET POST", "/payers/{payer_id}": "GET PUT", "/patients/{patient_id}/coverages": "GET POST",
    "/patients/{patient_id}/coverages/{coverage_id}": "PUT", "/claims": "GET POST", "/claims/{claim_id}": "GET",
    "/claims/batches": "GET POST", "/claims/batches/{batch_id}.csv": "GET", "/claims/{claim_id}/submission": "POST",
    "/claims/{claim_id}/acceptance": "POST", "/claims/{claim_id}/rejection": "POST",
    "/claims/{claim_id}/payment": "POST",
    "/payments/invoices/{invoice_id}/receipt.pdf": "GET", "/payments/invoices/{invoice_id}/receipt": "POST",
    "/payments": "GET POST", "/payments/summary": "GET", "/payments/currencies": "GET",
    "/payments/invoices/{invoice_id}/dunning": "GET PUT", "/payments/invoices/{invoice_id}/reminders": "POST",
    "/payments/links": "GET POST", "/payments/links/{link_id}/closing": "POST",
    "/gateways": "GET", "/gateways/{kind}": "PUT",
    "/payments/{payment_id}": "GET", "/payments/{payment_id}/capture": "POST", "/payments/{payment_id}/void": "POST",
    "/payments/{payment_id}/refunds": "GET POST", "/payments/{payment_id}/inquiry": "POST",
    "/reports/dashboard": "GET", "/reports/appointments": "GET",
    "/reports/revenue": "GET", "/audit-events": "GET",
    "/ledger/balances": "GET", "/ledger/balances.csv": "GET", "/ledger/entries": "GET", "/ledger/entries.csv": "GET",
    "/payments/money-check": "GET POST", "/payments/orphans": "GET", "/payments/orphans/{orphan_id}/dismissal": "POST",
    "/payments/orphans/{orphan_id}/remedy": "POST", "/payments/money-check/rule": "GET PUT",
    "/ledger/payouts": "GET POST", "/ledger/periods": "GET", "/ledger/periods/{period}": "PUT",
    "/drawers": "GET POST", "/drawers/rule": "GET PUT", "/drawers/{drawer_id}": "GET",
    "/drawers/{drawer_id}/movements": "GET POST", "/drawers/{drawer_id}/closing": "POST",
    "/drawers/{drawer_id}/review": "POST",
    "/oauth/token": "POST", "/.well-known/jwks.json": "GET", "/webhooks/payments/{gateway}": "POST",
    "/messages": "GET POST", "/messages/{message_id}": "GET",
    "/messages/{message_id}/resending": "POST", "/workflows/{workflow_id}": "GET",
}  # fmt: skip


def test_the_document_has_what_the_contract_promises_and_no_more() -> None:
    found = {
        path: {one.upper() for one in operations if one != "servers"} for path, operations in DOCUMENT["paths"].items()
    }
    assert found == {path: set(methods.split()) for path, methods in PROMISED.items()}


def test_what_a_part_of_a_request_takes_beyond_the_scopes_of_the_endpoint_is_told() -> None:
    for path in ("/appointments/{appointment_id}/no-show", "/appointments/{appointment_id}/cancellation"):
        assert "`payments:write` too, to `waive_fee`" in DOCUMENT["paths"][path]["post"]["description"]
    booking = DOCUMENT["paths"]["/appointments"]["post"]
    assert "`appointments:overbook` too" in booking["description"]
    assert {"appointments:write", "patients:read", "consultants:read"} <= set(booking["security"][0]["client"])


async def test_what_lies_outside_the_base_answers_where_the_document_says(http: httpx.AsyncClient) -> None:
    assert (await http.get("/.well-known/jwks.json")).json()["keys"]
    refused = await http.post("/oauth/token", data={"grant_type": "password"})
    assert (refused.status_code, refused.json()) == (400, {"error": "unsupported_grant_type"})
    unsigned = await http.post("/webhooks/payments/sandbox", json={})
    assert str(unsigned.status_code) in DOCUMENT["paths"]["/webhooks/payments/{gateway}"]["post"]["responses"]
    assert unsigned.json()["code"] == "signature_invalid"


def test_the_scopes_are_those_that_an_api_client_can_hold() -> None:
    assert set(SCOPES) == ROLES["integration"]


@each
def test_each_endpoint_is_told_in_full(endpoint: Endpoint) -> None:
    said = endpoint.said
    assert said["summary"]
    assert said["description"]
    assert said["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    assert {"401", "403", "429", "503"} <= set(said["responses"])
    for status, answer in said["responses"].items():
        if status >= "400":
            assert re.search(r"`[a-z_]+`: .", answer["description"]), (status, answer)
            assert list(answer["content"]) == ["application/problem+json"]


@each
def test_each_endpoint_has_examples_that_its_own_schema_accepts(endpoint: Endpoint) -> None:
    parts = [endpoint.said.get("requestBody", {}).get("content", {})]
    parts += [answer.get("content", {}) for status, answer in endpoint.said["responses"].items() if status < "300"]
    for content in parts:
        if "application/json" in content:
            told = content["application/json"]
            _check(told["example"], told["schema"])


def test_each_example_belongs_to_a_wire_model() -> None:
    assert set(EXAMPLES) - set(DOCUMENT["components"]["schemas"]) == set()
    for name, example in EXAMPLES.items():
        _check(example, {"$ref": f"#/components/schemas/{name}"})


def _check(example: Any, schema: dict[str, Any]) -> None:
    whole = schema | {"components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(example)


async def test_the_document_is_served_to_anybody(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/openapi.json")
    assert (answer.status_code, answer.json()) == (200, DOCUMENT)


async def test_the_pages_show_every_endpoint_without_script_or_another_host(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{API}/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|style=|<style|https?://|\son\w+=", answer.text)
    for path in DOCUMENT["paths"]:
        assert f"{'' if path in OUTSIDE else '/api/v1'}{path}<" in answer.text
    for link in re.findall(r'(?:href|src)="(?!data:)([^"#]+)', answer.text):
        found = await http.get(str(answer.url.join(link)))
        assert found.status_code == 200, link


async def test_links_on_the_pages_lead_somewhere(http: httpx.AsyncClient) -> None:
    text = (await http.get(f"{API}/docs")).text
    targets = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= targets


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/docs/style.css"])
async def test_what_describes_the_contract_is_compressed(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(API + path, headers={"accept-encoding": "br"})
    assert answer.headers["content-encoding"] == "br"


def test_every_list_answers_in_the_one_shape_of_lists() -> None:
    bare = []
    for path, operations in DOCUMENT["paths"].items():
        for method, said in operations.items():
            if method != "servers":
                for status, answer in said["responses"].items():
                    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
                    bare += [(method, path, status)] if schema.get("type") == "array" else []
    assert bare == []
