"""Laws 4 to 6: money kept without a right, money that only one side knows, a ledger that does not agree."""

from datetime import timedelta

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from services.appointments.schemas import Cancellation
from services.payments.errors import CardDeclined
from services.payments.gateways.protocol import Charges
from services.payments.gateways.stripe.adapter import StripeGateway
from services.payments.schemas import (
    CancellationWrite,
    CashCount,
    DrawerClosing,
    DrawerWrite,
    GatewayAccountWrite,
    InvoiceWrite,
    LineWrite,
    MovementWrite,
    PayoutWrite,
    VisitEnd,
)
from services.payments.states import CashMove, GatewayKind
from tests.operations.verify.clinic import PRICE, Clinic
from tests.operations.verify.instance import Instance

STATUS = "UPDATE appointments SET status = $2, status_since = $3 WHERE id = $1"
HALF = PRICE.percent(50)


async def test_money_of_a_cancelled_appointment_is_kept_only_as_far_as_the_late_fee(
    clinic: Clinic, instance: Instance
) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    await clinic.cancel(booked)
    (said,) = await instance.violations(4)
    assert said.startswith(f"{booked.reference} is cancelled and 300000 is kept for INV-")
    assert said.endswith("its policy allows 0")
    late = booked.start - timedelta(hours=23)
    await instance.plant("appointments", STATUS, booked.id, "cancelled", late)
    (said,) = await instance.violations(4)
    assert said.endswith("its policy allows 150000")
    await clinic.refund(await clinic.payment_of(booked), HALF)
    assert await instance.violations(4) == []
    await instance.plant("appointments", STATUS, booked.id, "cancelled", booked.start - timedelta(hours=25))
    assert len(await instance.violations(4)) == 1


