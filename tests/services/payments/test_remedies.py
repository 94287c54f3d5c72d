"""What a clerk can do about an orphan: with a reason, once, in the right role, and the books agree afterwards."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from careconnect.money import Money
from tests.services.payments.conftest import SCOPES, Desk, invoice_body, money
from tests.services.payments.laws import Laws, laws
from tests.services.payments.test_money_check import Plant, check, gateway, plant

__all__ = ["gateway", "laws", "plant"]


async def remedied(desk: Desk, orphan: dict[str, Any], remedy: str, status: int = 200) -> Any:
    """Do it twice, as a double click does."""
    body = {"remedy": remedy, "reason": "the bank said so on the phone"}
    answers = [await desk.ask("PUT", f"/orphans/{orphan['id']}/remedy", body) for _ in range(2)]
    assert [one.status_code for one in answers] == [status, status], answers[0].text
    return answers[1].json()


async def test_a_refund_of_the_gateways_own_is_taken_into_the_books_with_its_entry(
    desk: Desk, gateway: Any, laws: Laws
) -> None:
    payment, refund = await desk.captured(1_000), uuid7()
    await gateway.refund(payment, refund, Money(amount=200, currency="LKR"), "by hand")
    (orphan,) = (await check(desk))["refund_unknown"]
    assert orphan["remedies"] == ["adopt", "take_gateway"]
    done = await remedied(desk, orphan, "adopt")
    assert (done["status"], done["reason"], done["remedies"]) == ("mended", "the bank said so on the phone", [])
    row = await desk.get(f"/payments/{payment}/refunds/{refund}")
    assert (row["status"], row["amount"]) == ("succeeded", money(200))
    assert (await desk.payment(payment))["refunded"] == money(200)
    assert await desk.balances() == {"gateway_clearing:sandbox": 800, "refunds": 200, "deposits": -1_000}
    assert await check(desk) == {}
    assert await laws(payment, refund) == []


async def test_a_refund_for_which_nothing_is_left_here_is_not_adopted(desk: Desk, gateway: Any, plant: Plant) -> None:
    payment = await desk.captured(1_000)
    await gateway.refund(payment, uuid7(), Money(amount=200, currency="LKR"), "by hand")
    (orphan,) = (await check(desk))["refund_unknown"]
    await plant("UPDATE payments SET refunding = 900 WHERE id = :id", id=payment)
    assert (await remedied(desk, orphan, "adopt", 409))["code"] == "refund_exceeds_captured"
    await plant("UPDATE payments SET refunding = 0 WHERE id = :id", id=payment)
    assert (await check(desk))["refund_unknown"][0]["status"] == "open"


async def test_a_sum_that_went_back_and_that_no_refund_of_the_gateways_explains_is_not_taken(
    desk: Desk, gateway: Any, plant: Plant, laws: Laws
) -> None:
    payment, refund = await desk.captured(1_000), uuid7()
    await plant("UPDATE sandbox_charges SET refunded = 200 WHERE reference = :key", key=payment)
    (orphan,) = (await check(desk))["amounts_differ"]
    assert (orphan["detail"], orphan["here"], orphan["there"]) == ("refunded", money(0), money(200))
    refused = await remedied(desk, orphan, "take_gateway", 409)
    assert (refused["code"], "Ask its support which refund" in refused["detail"]) == ("gateway_says_otherwise", True)
    assert (await desk.payment(payment))["refunded"] == money(0)
    assert (await check(desk))["amounts_differ"][0]["status"] == "open"
    await plant("UPDATE sandbox_charges SET refunded = 0 WHERE reference = :key", key=payment)
    await gateway.refund(payment, refund, Money(amount=200, currency="LKR"), "listed after all")
    assert (await remedied(desk, orphan, "take_gateway"))["status"] == "mended"
    row = await desk.get(f"/payments/{payment}/refunds/{refund}")
    assert (row["status"], row["amount"]) == ("succeeded", money(200))
    assert await desk.balances() == {"gateway_clearing:sandbox": 800, "refunds": 200, "deposits": -1_000}
    assert await check(desk) == {}
    assert await laws(payment, refund) == []


async def test_refunds_here_give_way_to_those_that_the_gateway_lists_instead(
    desk: Desk, gateway: Any, plant: Plant, laws: Laws
) -> None:
    payment, lost, own = await desk.captured(1_000), uuid7(), uuid7()
    await desk.refund(payment, 700, lost)
    await plant("UPDATE sandbox_charges SET refunded = 0 WHERE reference = :key", key=payment)
    await plant("DELETE FROM sandbox_refunds")
    await gateway.refund(payment, own, Money(amount=800, currency="LKR"), "by hand")
    (orphan,) = (await check(desk))["refund_unknown"]
    assert (await remedied(desk, orphan, "adopt", 409))["code"] == "refund_exceeds_captured"
    assert (await remedied(desk, orphan, "take_gateway"))["status"] == "mended"
    rows = await desk.get(f"/payments/{payment}/refunds")
    assert {one["id"]: (one["status"], one["failure"]) for one in rows} == {
        str(lost): ("failed", "not_at_gateway"), str(own): ("succeeded", None),
    }  # fmt: skip
    assert (await desk.payment(payment))["refunded"] == money(800)
    assert await check(desk) == {}, "the patient has the money, so nobody waits for what failed"
    assert await laws(payment, lost, own) == []


async def test_what_was_taken_and_what_went_back_are_put_right_together(desk: Desk, plant: Plant, laws: Laws) -> None:
    payment, refund = await desk.captured(1_000), uuid7()
    await desk.refund(payment, 800, refund)
    await plant("UPDATE sandbox_charges SET captured = 899, refunded = 0 WHERE reference = :key", key=payment)
    await plant("DELETE FROM sandbox_refunds")
    (orphan,) = (await check(desk))["amounts_differ"]
    assert (await remedied(desk, orphan, "take_gateway"))["status"] == "mended"
    row = await desk.payment(payment)
    assert (row["captured"], row["refunded"]) == (money(899), money(0))
    (waits,) = (await check(desk))["refund_failed"]
    assert (waits["subject_id"], waits["here"]) == (str(refund), money(800))
    assert await laws(payment, refund) == []


async def test_a_refund_of_another_amount_under_the_same_id_is_left_to_a_person(desk: Desk, plant: Plant) -> None:
    payment, refund = await desk.captured(1_000), uuid7()
    await desk.refund(payment, 300, refund)
    await plant("UPDATE sandbox_refunds SET amount = 400")
    await plant("UPDATE sandbox_charges SET refunded = 400 WHERE reference = :key", key=payment)
    (orphan,) = (await check(desk))["refund_unknown"]
    for remedy in ("adopt", "take_gateway"):
        refused = await remedied(desk, orphan, remedy, 409)
        assert (refused["code"], "as another refund" in refused["detail"]) == ("gateway_says_otherwise", True)
    assert (await desk.payment(payment))["refunded"] == money(300)


async def _lost(desk: Desk, plant: Plant, *, key_too: bool) -> tuple[UUID, UUID, dict[str, Any]]:
    """Let the gateway forget a refund, or forget even that it was asked."""
    payment, refund = await desk.captured(1_000), uuid7()
    await desk.refund(payment, 300, refund)
    await plant("UPDATE sandbox_charges SET refunded = 0 WHERE reference = :key", key=payment)
    await plant("DELETE FROM sandbox_refunds")
    if key_too:
        await plant("DELETE FROM sandbox_idempotency WHERE key LIKE '%refund%'")
    (orphan,) = (await check(desk))["refund_missing"]
    assert orphan["remedies"] == ["resend", "mark_failed"]
    return payment, refund, orphan


async def test_a_refund_that_the_gateway_does_not_have_is_sent_again_under_its_own_key(
    desk: Desk, plant: Plant
) -> None:
    payment, refund, orphan = await _lost(desk, plant, key_too=True)
    assert (await remedied(desk, orphan, "resend"))["status"] == "mended"
    (charge,) = await desk.charges()
    assert [one["reference"] for one in charge["refunds"]] == [str(refund)]
    assert (await desk.payment(payment))["refunded"] == money(300)
    assert await check(desk) == {}


async def test_one_that_it_says_it_has_and_does_not_list_is_marked_as_failed_and_goes_anew(
    desk: Desk, plant: Plant, laws: Laws
) -> None:
    payment, refund, orphan = await _lost(desk, plant, key_too=False)
    assert (await remedied(desk, orphan, "resend", 409))["code"] == "gateway_says_otherwise"
    assert (await remedied(desk, orphan, "mark_failed"))["status"] == "mended"
    assert await desk.balances() == {"gateway_clearing:sandbox": 1_000, "deposits": -1_000}
    (waits,) = (await check(desk))["refund_failed"]
    assert (waits["subject_id"], waits["here"], waits["remedies"]) == (str(refund), money(300), ["resend"])
    assert (await remedied(desk, waits, "resend"))["status"] == "mended"
    rows = await desk.get(f"/payments/{payment}/refunds")
    assert sorted((one["status"], one["amount"]["amount"]) for one in rows) == [("failed", 300), ("succeeded", 300)]
    assert await check(desk) == {}
    assert await laws(payment, *(one["id"] for one in rows)) == []


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("captured = 349999", {"gateway_clearing:sandbox": 349_999, "receivables": 1, "deposits": -350_000}),
        ("status = 'voided', captured = 0", {"receivables": 350_000, "deposits": -350_000}),
        ("status = 'declined', captured = 0", {"receivables": 350_000, "deposits": -350_000}),
        ("status = 'authorised', captured = 0", {"receivables": 350_000, "deposits": -350_000}),
        ("amount = 350001, captured = 350001",
         {"gateway_clearing:sandbox": 350_001, "patient_credits": -1, "deposits": -350_000}),
    ],
)  # fmt: skip
async def test_what_the_gateway_says_was_taken_counts_by_a_correcting_entry(
    desk: Desk, plant: Plant, laws: Laws, change: str, left: dict[str, int]
) -> None:
    payment = await desk.captured()
    await plant(f"UPDATE sandbox_charges SET {change}")  # noqa: S608 - written above
    (orphan,) = (await check(desk))["amounts_differ"]
    assert (await remedied(desk, orphan, "take_gateway"))["status"] == "mended"
    assert await desk.balances() == left
    assert await check(desk) == {}
    invoice = await desk.get(f"/invoices/{(await desk.payment(payment))['invoice_id']}")
    assert invoice["due"] == money(left.get("receivables", 0))
    assert await laws(payment, invoice["id"]) == []


async def test_money_behind_a_payment_that_failed_here_is_taken_in_and_can_go_back(
    desk: Desk, plant: Plant, laws: Laws
) -> None:
    payment = await desk.authorised(1_000)
    await desk.void(payment)
    await plant("UPDATE sandbox_charges SET status = 'captured', captured = 1000")
    (orphan,) = (await check(desk))["amounts_differ"]
    assert (await remedied(desk, orphan, "take_gateway"))["status"] == "mended"
    assert (await desk.payment(payment))["captured"] == money(1_000)
    assert (await desk.refund(payment)).status_code == 201
    assert await check(desk) == {}
    assert await laws(payment) == []


async def test_less_than_has_gone_back_cannot_have_been_taken(desk: Desk, plant: Plant) -> None:
    payment = await desk.captured(1_000)
    await desk.refund(payment, 900)
    await plant("UPDATE sandbox_charges SET captured = 900 WHERE reference = :key", key=payment)
    await plant("UPDATE sandbox_charges SET captured = 899, refunded = 0 WHERE reference = :key", key=payment)
    (orphan,) = (await check(desk))["amounts_differ"]
    assert (await remedied(desk, orphan, "take_gateway", 409))["code"] == "gateway_says_otherwise"


@pytest.mark.parametrize("captured", [True, False])
async def test_a_payment_that_the_gateway_never_heard_of_is_looked_for_again_and_then_has_failed(
    desk: Desk, plant: Plant, laws: Laws, captured: bool
) -> None:
    other, payment = await desk.captured(), await (desk.captured if captured else desk.authorised)()
    await plant("DELETE FROM sandbox_charges WHERE reference = :key", key=payment)
    (orphan,) = (await check(desk))["payment_without_charge"]
    assert (await remedied(desk, orphan, "look_again"))["status"] == "mended"
    row = await desk.payment(payment)
    assert (row["status"], row["captured"], row["decline_code"]) == ("failed", money(0), "no_charge")
    assert (await desk.get(f"/invoices/{row['invoice_id']}"))["due"] == money(350_000)
    assert await check(desk) == {}
    assert await laws(payment, other) == []


async def test_a_payment_that_the_gateway_knows_after_all_stays_as_it_is(desk: Desk) -> None:
    payment, check_id = await desk.captured(), uuid7()
    await desk.ask("PUT", f"/money-checks/{check_id}", {})
    note = {"kind": "payment_without_charge", "subject_id": str(payment), "payment_id": str(payment)}
    await desk.ask("POST", f"/money-checks/{check_id}/orphans", {"orphans": [note]})
    (orphan,) = (await desk.get("/orphans"))["items"]
    assert (await remedied(desk, orphan, "look_again"))["status"] == "mended"
    assert (await desk.payment(payment))["status"] == "captured"


async def test_what_the_check_mends_by_itself_a_person_can_mend_too(desk: Desk, gateway: Any) -> None:
    payment = await desk.authorised(700)
    await gateway.capture(payment, Money(amount=700, currency="LKR"), "elsewhere")
    (orphan,) = (await check(desk))["status_differs"]
    assert (await remedied(desk, orphan, "mend"))["status"] == "mended"
    assert (await desk.payment(payment))["status"] == "captured"


async def test_only_what_is_offered_can_be_done_by_those_who_return_money_and_to_their_own(
    desk: Desk, plant: Plant, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body())
    await plant("UPDATE invoice_lines SET total = 5")
    (orphan,) = (await check(desk))["invoice_sums"]
    refused = await remedied(desk, orphan, "adopt", 409)
    assert (refused["code"], refused["remedies"]) == ("remedy_not_offered", [])
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    assert (await remedied(stranger, orphan, "adopt", 404))["code"] == "orphan_not_found"
    clerk = Desk(http, act("payments:read", "payments:write"))
    assert (await remedied(clerk, orphan, "adopt", 403))["needed"] == "payments:refund"
