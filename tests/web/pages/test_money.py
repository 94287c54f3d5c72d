"""Taking and returning money through forms."""

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page


async def owed(clinic: Clinic) -> str:
    """Book a visit that is paid later, and give its invoice."""
    booked = await clinic.booked(card=None, payment={"method": "at_desk"})
    found: str = booked["invoice"]["id"]
    return found


async def test_cash_settles_an_invoice(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    assert page.form("/billing/payments").fields["amount"] == "3500.00"
    answer = await front_desk.send(page, "/billing/payments", method="cash")
    assert answer.headers["location"] == f"/billing/invoices/{invoice}", Page(answer.text).text
    assert "Payment taken" in (await front_desk.read(f"/billing/invoices/{invoice}")).text


async def test_a_declined_card_is_an_answer_in_the_form(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    answer = await front_desk.send(page, "/billing/payments", method="card", token="pm_card_chargeDeclined")
    again = Page(answer.text)
    assert answer.status_code == 402
    assert "Nothing was charged" in again.text
    paid = await front_desk.send(again, "/billing/payments", method="card", token="pm_card_visa")
    assert paid.status_code == 303


async def test_an_amount_that_is_none_or_too_much_stands_beside_its_field(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    for amount in ("", "0", "-5", "12.345", "plenty"):
        answer = await front_desk.send(page, "/billing/payments", method="cash", amount=amount)
        assert answer.status_code == 422, amount
        assert Page(answer.text).having("id", "payment-amount-error"), amount
    answer = await front_desk.send(page, "/billing/payments", method="cash", amount="999,999.00")
    assert "more than" in Page(answer.text).text


async def test_a_refund_needs_a_reason_and_happens_once(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    action = f"/billing/payments/{booked['payment']['id']}/refund"
    page = await owner.read(action)
    refused = await owner.send(page, action, amount="500.00")
    assert refused.status_code == 422
    assert Page(refused.text).having("id", "refund-reason-error")
    for _ in range(2):
        answer = await owner.send(page, action, amount="500.00", reason="Shorter visit")
        assert answer.status_code == 303, Page(answer.text).text
    invoice = (await owner.read(answer.headers["location"])).text
    assert invoice.count("Shorter visit") == 1


async def test_the_front_desk_returns_no_money(front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    assert (await front_desk.http.get(f"/billing/payments/{booked['payment']['id']}/refund")).status_code == 403
    assert "Refund" not in (await front_desk.read(f"/billing/invoices/{booked['invoice']['id']}")).text
