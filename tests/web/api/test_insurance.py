"""Covered visits over REST: the patient pays their share, and the payer is asked for the rest."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from tests.web.clinic import ZONE, Clinic, eventually
from tests.web.conftest import problem
from web.gateway.engine import Engine
from web.gateway.errors import StillDeciding

PRICE = 350_000


def lkr(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "LKR"}


class Insured:
    """A clinic of this test's own, with a payer and one patient whom it covers."""

    def __init__(self, clinic: Clinic, payer: str, patient: str, coverage: str) -> None:
        self.clinic, self.payer, self.patient, self.coverage = clinic, payer, patient, coverage

    async def books(self) -> dict[str, int]:
        """Give the balances, without those of nothing."""
        rows = (await self.clinic.get("/ledger/balances")).json()["items"]
        return {row["account"]: row["balance"]["amount"] for row in rows if row["balance"]["amount"]}

    async def visit(self, card: str | None = "pm_card_visa", **also: Any) -> Any:
        """Book a covered visit."""
        said = {"patient_id": self.patient, "coverage_id": self.coverage} | also
        return await self.clinic.booked(card=card, **said)


@pytest.fixture
async def insured(edge: FastAPI, http: httpx.AsyncClient) -> Insured:
    """Let a payer cover 80 % of a patient's visits; its name begins as a formula does."""
    clinic = await Clinic.begin(edge, http)
    payer = await clinic.made("/payers", {"name": "Lanka Health", "code": "LHI"})
    patient = await clinic.patient(first_name="=1+1")
    cover = {"payer_id": payer, "policy_number": "-0042", "rate": 8000}
    return Insured(clinic, payer, patient, await clinic.made(f"/patients/{patient}/coverages", cover))


async def test_a_card_is_charged_the_patients_share_alone_and_all_of_it_goes_back(insured: Insured) -> None:
    booked = await insured.visit(authorisation_number="AUTH-7")
    invoice, share = booked["invoice"], PRICE // 5
    assert (booked["payment"]["status"], booked["payment"]["captured"]) == ("captured", lkr(share))
    assert (invoice["status"], invoice["due"], invoice["patient_share"]) == ("balanced", lkr(0), lkr(share))
    assert (invoice["payer"]["payer_name"], invoice["payer"]["due"]) == ("Lanka Health", lkr(PRICE - share))
    assert invoice["payer"]["authorisation_number"] == "AUTH-7"
    assert (await insured.books())["payer_receivables"] == PRICE - share
    gone = await insured.clinic.post(f"/appointments/{booked['id']}/cancellation", json={"reason": "prov"})
    assert gone.status_code == 200, gone.text
    assert await eventually(insured.books, lambda books: not books) == {}


