"""Cards for later charges, and reservations that would lapse."""

from datetime import timedelta

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, money, payment_body


async def keep(desk: Desk, token: str) -> tuple[str, int]:
    key = str(uuid7())
    answer = await desk.ask("PUT", f"/cards/{key}", {"patient_id": str(uuid7()), "token": token})
    return key, answer.status_code


async def test_a_kept_card_is_charged_without_its_token_and_no_more_once_forgotten(desk: Desk) -> None:
    card, status = await keep(desk, "pm_card_visa")
    assert status == 204
    paid = await desk.pay(uuid7(), payment_body(card=None, card_id=card))
    assert (paid.status_code, paid.json()["status"]) == (201, "authorised")
    assert [(await desk.ask("DELETE", f"/cards/{card}")).status_code for _ in range(2)] == [204, 204]
    refused = await desk.pay(uuid7(), payment_body(card=None, card_id=card))
    assert (refused.status_code, refused.json()["code"]) == (404, "card_not_kept")


async def test_a_bank_may_refuse_to_have_a_card_kept_or_to_charge_it_later(desk: Desk) -> None:
    assert (await keep(desk, "pm_card_chargeDeclined"))[1] == 402
    card, status = await keep(desk, "pm_card_chargeCustomerFail")
    assert status == 204
    refused = await desk.pay(uuid7(), payment_body(card=None, card_id=card))
    assert (refused.status_code, refused.json()["code"]) == (402, "card_declined")


@pytest.mark.parametrize(("renewed", "taken"), [(False, "capture_failed"), (True, "captured")])
async def test_money_is_taken_within_seven_days_of_its_reservation_or_of_its_renewal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, renewed: bool, taken: str
) -> None:
    payment_id, start = await desk.authorised(), clock.now()
    if renewed:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=6))
        for _ in range(2):
            answer = await desk.ask("POST", f"/payments/{payment_id}/renewal", {"turn": 1})
            assert answer.json()["status"] == "authorised"
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=8))
    answer = (await desk.capture(payment_id)).json()
    assert answer.get("code", answer["status"]) == taken


async def test_a_reservation_that_the_bank_does_not_renew_is_let_go(desk: Desk) -> None:
    payment_id = await desk.authorised(350_000, "pm_sandbox_no_renewal")
    gone = (await desk.ask("POST", f"/payments/{payment_id}/renewal", {"turn": 1})).json()
    assert gone["status"] == "voided"
    assert (await desk.get(f"/invoices/{gone['invoice_id']}"))["due"] == money(350_000)
    (charge,) = await desk.charges()
    assert charge["status"] == "voided"


async def test_a_payment_tells_which_gateway_it_goes_through_before_it_is_sent_there(desk: Desk) -> None:
    card, payment = uuid7(), uuid7()
    await desk.ask("PUT", f"/cards/{card}", {"patient_id": str(uuid7()), "token": "pm_card_visa"})
    path = f"/payments/{payment}/traces"
    assert (await desk.get(path)) == {"may_be_known": False, "gateway": None}
    assert (await desk.get(path, card_id=str(card)))["gateway"] == "sandbox"
    charged = await desk.authorised()
    assert (await desk.get(f"/payments/{charged}/traces")) == {"may_be_known": True, "gateway": "sandbox"}
