"""Payments as lines of a list: what staff call their state, and what can be done."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careconnect.money import Money
from services.payments.schemas import Payment
from services.payments.states import DECLINES, PaymentStatus
from web.formats import money
from web.looks import state_label
from web.pages.naming import Person
from web.words import gettext

_CODE = re.compile(r"^[a-z]+([-_][a-z]+)*$")


@dataclass(frozen=True)
class PaymentLine:
    """A payment as a list shows it; `amount` is what was taken, or else what was to be."""

    id: UUID
    invoice_id: UUID | None
    invoice_number: str
    appointment_id: UUID | None
    patient: Person | None
    method: str
    amount: Money
    status: str
    created_at: datetime
    refunded: Money
    refunding: Money | None
    refundable: Money
    note: str

    @property
    def refunded_in_full(self) -> bool:
        """Whether nothing of it is left."""
        return bool(self.refunded) and not self.refundable and not self.refunding


def line(payment: Payment, patient: Person | None = None) -> PaymentLine:
    """Show a payment."""
    return PaymentLine(
        id=payment.id,
        invoice_id=payment.invoice_id,
        invoice_number=payment.invoice_number or "",
        appointment_id=payment.appointment_id,
        patient=patient,
        method=payment.method.value,
        amount=payment.captured if payment.status == PaymentStatus.captured else payment.amount,
        status=payment.status.value,
        created_at=payment.created_at,
        refunded=payment.refunded,
        refunding=payment.refunding,
        refundable=refundable(payment),
        note=_note(payment),
    )


def refundable(payment: Payment) -> Money:
    """Tell what of a payment neither went back nor is on its way back."""
    left = payment.captured - payment.refunded
    return left - payment.refunding if payment.refunding else left


def released_of(payment: Payment) -> Money | None:
    """Tell what of a reservation was released when the rest of it was taken."""
    left = payment.amount - payment.captured
    return left if payment.status == PaymentStatus.captured and left else None


def reason_words(reason: str) -> str:
    """Say why money went back: staff write a sentence, processes a code."""
    if not _CODE.match(reason):
        return reason
    return state_label(reason, "cancel_reason")


def _note(payment: Payment) -> str:
    if payment.status == PaymentStatus.declined:
        return gettext(DECLINES.get(payment.decline_code or "", "The bank declined the card."))
    if payment.refunding:
        return gettext("%(amount)s is on its way back") % {"amount": money(payment.refunding)}
    released = released_of(payment)
    if released:
        said = {"reserved": money(payment.amount), "released": money(released)}
        return gettext("%(reserved)s was reserved, %(released)s of it released") % said
    return gettext("Authorised, not yet captured") if payment.status == PaymentStatus.authorised else ""
