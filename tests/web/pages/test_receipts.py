"""Receipts: what stands on them, in any currency, and that a mail of one goes once."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from babel import Locale

from activities.receipts.drawing import draw
from careconnect.auth import Actor
from careconnect.config import Settings
from services.payments.schemas import DiscountWrite
from tests.web.clinic import Clinic, eventually
from tests.web.conftest import problem
from tests.web.pages.desk import Desk


def money(amount: int, currency: str = "LKR") -> dict[str, Any]:
    """Write an amount of minor units."""
    return {"amount": amount, "currency": currency}


async def owed(clinic: Clinic, amount: int = 350_000, currency: str = "LKR", **also: Any) -> str:
    """Issue an invoice of one line."""
    lines = [{"description": "Consultation", "unit": money(amount, currency)} | also.pop("line", {})]
    body = {"patient_id": also.get("patient") or await clinic.patient(), "lines": lines}
    return await clinic.made("/payments/invoices", body)


async def paid(clinic: Clinic, invoice: str, amount: int, currency: str = "LKR", method: str = "cash") -> str:
    """Pay an invoice at the desk."""
    wanted = {"invoice_id": invoice, "method": method, "amount": money(amount, currency)}
    return await clinic.made("/payments", wanted)


async def test_a_receipt_has_taxes_discounts_and_what_came_and_went_by_method(clinic: Clinic, owner: Desk) -> None:
    taxed = {"tax": {"name": "VAT", "rate": 1_800, "inclusive": False}}
    invoice = await owed(clinic, 200_000, line=taxed)
    actor = Actor(id=clinic.tenant_id, tenant_id=clinic.tenant_id, kind="staff", scopes=frozenset({"*"}))
    await clinic.gateway.payments.discount(
        actor, UUID(invoice), UUID(invoice), DiscountWrite(percent=10, reason="a friend")
    )
    await paid(clinic, invoice, 112_400)
    card = await paid(clinic, invoice, 100_000, method="card_terminal")
    await clinic.post(f"/payments/{card}/refunds", json={"reason": "too much", "amount": money(400)})
    receipt = await clinic.gateway.receipts.of(actor, UUID(invoice))
    rows = [(f"{row.label} {row.of}".strip(), row.amount.amount) for row in receipt.sums(Locale.parse("en"))]
    assert rows == [
        ("Discount, taken off above 10%", -23_600), ("Total", 212_400), ("In it VAT 18%", 32_400), ("Paid", 212_400),
        ("Refunded", 400), ("Due", 0),
    ]  # fmt: skip
    moved = [(one.method, one.amount.amount) for one in receipt.moved]
    assert moved == [("cash", 112_400), ("card_terminal", 100_000), ("card_terminal", -400)]
    assert draw(receipt, Locale.parse("si_LK")).startswith(b"%PDF-")
    page = await owner.read(f"/billing/invoices/{invoice}/receipt")
    for words in ("Receipt INV-", "VAT 18%", "Discount, taken off above 10%", "Card terminal, refunded"):
        assert words in page.text, words
    assert "a friend" not in page.text


@pytest.mark.parametrize(
    ("currency", "amount", "typed", "shown", "wrong"),
    [("JPY", 1_234, "1234", "¥1,234", "1.5"), ("KWD", 1_234, "1.234", "KWD 1.234", "1.2345")],
)
async def test_an_amount_is_right_to_the_last_digit_in_form_receipt_and_ledger(
    clinic: Clinic, owner: Desk, *, currency: str, amount: int, typed: str, shown: str, wrong: str
) -> None:
    invoice = await owed(clinic, amount, currency)
    form = await owner.read(f"/billing/payments/new?invoice_id={invoice}")
    assert form.form("/billing/payments").fields["amount"] == typed
    assert (await owner.send(form, "/billing/payments", method="cash", amount=wrong)).status_code == 422
    assert (await owner.send(form, "/billing/payments", method="cash")).status_code == 303
    known = (await clinic.get(f"/payments/invoices/{invoice}")).json()
    assert (known["paid"], known["due"], known["status"]) == (money(amount, currency), money(0, currency), "balanced")
    receipt = await owner.read(f"/billing/invoices/{invoice}/receipt")
    assert receipt.text.replace("\xa0", " ").count(shown) == 5  # unit, line, total, paid, and the payment
    assert (await clinic.get(f"/payments/invoices/{invoice}/receipt.pdf")).content.startswith(b"%PDF-")
    books = (await clinic.get("/ledger/balances.csv")).text
    assert any(f",cash,asset,{currency}," in line and f",{typed}," in line for line in books.splitlines()), books


async def test_a_double_click_mails_one_receipt_with_its_pdf(
    clinic: Clinic, owner: Desk, edge_settings: Settings
) -> None:
    invoice = await owed(clinic)
    refused = await clinic.post(f"/payments/invoices/{invoice}/receipt", json={"delivery": "email"})
    problem(refused, 409, "nothing_paid")
    await paid(clinic, invoice, 350_000)
    page = await owner.read(f"/billing/invoices/{invoice}")
    for _ in range(2):
        assert (await owner.send(page, f"/billing/invoices/{invoice}/receipt/mail")).status_code == 303
    again = await clinic.post(f"/payments/invoices/{invoice}/receipt", json={"delivery": "email"}, key="one")
    assert again.status_code == 202
    repeat = await clinic.post(f"/payments/invoices/{invoice}/receipt", json={"delivery": "email"}, key="one")
    assert repeat.json() == again.json()
    message = f"/messages/{again.json()['message_id']}"
    sent = await eventually(lambda: clinic.get(message), lambda one: one.json().get("status") == "sent")
    assert (sent.json()["invoice_id"], sent.json()["template"]) == (invoice, "payment_receipt")
    listed = (await clinic.get(f"/messages?invoice_id={invoice}")).json()["items"]
    assert {one["invoice_id"] for one in listed} == {invoice}
    shown = await eventually(
        lambda: owner.read(f"/billing/invoices/{invoice}"), lambda page: page.text.count("Sent") == 2
    )
    assert shown.links.count(message) == 1
    number = (await clinic.get(f"/payments/invoices/{invoice}")).json()["number"]
    mailbox = edge_settings.mail.mailbox
    assert mailbox is not None
    assert len(_bringing(mailbox, f"{number}.pdf")) == 2


def _bringing(mailbox: Path, name: str) -> list[Path]:
    return [mail for mail in mailbox.rglob("*") if mail.is_file() and f'filename="{name}"' in mail.read_text("latin-1")]


async def test_a_patient_without_an_address_or_who_wants_no_mail_is_told_of_at_once(
    clinic: Clinic, owner: Desk
) -> None:
    patient = await clinic.patient(email=None)
    invoice = await owed(clinic, patient=patient)
    await paid(clinic, invoice, 350_000)
    asked = await clinic.post(f"/payments/invoices/{invoice}/receipt", json={"delivery": "email"})
    problem(asked, 409, "no_address")
    page = await owner.read(f"/billing/invoices/{invoice}")
    await owner.send(page, f"/billing/invoices/{invoice}/receipt/mail")
    assert "no e-mail address" in (await owner.read(f"/billing/invoices/{invoice}")).text
    willing = await clinic.patient()
    invoice = await owed(clinic, patient=willing)
    await paid(clinic, invoice, 350_000)
    await clinic.put(f"/patients/{willing}/message-preferences", json={"email": False, "sms": True})
    asked = await clinic.post(f"/payments/invoices/{invoice}/receipt", json={"delivery": "email"})
    problem(asked, 409, "opted_out")
