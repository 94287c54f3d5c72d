"""Who pays what of a visit, and what becomes of the payer's share."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from careconnect.auth import Actor
from careconnect.db import Database
from careconnect.ids import uuid7
from services.payments.insurance.cover import Cover
from tests.services.payments.conftest import SCOPES, Desk, invoice_body, money

WHOLE = st.integers(0, 10**12)


@given(whole=WHOLE, less=WHOLE, rate=st.integers(0, 10_000), fixed=st.integers(0, 10**12))
def test_the_shares_add_up_none_is_negative_and_a_lower_price_raises_neither(
    whole: int, less: int, rate: int, fixed: int
) -> None:
    for cover in (Cover(rate=rate), Cover(fixed=fixed)):
        payer, lower = cover.share(whole), cover.share(min(whole, less))
        assert 0 <= payer <= whole
        assert lower <= payer
        assert min(whole, less) - lower <= whole - payer
    assert abs(2 * (Cover(rate=rate).share(whole) * 10_000 - whole * rate)) <= 10_000  # half a minor unit at most
    assert Cover(fixed=fixed).share(whole) == min(fixed, whole)


class Ward:
    """A patient with a coverage, and their invoices."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.patient, self.payer, self.coverage = desk, str(uuid7()), uuid7(), uuid7()

    async def covered(self, **terms: Any) -> "Ward":
        """Enter payer and coverage."""
        said = {"name": "Lanka Health", "code": "lhi"}
        assert (await self.desk.ask("PUT", f"/payers/{self.payer}", said)).status_code == 201
        answer = await self.enter(self.coverage, **(terms or {"rate": 8000}))
        assert answer.status_code == 201, answer.text
        return self

    async def enter(self, key: UUID, **terms: Any) -> httpx.Response:
        said = {"patient_id": self.patient, "payer_id": str(self.payer), "policy_number": "LHI/QXZW"}
        return await self.desk.ask("PUT", f"/coverages/{key}", said | terms)

    async def issue(self, total: int, **also: Any) -> Any:
        said = {"patient_id": self.patient, "coverage_id": str(self.coverage)}
        answer = await self.desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(total, **said) | also)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def claim(self, invoice: Any) -> str:
        key = str(uuid7())
        answer = await self.desk.ask("PUT", f"/claims/{key}", {"invoice_id": invoice["id"]})
        assert answer.status_code == 201, answer.text
        return key

    async def step(self, claim: str, what: str, key: UUID | None = None, **said: Any) -> httpx.Response:
        return await self.desk.ask("PUT", f"/claims/{claim}/{what}/{key or uuid7()}", said)


def shares(invoice: Any) -> tuple[int, int, int, str]:
    return invoice["payer"]["share"]["amount"], invoice["patient_share"]["amount"], invoice["due"]["amount"], (
        invoice["status"]
    )  # fmt: skip


async def pay(desk: Desk, invoice: Any, amount: int) -> UUID:
    key = uuid7()
    said = {"invoice_id": invoice["id"], "method": "cash", "amount": money(amount)}
    answer = await desk.pay(key, said)
    assert answer.status_code == 201, answer.text
    return key


async def test_an_invoice_is_paid_when_the_patient_has_paid_their_share(desk: Desk) -> None:
    ward = await Ward(desk).covered(rate=6667)
    made = await ward.issue(10_001)
    assert shares(made) == (6668, 3333, 3333, "issued")
    assert await desk.balances() == {"receivables": 3333, "payer_receivables": 6668, "deposits": -10_001}
    more = {"invoice_id": made["id"], "method": "cash", "amount": money(3334)}
    assert (await desk.pay(uuid7(), more)).json()["code"] == "amount_exceeds_due"
    await pay(desk, made, 3333)
    read = await desk.get(f"/invoices/{made['id']}")
    assert shares(read) == (6668, 3333, 0, "balanced")
    whole = await ward.issue(500, coverage_id=str(ward.coverage))
    assert shares(whole)[:2] == (333, 167)


