"""What a patient owes, and what the clinic holds for them."""

import asyncio
from uuid import UUID

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.money import Money
from services.payments.client import PaymentsClient
from services.payments.states import InvoiceStatus

_AT_ONCE = 200


class PatientBalance(BaseModel):
    """`due` is what is open on issued invoices, `credit` what was paid and is not owed for anything; by currency."""

    due: list[Money]
    credit: list[Money]

    def credit_in(self, currency: str) -> Money:
        """Give the credit in one currency."""
        return next((one for one in self.credit if one.currency == currency), Money(amount=0, currency=currency))


async def balance_of(payments: PaymentsClient, actor: Actor, patient_id: UUID) -> PatientBalance:
    """Add up both."""
    credit, due = await asyncio.gather(payments.patient_credit(actor, patient_id), _due(payments, actor, patient_id))
    return PatientBalance(due=due, credit=[one.credit for one in credit])


async def _due(payments: PaymentsClient, actor: Actor, patient_id: UUID) -> list[Money]:
    sums: dict[str, Money] = {}
    cursor = None
    while True:
        page = await payments.list_invoices(
            actor, patient_id=patient_id, status=InvoiceStatus.issued, limit=_AT_ONCE, cursor=cursor
        )
        for one in page.items:
            if one.due:
                known = sums.get(one.due.currency)
                sums[one.due.currency] = known + one.due if known else one.due
        cursor = page.next_cursor
        if cursor is None:
            return [sums[currency] for currency in sorted(sums)]
