"""Money: invoices, payments, refunds, and how a payment is settled."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.money import Money
from services.payments.schemas import Payment
from services.payments.states import Method
from workflows.contracts.refusal import Refused


class InvoiceRequest(BaseModel):
    """Asks for the invoice of an appointment that is paid later."""

    actor: Actor
    invoice_id: UUID
    appointment_id: UUID
    patient_id: UUID
    description: str
    price: Money
    zone: str
    tax_name: str = ""
    tax_rate: int = 0
    tax_inclusive: bool = True
    coverage_id: UUID | None = None
    visit_day: date | None = None
    authorisation_number: str = ""


class InvoiceTarget(BaseModel):
    """An invoice that is no longer owed, and why."""

    actor: Actor
    invoice_id: UUID
    reason: str


class AuthoriseRequest(BaseModel):
    """Asks the gateway to reserve money, or books money that the desk has in hand."""

    actor: Actor
    payment_id: UUID
    amount: Money
    method: Method = Method.card
    token: str | None = None
    invoice: InvoiceRequest | None = None
    invoice_id: UUID | None = None
    card_id: UUID | None = None
    surplus: Literal["refuse", "credit"] = "refuse"


class CardRequest(BaseModel):
    """A card that is to be kept for a later charge, or forgotten."""

    actor: Actor
    card_id: UUID
    patient_id: UUID | None = None
    token: str = ""


class PaymentTarget(BaseModel):
    """A payment, and who acts on it; `gateway` names the one that it goes through, where the asker knows."""

    actor: Actor
    payment_id: UUID
    gateway: str | None = None


class PaymentRelease(PaymentTarget):
    """Asks that no money of a payment is kept."""

    reason: str
    cancel_invoice: bool = False


class RefundRequest(PaymentTarget):
    """Asks to return money; without `amount`, all that is left."""

    refund_id: UUID
    amount: Money | None = None
    reason: str


class CaptureRequest(PaymentTarget):
    """Asks to take authorised money; without `amount`, all of it."""

    amount: Money | None = None


class RenewalRequest(PaymentTarget):
    """Asks to reserve the money anew; `turn` counts how often that was done."""

    turn: int = 1


class Collected(BaseModel):
    """Tells an appointment that its payment was collected at its time, or why not."""

    payment: Payment | None = None
    refused: Refused | None = None


class PaymentResult(BaseModel):
    """How a payment stands after a step, or why the step was refused."""

    payment: Payment | None = None
    refused: Refused | None = None
    request_hash: str = ""


class PageRequest(PaymentTarget):
    """Asks for a page of the gateway's where an amount of an invoice is paid; `payment_id` is that of the payment."""

    invoice_id: UUID
    amount: Money


class PageStanding(BaseModel):
    """What was paid at a page, if it was; whether it is `closed`, so that nothing will be; and whose page it is."""

    payment: Payment | None = None
    gateway: str | None = None
    closed: bool = False
    refused: Refused | None = None


class Settlement(BaseModel):
    """Tells a payment how its appointment ended: how much stays with the clinic, and why the rest goes back.

    Without a `reason` all of it stays. The process of `appointment_id` waits to hear what became of it.
    """

    actor: Actor
    keep: Money | None = None
    reason: str = ""
    cause: str = "cancellation"
    appointment_id: UUID | None = None


class SettleRequest(BaseModel):
    """Asks to tell a payment's process of a settlement."""

    payment_id: UUID
    settlement: Settlement


class Settled(BaseModel):
    """Tells an appointment that a payment was settled, or with which code that was refused."""

    payment_id: UUID
    refused: str | None = None


class CollectRequest(BaseModel):
    """Starts `PaymentCapture`: with an authorisation to make, for a payment that is there, or to settle one.

    `payment` is how it stands, where the starter knows; otherwise the process reads it. An `accompanied` one belongs to
    an appointment whose process will say how it ended. With `not_before` the money is collected then, and the process
    of `appointment_id` hears what came of it.
    """

    actor: Actor
    payment_id: UUID
    payment: Payment | None = None
    authorise: AuthoriseRequest | None = None
    capture: bool = False
    request_hash: str = ""
    accompanied: bool = False
    not_before: datetime | None = None
    appointment_id: UUID | None = None
    settlement: Settlement | None = None


class SweepRequest(BaseModel):
    """Starts `GatewayEvents`, and asks for what a tenant's events left undone."""

    tenant_id: UUID
    actor: Actor | None = None


class MoneyTarget(BaseModel):
    """The money of an appointment, who acts on it, and why."""

    actor: Actor
    appointment_id: UUID
    reason: str = ""


class Owed(BaseModel):
    """What is owed for an appointment together, paid or not; nothing where there is no invoice."""

    total: Money | None = None


class VisitEarned(MoneyTarget):
    """The money of an appointment that took place, and when that ended."""

    ended_at: datetime


class LowerRequest(MoneyTarget):
    """Asks that an appointment's invoices add up to `total` only; `cause` is part of the ids of what goes back."""

    total: Money
    cause: str


class HeldPayment(BaseModel):
    """A payment that holds money: reserved, or taken and not returned."""

    payment_id: UUID
    held: Money


class MoneyHeld(BaseModel):
    """The payments that hold money for an appointment, the oldest first."""

    payments: list[HeldPayment] = []