async def test_an_amount_per_visit_is_covered_once_however_many_invoices_the_visit_has(desk: Desk) -> None:
    ward = await Ward(desk).covered(amount=money(2000))
    visit = str(uuid7())
    told = [shares(await ward.issue(1500, appointment_id=visit))[:2] for _ in range(3)]
    assert told == [(1500, 0), (500, 1000), (0, 1500)]
    assert shares(await ward.issue(1500))[0] == 1500


async def test_a_discount_and_a_credit_lower_both_shares_as_the_terms_say(desk: Desk) -> None:
    ward = await Ward(desk).covered(rate=8000)
    made = await ward.issue(10_000)
    claim = await ward.claim(made)
    path = f"/invoices/{made['id']}"
    off = await desk.ask("PUT", f"{path}/discounts/{uuid7()}", {"percent": 10, "reason": "staff"})
    assert shares(off.json()) == (7200, 1800, 1800, "issued")
    await pay(desk, made, 1800)
    refused = await desk.ask("PUT", f"{path}/credits/{uuid7()}", {"amount": money(1000), "reason": "prov"})
    assert refused.json()["code"] == "invoice_holds_money"
    (paid,) = (await desk.get("/payments", invoice_id=made["id"]))["items"]
    await desk.refund(UUID(paid["id"]), 200)
    lower = await desk.ask("PUT", f"{path}/credits/{uuid7()}", {"amount": money(1000), "reason": "prov"})
    assert shares(lower.json()) == (6400, 1600, 0, "balanced")
    assert (await desk.get(f"/claims/{claim}"))["amount"]["amount"] == 6400
    await ward.step(claim, "submission")
    refused = await desk.ask("POST", f"{path}/cancellation", {"reason": "pat"})
    assert refused.json()["code"] == "invoice_holds_money"
    books = await desk.balances()
    assert (books["payer_receivables"], books.get("receivables", 0)) == (6400, 0)


async def test_what_is_kept_of_a_covered_visit_that_did_not_take_place_is_the_patients_alone(desk: Desk) -> None:
    ward = await Ward(desk).covered(rate=8000)
    made = await ward.issue(10_000)
    claim = await ward.claim(made)
    paid = await pay(desk, made, 2000)
    await desk.refund(paid, 500)
    said = {"amount": money(8500), "reason": "pat", "uncover": True}
    kept = await desk.ask("PUT", f"/invoices/{made['id']}/credits/{uuid7()}", said)
    assert shares(kept.json()) == (0, 1500, 0, "balanced")
    assert (await desk.get(f"/claims/{claim}"))["status"] == "cancelled"
    assert await desk.balances() == {"cash": 1500, "deposits": -1500}
    other = await ward.issue(10_000)
    draft = await ward.claim(other)
    await desk.ask("POST", f"/invoices/{other['id']}/cancellation", {"reason": "pat"})
    assert (await desk.get(f"/claims/{draft}"))["status"] == "cancelled"
    assert await desk.balances() == {"cash": 1500, "deposits": -1500}