@pytest.mark.parametrize("named", [True, False], ids=["at its location", "wherever it is"])
async def test_a_coverage_holds_on_the_local_day_of_a_visit_in_whatever_zone_its_start_is_said(
    insured: Insured, *, named: bool
) -> None:
    clinic = insured.clinic
    wish = await clinic.wish(payer_id=insured.payer)
    midnight = datetime.fromisoformat(wish["start"]).astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0)
    cover = {"payer_id": insured.payer, "policy_number": "0043", "rate": 5000, "valid_from": str(midnight.date())}
    await clinic.made(f"/patients/{wish['patient_id']}/coverages", cover)
    wish["start"] = midnight.astimezone(UTC).isoformat()
    booked = await clinic.post("/appointments", json={key: wish[key] for key in wish if named or key != "location_id"})
    assert booked.status_code == 201, booked.text
    assert booked.json()["invoice"]["patient_share"] == lkr(PRICE // 2)
    wish |= {"start": (midnight - timedelta(minutes=30)).astimezone(UTC).isoformat()}
    problem(await clinic.post("/appointments", json=wish), 404, "coverage_not_found")


async def test_an_authorisation_number_stays_with_a_visit_that_is_paid_by_link_and_asked_for_once(
    insured: Insured,
) -> None:
    clinic = insured.clinic
    wish = await clinic.wish(patient_id=insured.patient, coverage_id=insured.coverage, authorisation_number="AUTH-8")
    waits = await clinic.post("/appointments", json=wish | {"payment": {"method": "link"}}, key="by link")
    assert waits.status_code == 202, waits.text
    (invoice,) = (await clinic.get("/payments/invoices", params={"patient_id": insured.patient})).json()["items"]
    assert invoice["payer"]["authorisation_number"] == "AUTH-8"


async def test_an_authorisation_number_stays_with_a_booking_that_was_still_being_decided_and_never_asked_for_again(
    insured: Insured, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic, begin = insured.clinic, Engine.begin

    async def slow(self: Engine, run: Any, request: Any, workflow_id: str, *more: Any, **also: Any) -> None:
        await begin(self, run, request, workflow_id, *more, **also)
        raise StillDeciding(workflow_id=workflow_id, retry_after=2)

    said = {"patient_id": insured.patient, "coverage_id": insured.coverage, "authorisation_number": "AUTH-9"}
    at_desk = {"visit_type_id": clinic.desk_visit, "payment": None}
    wishes = [await clinic.wish(**said), await clinic.wish(**said) | at_desk]
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "begin", slow)
        for wish in wishes:
            assert (await clinic.post("/appointments", json=wish)).status_code == 202
    invoices = (await clinic.get("/payments/invoices", params={"patient_id": insured.patient})).json()["items"]
    assert [one["payer"]["authorisation_number"] for one in invoices] == ["AUTH-9"] * 2


async def test_a_completed_visit_is_claimed_in_a_batch_whose_file_stays_the_same(insured: Insured) -> None:
    clinic = insured.clinic
    booked = await clinic.expected(patient_id=insured.patient, payer_id=insured.payer)
    for step in ("arrival", "check-in", "completion"):
        done = await clinic.post(f"/appointments/{booked['id']}/{step}")
        assert done.status_code == 200, done.text
    wanted = {"patient_id": insured.patient, "status": "draft"}

    async def drafts() -> list[Any]:
        found: list[Any] = (await clinic.get("/claims", params=wanted)).json()["items"]
        return found

    (claim,) = await eventually(drafts, bool)
    assert (claim["amount"], claim["invoice_id"]) == (lkr(PRICE * 4 // 5), booked["invoice"]["id"])
    batches = [await clinic.post("/claims/batches", json={"payer_id": insured.payer}, key="november") for _ in range(2)]
    assert [one.status_code for one in batches] == [201, 201], batches[0].text
    assert batches[0].json() == batches[1].json()
    problem(await clinic.post("/claims/batches", json={"payer_id": insured.payer}), 409, "nothing_to_claim")
    place = f"/claims/batches/{batches[0].json()['id']}.csv"
    first = await clinic.get(place)
    assert first.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(first.text))
    told = {name: row[name] for name in ("policy_number", "payer_code", "total", "patient_share", "claimed")}
    assert told == {
        "policy_number": "'-0042", "payer_code": "LHI", "total": "3500.00", "patient_share": "700.00",
        "claimed": "2800.00",
    }  # fmt: skip
    assert row["patient"].startswith("'=1+1")
    await clinic.ask("PATCH", f"/patients/{insured.patient}", json={"first_name": "Nimal", "version": 1})
    assert (await clinic.get(place)).text == first.text
    steps = f"/claims/{claim['id']}"
    problem(await clinic.post(f"{steps}/payment", json={"amount": lkr(280_001)}), 409, "claim_exceeded")
    clerk = ("insurance:write", "payments:read")
    refused = await clinic.post(f"{steps}/rejection", json={"reason": "Late", "rest": "write_off"}, scopes=clerk)
    assert problem(refused, 403, "forbidden")["needed"] == "insurance:write_off"
    paid = [await clinic.post(f"{steps}/payment", json={}, key="transfer") for _ in range(2)]
    assert [one.json()["status"] for one in paid] == ["paid"] * 2
    assert (await insured.books())["bank"] == PRICE * 4 // 5
    assert "payer_receivables" not in await insured.books()


async def test_a_payers_own_price_holds_and_what_does_not_cover_is_an_answer(insured: Insured) -> None:
    clinic = insured.clinic
    wish = await clinic.wish()
    agreed = {"visit_type_id": wish["visit_type_id"], "payer_id": insured.payer, "price": lkr(300_000)}
    await clinic.made("/price-lists", agreed)
    booked = await insured.visit()
    assert (booked["invoice"]["total"], booked["payment"]["captured"]) == (lkr(300_000), lkr(60_000))
    other = await clinic.wish(patient_id=await clinic.patient(), coverage_id=insured.coverage)
    problem(await clinic.post("/appointments", json=other), 404, "coverage_not_found")
    ended = {"policy_number": "-0042", "rate": 8000, "valid_to": "2020-01-01"}
    path = f"/patients/{insured.patient}/coverages/{insured.coverage}"
    assert (await clinic.put(path, json=ended)).status_code == 200
    later = await clinic.wish(patient_id=insured.patient, coverage_id=insured.coverage)
    problem(await clinic.post("/appointments", json=later), 409, "coverage_not_valid")
    assert (await insured.books())["payer_receivables"] == 240_000


async def test_a_discount_has_a_reason_and_a_right_and_comes_off_both_shares_once(insured: Insured) -> None:
    booked = await insured.visit(card=None, payment={"method": "at_desk"})
    place = f"/payments/invoices/{booked['invoice']['id']}/discounts"
    off = {"percent": 10, "reason": "Member of staff"}
    refused = await insured.clinic.post(place, json=off, scopes=("payments:read", "payments:write"))
    assert problem(refused, 403, "forbidden")["needed"] == "payments:discount"
    told = [(await insured.clinic.post(place, json=off, key="off")).json() for _ in range(2)]
    assert told[0] == told[1]
    assert (told[0]["payer"]["share"], told[0]["due"]) == (lkr(252_000), lkr(63_000))
    (shown,) = told[0]["discounts"]
    assert (shown["reason"], shown["amount"]) == ("Member of staff", lkr(35_000))
    problem(await insured.clinic.post(place, json={"amount": lkr(400_000), "reason": "x"}), 409, "discount_exceeds_due")