async def test_a_released_booking_keeps_nothing(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    await clinic.appointments.release(clinic.actor, booked.id, "booking_abandoned")
    (said,) = await instance.violations(4)
    assert said.startswith(f"{booked.reference} is expired and 300000 is kept")
    await clinic.refund(await clinic.payment_of(booked))
    assert await instance.violations(4) == []


async def test_a_no_show_keeps_its_fee_once_it_cannot_be_undone(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    lower = """UPDATE visit_types SET cancellation_policy = cancellation_policy || '{"no_show_fee_percent": 50}'"""
    await instance.plant("consultants", lower)
    await instance.plant("appointments", STATUS, booked.id, "no_show", clock.now() - timedelta(hours=11))
    assert await instance.violations(4) == []
    await instance.plant("appointments", STATUS, booked.id, "no_show", clock.now() - timedelta(hours=13))
    (said,) = await instance.violations(4)
    assert said.endswith("its policy allows 150000")


async def test_a_policy_that_was_changed_later_is_not_held_against_a_booking(
    clinic: Clinic, instance: Instance
) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    await instance.plant("appointments", STATUS, booked.id, "cancelled", booked.start)
    assert len(await instance.violations(4)) == 1
    await instance.plant("consultants", "UPDATE visit_types SET updated_at = now() + interval '1 minute'")
    assert await instance.violations(4) == []


async def test_money_for_an_appointment_that_does_not_exist_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    await instance.plant("appointments", "DELETE FROM appointments WHERE id = $1", booked.id)
    (said,) = await instance.violations(4)
    assert said.endswith("whose appointment does not exist")


async def test_an_invoice_that_was_paid_twice_is_found(clinic: Clinic, instance: Instance) -> None:
    payment_id = await clinic.payment_of(await clinic.paid_appointment(clinic.at(13)))
    twice = """
      INSERT INTO payments SELECT (again).* FROM (
        SELECT jsonb_populate_record(payments, jsonb_build_object('id', gen_random_uuid(), 'gateway_reference', 'x'))
          AS again FROM payments WHERE id = $1) AS copied
    """
    await instance.plant("payments", twice, payment_id)
    (said,) = await instance.violations(4)
    assert said.startswith("600000 was captured for INV-")
    assert said.endswith("whose total is 300000")


async def test_a_charge_that_no_payment_tells_of_is_found(clinic: Clinic, instance: Instance) -> None:
    payment_id = await clinic.payment_of(await clinic.paid_appointment(clinic.at(13)))
    assert (await instance.law(5)).finding.checked == 4  # three charges and a refund
    await instance.plant("payments", "DELETE FROM payments WHERE id = $1", payment_id)
    (said,) = await instance.violations(5)
    assert said.endswith("300000 is captured and no payment here tells of it")


async def test_a_payment_that_the_gateway_does_not_know_is_found(clinic: Clinic, instance: Instance) -> None:
    payment_id = await clinic.payment_of(await clinic.paid_appointment(clinic.at(13)))
    await instance.plant("payments", "DELETE FROM sandbox_charges WHERE reference = $1", payment_id)
    assert await instance.violations(5) == [f"payment {payment_id} is captured and the gateway has no charge for it"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("amount = 300001", "the amount is 300001 there and 300000 here"),
        ("captured = 299999", "captured is 299999 there and 300000 here"),
        ("refunded = 1", "refunded is 1 there and 0 here"),
        ("status = 'authorised', captured = 0", "it is authorised there and captured here"),
    ],
)
async def test_amounts_and_states_that_differ_are_found(
    clinic: Clinic, instance: Instance, change: str, said: str
) -> None:
    payment_id = await clinic.payment_of(await clinic.paid_appointment(clinic.at(13)))
    await instance.plant("payments", f"UPDATE sandbox_charges SET {change} WHERE reference = $1", payment_id)  # noqa: S608 - ours
    assert any(one.endswith(said) for one in await instance.violations(5))


async def test_refunds_that_only_one_side_knows_are_found(clinic: Clinic, instance: Instance) -> None:
    payment_id = await clinic.payment_of(await clinic.paid_appointment(clinic.at(13)))
    refund_id = await clinic.refund(payment_id, HALF)
    assert await instance.violations(5) == []
    rename = "UPDATE sandbox_refunds SET reference = $2 WHERE reference = $1"
    await instance.plant("payments", rename, refund_id, uuid7())
    found = await instance.violations(5)
    assert f"refund {refund_id} succeeded and the gateway has not heard of it" in found
    assert any(one.endswith("of 150000 is not written down here") for one in found)


async def test_declined_and_voided_payments_agree_with_the_gateway(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    with pytest.raises(CardDeclined):
        await clinic.authorise(booked, "pm_card_chargeDeclined")
    await clinic.payments.void(clinic.actor, await clinic.authorise(booked))
    await clinic.payments.void(clinic.actor, uuid7())  # a door closed before anybody asked
    assert (await instance.law(5)).finding.violations == []


async def test_an_entry_that_does_not_balance_is_found(instance: Instance) -> None:
    assert await instance.violations(6) == []
    more = """
      UPDATE ledger_lines SET amount = amount + 1 WHERE account = 'receivables' AND entry_id = (
        SELECT id FROM ledger_entries WHERE kind = 'payment.captured' LIMIT 1)
    """
    await instance.plant("payments", more)
    found = await instance.violations(6)
    assert sum("does not balance" in one for one in found) == 1
    assert any(one.endswith("is 1 LKR out of balance") for one in found)


async def test_a_balanced_entry_of_something_that_did_not_happen_is_found(instance: Instance) -> None:
    subject = uuid7()
    tenant = await instance.ask("payments", "SELECT tenant_id FROM ledger_entries LIMIT 1")
    entry = "INSERT INTO ledger_entries VALUES ($1, $2, 'payment.captured', $2, now(), current_date)"
    await instance.plant("payments", entry, tenant, subject)
    lines = (
        "INSERT INTO ledger_lines "
        "VALUES ($1, $2, 'cash', 'LKR', 5, current_date), ($1, $2, 'receivables', 'LKR', -5, current_date)"
    )
    await instance.plant("payments", lines, tenant, subject)
    assert await instance.violations(6) == [f"payment.captured of {subject} is booked as it did not happen"]


async def test_a_payment_and_an_invoice_that_the_ledger_does_not_know_are_found(
    clinic: Clinic, instance: Instance
) -> None:
    payment_id = await clinic.payment_of(await clinic.paid_appointment(clinic.at(13)))
    await instance.plant("payments", "DELETE FROM ledger_entries WHERE subject_id = $1", payment_id)
    await instance.plant("payments", "DELETE FROM ledger_lines WHERE entry_id NOT IN (SELECT id FROM ledger_entries)")
    assert await instance.violations(6) == [f"payment.captured of {payment_id} is not booked as it happened"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE invoices SET paid = 1, status = 'issued' WHERE refunded = 0", "not those of its lines and payments"),
        ("UPDATE invoice_lines SET total = 2", "not those of its lines and payments"),
        ("UPDATE invoice_lines SET quantity = 2", "is not what its price, discount and tax come to"),
        ("UPDATE invoice_lines SET tax_rate = 1800", "is not what its price, discount and tax come to"),
        ("UPDATE payments SET refunded = 1 WHERE refunded = 0", "not those of its refunds"),
        ("UPDATE invoice_counters SET last = 7", "the last being 7"),
    ],
)
async def test_sums_and_numbers_that_do_not_follow_from_their_parts_are_found(
    instance: Instance, change: str, said: str
) -> None:
    await instance.plant("payments", change)
    assert any(one.endswith(said) for one in await instance.violations(6))


async def test_a_drawer_that_does_not_hold_what_the_ledger_moved_is_found(clinic: Clinic, instance: Instance) -> None:
    drawer, taken = uuid7(), uuid7()
    nothing = CashCount(sum=PRICE - PRICE)
    wanted = DrawerWrite(location_id=uuid7(), opening=nothing)
    await clinic.payments.open_drawer(clinic.actor, drawer, wanted)
    moved = MovementWrite(kind=CashMove.bank_cash, amount=PRICE, reason="change")
    await clinic.payments.move_cash(clinic.actor, drawer, taken, moved)
    short = DrawerClosing(counted=CashCount(sum=HALF), reason="the bank gave less")
    await clinic.payments.close_drawer(clinic.actor, drawer, short)
    assert await instance.violations(6) == []
    await instance.plant("payments", "UPDATE cash_drawers SET expected = expected - 1, counted = counted - 1")
    assert await instance.violations(6) == [f"what was expected in cash drawer {drawer} is not what the ledger moved"]


async def test_totals_of_a_month_that_are_not_those_of_its_lines_are_found(clinic: Clinic, instance: Instance) -> None:
    await instance.plant("payments", """
      INSERT INTO ledger_totals (tenant_id, period, account, currency, debits, credits)
      SELECT tenant_id, period, account, currency, sum(greatest(amount, 0)), sum(least(amount, 0))
      FROM ledger_lines GROUP BY tenant_id, period, account, currency
    """)  # fmt: skip
    assert await instance.violations(6) == []
    one = "(SELECT ctid FROM ledger_totals WHERE debits > 0 LIMIT 1)"
    month = await instance.ask("payments", f"UPDATE ledger_totals SET debits = 1 WHERE ctid = {one} RETURNING period")  # noqa: S608
    said = f"the totals of {month:%Y-%m} of tenant {clinic.tenant_id} are not those of its lines"
    assert await instance.violations(6) == [said]
    await instance.plant("payments", f"DELETE FROM ledger_totals WHERE ctid = {one}")  # noqa: S608
    assert await instance.violations(6) == [said]


async def test_a_ledger_that_can_be_changed_is_found(instance: Instance) -> None:
    sleeping = "ALTER TABLE ledger_lines DISABLE TRIGGER append_only"
    await instance.disarm("payments", sleeping, "ALTER TABLE ledger_lines ENABLE TRIGGER append_only")
    right = "UPDATE (amount) ON ledger_lines"
    await instance.disarm(
        "payments", f"GRANT {right} TO careconnect_payments", f"REVOKE {right} FROM careconnect_payments"
    )
    assert await instance.violations(6) == [
        "payments.ledger_lines has no trigger that keeps it from being changed",
        "careconnect_payments has the right UPDATE on ledger_lines",
    ]


async def test_a_late_cancellation_with_everything_returned_is_fine(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    await clinic.appointments.cancel(clinic.actor, booked.id, Cancellation(reason="prov", late=True))
    await clinic.refund(await clinic.payment_of(booked))
    for law in (4, 5, 6):
        assert await instance.violations(law) == []


async def test_what_went_through_the_gateway_of_before_is_looked_up_there(
    clinic: Clinic, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    keys = {"secret_key": "sk_test_1", "webhook_secret": "whsec_1", "publishable_key": "pk_test_1", "active": True}
    await clinic.payments.change_gateway(clinic.actor, GatewayKind.stripe, GatewayAccountWrite.model_validate(keys))

    async def nothing(*_: object) -> Charges:
        return Charges([], None)

    monkeypatch.setattr(StripeGateway, "charges", nothing)
    checked = (await instance.law(5)).finding
    assert (checked.violations, checked.checked > 1) == ([], True)
    await instance.plant(
        "payments", "DELETE FROM sandbox_charges WHERE reference = $1", await clinic.payment_of(booked)
    )
    (said,) = await instance.violations(5)
    assert said.endswith("the gateway has no charge for it")


async def test_a_price_that_waits_although_its_visit_is_over_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.paid_appointment(clinic.at(13))
    tenant = await instance.ask("payments", "SELECT tenant_id FROM invoices WHERE appointment_id = $1", booked.id)
    over = "INSERT INTO ended_visits VALUES ($1, $2, true, now())"
    await instance.plant("payments", over, tenant, booked.id)
    (said,) = await instance.violations(6)
    assert said.endswith("still waits to be earned, and its visit is over")


async def test_revenue_of_a_visit_that_took_place_a_kept_fee_and_a_payout_agree(
    clinic: Clinic, instance: Instance
) -> None:
    for hour, took_place in ((13, True), (14, False)):
        booked = await clinic.paid_appointment(clinic.at(hour))
        await clinic.payments.end_visit(clinic.actor, booked.id, VisitEnd(took_place=took_place, ended_at=clock.now()))
    payout = {"gateway": "sandbox", "gross": PRICE, "fee": HALF.percent(10), "paid_on": "2026-01-12", "reference": "1"}
    await clinic.payments.enter_payout(clinic.actor, uuid7(), PayoutWrite.model_validate(payout))
    assert await instance.violations(6) == []
    await instance.plant("payments", "UPDATE invoices SET earned_as = NULL WHERE earned_as = 'fee'")
    found = await instance.violations(6)
    assert any(one.startswith("invoice.earned of ") and one.endswith("as it did not happen") for one in found)
    assert any("waits to be earned of tenant" in one for one in found)


async def test_drafts_and_mistakes_are_found_where_the_books_know_of_them_or_money_came(
    clinic: Clinic, instance: Instance
) -> None:
    wanted = InvoiceWrite(
        patient_id=clinic.patients[0], lines=[LineWrite(description="Certificate", unit=PRICE)], zone=clinic.zone
    )
    draft, issued, mistake = uuid7(), uuid7(), uuid7()
    for key in (draft, issued):
        await clinic.payments.begin_draft(clinic.actor, key, wanted)
    await clinic.payments.issue_draft(clinic.actor, issued)
    await clinic.payments.issue_invoice(clinic.actor, mistake, wanted)
    await clinic.payments.enter_in_error(clinic.actor, mistake, CancellationWrite(reason="The wrong patient"))
    assert await instance.violations(6) == []
    copied = "INSERT INTO invoice_drafts SELECT tenant_id, $2, patient_id, currency, total, content, request_hash, "
    copied += "created_at, updated_at, version FROM invoice_drafts WHERE id = $1"
    await instance.plant("payments", copied, draft, issued)
    assert await instance.violations(6) == [f"the draft {issued} is in the books"]
    await instance.plant("payments", "DELETE FROM invoice_drafts WHERE id = $1", issued)
    await instance.plant("payments", "UPDATE invoices SET status = 'issued' WHERE id = $1", mistake)
    said = await instance.violations(6)
    assert f"invoice.entered_in_error of {mistake} is booked as it did not happen" in said