async def test_a_claim_is_submitted_accepted_in_part_and_paid_by_transfers(desk: Desk) -> None:
    ward = await Ward(desk).covered(rate=8000)
    made = await ward.issue(10_000)
    claim = await ward.claim(made)
    again = await desk.ask("PUT", f"/claims/{uuid7()}", {"invoice_id": made["id"]})
    assert again.status_code == 404, "an invoice has one claim, and the caller derives its id from the invoice's"
    assert (await ward.step(claim, "payment")).json()["code"] == "claim_state"
    key = uuid7()
    asked = [await ward.step(claim, "submission", key, version=1) for _ in range(2)]
    assert [one.json()["status"] for one in asked] == ["submitted"] * 2
    assert (await ward.step(claim, "acceptance", version=1)).json()["code"] == "version_conflict"
    assert (await ward.step(claim, "acceptance", amount=money(8001))).json()["code"] == "claim_exceeded"
    agreed = await ward.step(claim, "acceptance", amount=money(7000), rest="patient", reason="Not all is covered")
    assert (agreed.json()["status"], agreed.json()["left"]["amount"]) == ("accepted", 7000)
    assert shares(await desk.get(f"/invoices/{made['id']}")) == (7000, 3000, 3000, "issued")
    first = uuid7()
    for _ in range(2):
        came = (await ward.step(claim, "payment", first, amount=money(3000))).json()
        assert (came["status"], came["left"]["amount"]) == ("accepted", 4000)
    assert (await ward.step(claim, "payment", amount=money(4001))).json()["code"] == "claim_exceeded"
    done = (await ward.step(claim, "payment")).json()
    assert (done["status"], [one["kind"] for one in done["steps"]]) == (
        "paid", ["submitted", "accepted", "paid", "paid"],
    )  # fmt: skip
    assert await desk.balances() == {"bank": 7000, "receivables": 3000, "deposits": -10_000}


