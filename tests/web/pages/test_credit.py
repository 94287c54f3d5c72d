"""More than is due at the desk: given back, or kept as the patient's credit and used later."""

from tests.web.clinic import Clinic
from tests.web.conftest import problem
from tests.web.pages.desk import Desk, Page
from tests.web.pages.test_receipts import money, owed


async def test_change_goes_back_and_a_double_click_takes_the_cash_once(clinic: Clinic, front_desk: Desk) -> None:
    invoice = await owed(clinic)
    form = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    for _ in range(2):
        answer = await front_desk.send(form, "/billing/payments", method="cash", amount="5000", surplus="back")
        assert answer.status_code == 303, Page(answer.text).text
    assert "give back LKR" in (await front_desk.read(f"/billing/invoices/{invoice}")).text.replace("\xa0", " ")
    payments = (await clinic.get("/payments", params={"invoice_id": invoice})).json()["items"]
    assert [one["captured"] for one in payments] == [money(350_000)]


async def test_what_is_more_than_due_is_kept_and_pays_another_invoice(clinic: Clinic, front_desk: Desk) -> None:
    patient = await clinic.patient()
    first, second = await owed(clinic, patient=patient), await owed(clinic, 200_000, patient=patient)
    form = await front_desk.read(f"/billing/payments/new?invoice_id={first}")
    kept = await front_desk.send(form, "/billing/payments", method="bank_transfer", amount="4000", surplus="credit")
    assert kept.status_code == 303
    balance = (await clinic.get(f"/patients/{patient}/balance")).json()
    assert balance == {"due": [money(200_000)], "credit": [money(50_000)]}
    assert "Credit LKR 500" in (await front_desk.read(f"/patients/{patient}")).text.replace("\xa0", " ")
    assert "Pay with it" in (await front_desk.read(f"/billing/invoices/{second}")).text
    form = await front_desk.read(f"/billing/payments/new?invoice_id={second}&method=patient_credit")
    assert form.form("/billing/payments").fields["amount"] == "500.00"
    assert (await front_desk.send(form, "/billing/payments")).status_code == 303
    balance = (await clinic.get(f"/patients/{patient}/balance")).json()
    assert balance == {"due": [money(150_000)], "credit": []}


async def test_over_rest_more_than_due_is_refused_unless_it_is_to_be_kept(clinic: Clinic) -> None:
    patient = await clinic.patient()
    invoice = await owed(clinic, patient=patient)
    wanted = {"invoice_id": invoice, "method": "cash", "amount": money(400_000)}
    problem(await clinic.post("/payments", json=wanted), 409, "amount_exceeds_due")
    card = {"method": "card", "token": "pm_card_visa", "surplus": "credit"}
    problem(await clinic.post("/payments", json=wanted | card), 422, "invalid_input")
    kept = await clinic.post("/payments", json=wanted | {"surplus": "credit"})
    assert kept.json()["surplus"] == money(50_000)
    other = {"invoice_id": await owed(clinic, patient=patient), "method": "patient_credit"}
    small = await clinic.post("/payments", json=other | {"amount": money(50_001)})
    problem(small, 409, "patient_credit_too_small")
    assert (await clinic.post("/payments", json=other | {"amount": money(50_000)})).status_code == 201
