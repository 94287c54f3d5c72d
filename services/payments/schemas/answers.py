"""What is answered."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect.money import Currency, Money
from services.payments.insurance.cover import Cover
from services.payments.states import InvoiceStatus, Method, PaymentStatus, RefundStatus


class LineTaxed(BaseModel):
    """The tax of one line: its rate in basis points, whether the price has it inside, and what it comes to."""

    name: str
    rate: int
    inclusive: bool
    amount: Money


class Discount(BaseModel):
    """What was taken off an invoice, taxes included, and why."""

    id: UUID
    percent: int | None
    amount: Money
    reason: str
    created_at: datetime


class Line(BaseModel):
    """One line of an invoice: `total` is its price less the discount, with its tax."""

    description: str
    quantity: int
    unit: Money
    total: Money
    discount: Money | None = None
    tax: LineTaxed | None = None


class PayerShare(BaseModel):
    """What a payer owes of an invoice: its `share` by `rate` (basis points) or `fixed`, what came, and what is due."""

    coverage_id: UUID
    payer_id: UUID
    payer_name: str = ""
    rate: int | None
    fixed: Money | None
    share: Money
    paid: Money
    written_off: Money
    due: Money
    claimed: bool
    authorisation_number: str = ""

    @property
    def cover(self) -> Cover:
        """The terms, as they hold for this invoice."""
        return Cover(rate=self.rate, fixed=self.fixed.amount if self.fixed else None)


class Invoice(BaseModel):
    """What a patient owes. `due` is what is neither covered nor paid nor credited nor cancelled.

    A refund does not make it due again; `credited` is what is not owed after all. `patient_share` is what is left of
    the total for the patient when the payer's share is off; `paid`, `due` and `status` are about that.
    """

    id: UUID
    number: str = Field(examples=["INV-2026-000001"])
    patient_id: UUID
    appointment_id: UUID | None
    lines: list[Line]
    total: Money
    tax: Money | None = Field(None, description="what of the total is tax")
    discounts: list[Discount] = []
    payer: PayerShare | None = None
    patient_share: Money | None = None
    paid: Money
    refunded: Money
    credited: Money
    due: Money
    income: str = Field("revenue", description="the account where its price stands: deposits, revenue or fees_kept")
    status: InvoiceStatus
    ended_why: str | None = Field(None, description="why it was cancelled or entered in error: a code, or a sentence")
    issued_at: datetime
    version: int


class Payment(BaseModel):
    """One try to collect money.

    Without `invoice_id` and `patient_id` it was released before anybody could write down what it was for.
    """

    id: UUID
    invoice_id: UUID | None
    invoice_number: str | None
    appointment_id: UUID | None
    patient_id: UUID | None
    method: Method
    amount: Money
    status: PaymentStatus
    captured: Money
    refunded: Money
    refunding: Money | None = Field(None, description="what was asked back and has not gone back yet")
    surplus: Money | None = Field(None, description="what was more than due and became the patient's credit")
    decline_code: str | None
    gateway: str
    gateway_reference: str | None
    created_at: datetime
    captured_at: datetime | None
    version: int
    drawer_id: UUID | None = Field(None, description="the cash drawer that it was taken into")


class Refund(BaseModel):
    """Money returned from one captured payment."""

    id: UUID
    payment_id: UUID
    amount: Money
    reason: str
    status: RefundStatus
    gateway_reference: str | None
    created_at: datetime
    drawer_id: UUID | None = Field(None, description="the cash drawer that it was paid out of")
    failure: str | None = Field(None, description="the gateway's code for why it failed")
    reversed_at: datetime | None = Field(None, description="when the gateway took it back after it had succeeded")


class PatientCredit(BaseModel):
    """What the clinic holds for a patient: paid and not owed for anything yet."""

    patient_id: UUID
    credit: Money


class AppointmentMoney(BaseModel):
    """All the money of one appointment."""

    invoices: list[Invoice]
    payments: list[Payment]
    refunds: list[Refund]


class Count(BaseModel):
    """How many, and how much together."""

    count: int
    amount: Money


class Summary(BaseModel):
    """The four cards of the billing page, for what happened in a span of time."""

    paid: Count
    pending: Count
    failed: Count
    refunded: Count


class DayRevenue(BaseModel):
    """What one local day brought: captured less refunded, in minor units."""

    day: date
    amount: int


class Takings(BaseModel):
    """What came in and what went back in one currency, each counted when the money moved."""

    currency: Currency
    captured: Count
    refunded: Count
    by_day: list[DayRevenue]


class Figures(BaseModel):
    """Numbers for the dashboard, all from one snapshot; `watermark` is the last outbox event in it."""

    watermark: int
    currency: Currency
    revenue: int
    by_day: list[DayRevenue]
    pending: int
    failed: int