async def test_a_rejected_share_is_the_patients_or_written_off_by_right_or_sent_again(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    ward = await Ward(desk).covered(rate=8000)
    invoices = [await ward.issue(10_000) for _ in range(3)]
    claims = [await ward.claim(one) for one in invoices]
    for paid, one in zip(invoices, claims, strict=True):
        await pay(desk, paid, 2000)
        await ward.step(one, "submission")
    back = (await ward.step(claims[0], "rejection", reason="Not covered", rest="patient")).json()
    assert (back["status"], back["returned"]["amount"], back["steps"][1]["reason"]) == ("rejected", 8000, "Not covered")
    assert shares(await desk.get(f"/invoices/{invoices[0]['id']}")) == (0, 10_000, 8000, "issued")
    clerk = Desk(http, act(*(one for one in SCOPES if one != "insurance:write_off")))
    said: dict[str, Any] = {"reason": "Too late", "rest": "write_off"}
    refused = await clerk.ask("PUT", f"/claims/{claims[1]}/rejection/{uuid7()}", said)
    assert (refused.status_code, refused.json()["needed"]) == (403, "insurance:write_off")
    off = (await ward.step(claims[1], "rejection", **said)).json()
    assert (off["status"], off["written_off"]["amount"], off["left"]["amount"]) == ("rejected", 8000, 0)
    assert shares(await desk.get(f"/invoices/{invoices[1]['id']}")) == (8000, 2000, 0, "balanced")
    again = (await ward.step(claims[2], "rejection", reason="Number missing", rest="resubmit")).json()
    assert (again["status"], again["left"]["amount"]) == ("draft", 8000)
    assert (await ward.step(claims[2], "submission")).json()["status"] == "submitted"
    assert await desk.balances() == {
        "cash": 6000, "receivables": 8000, "payer_receivables": 8000, "written_off": 8000, "deposits": -30_000,
    }  # fmt: skip


async def test_a_batch_takes_the_drafts_of_a_payer_once_and_stays_what_it_was(desk: Desk) -> None:
    ward = await Ward(desk).covered(rate=8000)
    invoices = [await ward.issue(total) for total in (10_000, 5_000)]
    claims = [await ward.claim(one) for one in invoices]
    await desk.ask("PUT", f"/invoices/{invoices[0]['id']}/authorisation", {"number": "AUTH-7"})
    key, said = uuid7(), {"payer_id": str(ward.payer)}
    made, again = [await desk.ask("PUT", f"/claim-batches/{key}", said) for _ in range(2)]
    assert (made.status_code, again.status_code) == (201, 200)
    assert again.json() == made.json()
    assert (made.json()["batch"]["count"], made.json()["batch"]["amount"]["amount"]) == (2, 12_000)
    assert [(one["policy_number"], one["authorisation_number"]) for one in made.json()["lines"]] == [
        ("LHI/QXZW", "AUTH-7"), ("LHI/QXZW", ""),
    ]  # fmt: skip
    assert (await desk.ask("PUT", f"/claim-batches/{uuid7()}", said)).json()["code"] == "nothing_to_claim"
    kept = [(await desk.ask("PUT", f"/claim-batches/{key}/file", {"text": text})).json() for text in ("one", "two")]
    assert kept == [{"text": "one"}] * 2
    await ward.step(claims[0], "rejection", reason="Number missing", rest="resubmit")
    after = await desk.get(f"/claim-batches/{key}")
    assert [one["claimed"] for one in after["lines"]] == [one["claimed"] for one in made.json()["lines"]]
    states = {(one["status"], one["count"]) for one in await desk.get("/claims/sums")}
    assert states == {("draft", 1), ("submitted", 1)}


async def test_a_coverage_holds_for_its_patient_on_its_days_by_a_payer_that_covers_visits(desk: Desk) -> None:
    ward = await Ward(desk).covered(rate=8000, valid_from="2026-01-01", valid_to="2026-12-31")
    path = f"/coverages/{ward.coverage}/share"
    asked = {"patient_id": ward.patient, "total": money(10_000), "day": "2026-06-01"}
    told = (await desk.ask("POST", path, asked)).json()
    assert (told["payer"]["amount"], told["patient"]["amount"]) == (8000, 2000)
    for wrong, code in (
        ({"day": "2027-01-01"}, "coverage_not_valid"),
        ({"patient_id": str(uuid7())}, "coverage_not_found"),
    ):
        assert (await desk.ask("POST", path, asked | wrong)).json()["code"] == code
    said = {"name": "Lanka Health", "code": "LHI", "status": "retired", "version": 1}
    assert (await desk.ask("PUT", f"/payers/{ward.payer}/record", said)).json()["version"] == 2
    assert (await desk.ask("POST", path, asked)).json()["code"] == "payer_retired"
    assert (await ward.enter(uuid7(), rate=1)).json()["code"] == "payer_retired"
    assert (await desk.ask("PUT", f"/payers/{uuid7()}", {"name": "X", "code": "lhi"})).json()["code"] == "payer_exists"


async def test_policy_numbers_are_sealed_and_stand_in_no_event(
    desk: Desk, apps: Callable[[str], Any], actor: Callable[..., Actor]
) -> None:
    ward = await Ward(desk).covered(rate=8000)
    (shown,) = await desk.get(f"/patients/{ward.patient}/coverages")
    assert shown["policy_number"] == "LHI/QXZW"
    made = await ward.issue(10_000)
    await desk.ask("PUT", f"/invoices/{made['id']}/authorisation", {"number": "AUTH-7"})
    agreed = await ward.issue(10_000, authorisation_number="AUTH-8")
    assert agreed["payer"]["authorisation_number"] == "AUTH-8"
    database: Database = apps("payments").state.database
    async with database.read(actor()) as session:
        for table in ("coverages", "invoices", "outbox_events", "audit_events"):
            rows = (await session.scalars(sa.text(f"SELECT row_to_json({table})::text FROM {table}"))).all()  # noqa: S608
            assert rows
            assert not [row for row in rows if "QXZW" in row or "AUTH-" in row]


async def test_another_tenant_sees_no_payer_no_coverage_and_no_claim(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    ward = await Ward(desk).covered(rate=8000)
    claim = await ward.claim(await ward.issue(10_000))
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    for path in (f"/payers/{ward.payer}", f"/coverages/{ward.coverage}", f"/claims/{claim}"):
        assert (await stranger.ask("GET", path)).status_code == 404
    for path in ("/payers", "/claims", "/claim-batches"):
        assert (await stranger.get(path))["items"] == []
    assert await stranger.get(f"/patients/{ward.patient}/coverages") == []
    assert (await stranger.ask("PUT", f"/claims/{claim}/submission/{uuid7()}", {})).status_code == 404
    assert (await stranger.ask("PUT", f"/claim-batches/{uuid7()}", {"payer_id": str(ward.payer)})).status_code == 404
