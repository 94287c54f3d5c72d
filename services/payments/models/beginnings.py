"""How a payment comes to be."""

from typing import Any
from uuid import UUID

from careconnect import clock
from services.payments import ledger
from services.payments.models.invoices import Invoice
from services.payments.models.payments import Payment
from services.payments.schemas import GatewayCharge, PaymentWrite
from services.payments.states import Method, PaymentStatus

NO_CURRENCY = "XXX"
"""ISO 4217's code for "no currency": of a payment that was released before anybody knew its amount."""


def begin(payment_id: UUID, wanted: PaymentWrite, charge: GatewayCharge | None, invoice: Invoice) -> Payment:
    """Make a payment from what was asked and what the gateway answered; None says that the desk has the money."""
    declined = charge is not None and charge.status == "declined"
    return Payment(
        **_new(invoice.tenant_id, payment_id),
        invoice_id=invoice.id,
        appointment_id=invoice.appointment_id,
        patient_id=invoice.patient_id,
        method=wanted.method,
        amount=wanted.amount.amount,
        currency=wanted.amount.currency,
        status=PaymentStatus.declined if declined else PaymentStatus.authorised,
        decline_code=charge.decline_code if charge else None,
        gateway=charge.gateway if charge else ledger.DESK,
        gateway_reference=charge.id if charge else None,
        request_hash=wanted.fingerprint(),
    )


def paid_by_link(charge: GatewayCharge, invoice: Invoice, room: int) -> Payment:
    """Make a payment from what was paid at a gateway's own page, `room` of it set aside on the invoice."""
    invoice.reserved += room
    payment = Payment(
        **_new(invoice.tenant_id, charge.reference),
        invoice_id=invoice.id,
        appointment_id=invoice.appointment_id,
        patient_id=invoice.patient_id,
        method=Method.online_link,
        amount=charge.captured.amount,
        currency=charge.captured.currency,
        status=PaymentStatus.authorised,
        gateway=charge.gateway,
        gateway_reference=charge.id,
        request_hash=b"link",
    )
    payment.surplus = charge.captured.amount - room
    return payment


def closed_door(tenant_id: UUID, payment_id: UUID, gateway: str) -> Payment:
    """Make the row that keeps a payment from being collected that nobody has written down yet."""
    said = {"method": Method.card, "gateway": gateway, "status": PaymentStatus.voided}
    return Payment(**_new(tenant_id, payment_id), **said, amount=0, currency=NO_CURRENCY)


def _new(tenant_id: UUID, payment_id: UUID) -> dict[str, Any]:
    key = {"tenant_id": tenant_id, "id": payment_id, "version": 1}
    return (
        key
        | dict.fromkeys(("created_at", "updated_at"), clock.now())
        | dict.fromkeys(("captured", "refunding", "refunded", "surplus", "surplus_back"), 0)
    )
