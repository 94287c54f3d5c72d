"""What a visit costs less than before comes off what is invoiced in its own currency."""

from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.schemas import InvoiceWrite, LineWrite
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from workflows.contracts import LowerRequest, MoneyTarget


async def test_an_invoice_in_another_currency_is_neither_added_to_the_price_nor_lowered(office: Office) -> None:
    visit, report = uuid7(), uuid7()
    target = MoneyTarget(actor=office.actor, appointment_id=office.appointment_id, reason="price_difference")
    for key, unit in ((visit, PRICE), (report, Money(amount=500, currency="USD"))):
        line = LineWrite(description="X-ray", unit=unit)
        wanted = InvoiceWrite(patient_id=uuid7(), appointment_id=office.appointment_id, lines=[line])
        made = await office.till.issue_invoice(office.actor, key, wanted)
        office.till.invoices[key] = made.model_copy(update={"credited": unit - unit})
    by_name = {one.__name__: one for one in office.activities if hasattr(one, "__name__")}
    assert (await by_name["owed"](target)).total == PRICE
    less = Money(amount=50_000, currency="LKR")
    await by_name["lower"](LowerRequest(**dict(target), total=PRICE - less, cause="moved 2"))
    assert office.till.invoices[visit].credited == less
    assert not office.till.invoices[report].credited
