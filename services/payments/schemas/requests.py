"""What is asked."""

import hashlib
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careconnect.money import Money, Taxed, is_known
from services.payments.states import Method


class Input(BaseModel):
    """A request body; a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def fingerprint(self) -> bytes:
        """Tell whether a repeated request is the same one: a digest over what was said, but for the id.

        What has its default is left out, so that a field which is added later does not make old requests new ones.
        """
        return hashlib.sha256(self.model_dump_json(exclude={"id"}, exclude_defaults=True).encode()).digest()


def _known(money: Money) -> Money:
    if not is_known(money.currency):
        message = "this is not a currency of ISO 4217"
        raise ValueError(message)
    return money


def _positive(money: Money) -> Money:
    if money.amount <= 0:
        message = "the amount must be above zero"
        raise ValueError(message)
    return money


def _not_negative(money: Money) -> Money:
    if money.amount < 0:
        message = "the amount must not be below zero"
        raise ValueError(message)
    return money


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = "this is not an IANA time zone"
        raise ValueError(message) from error
    return name


_LARGEST = 10**15
Zone = Annotated[str, Field(max_length=64, examples=["Asia/Colombo"]), AfterValidator(_zone)]
PositiveMoney = Annotated[Money, AfterValidator(_positive), AfterValidator(_known)]
Price = Annotated[Money, AfterValidator(_not_negative), AfterValidator(_known)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class LineTax(Input):
    """A tax on a line: `rate` in basis points (1,800 are 18 %); the price has it inside, or it comes on top."""

    name: str = Field("VAT", min_length=1, max_length=40)
    rate: int = Field(ge=0, le=10_000)
    inclusive: bool = True


class LineWrite(Input):
    """One thing that the patient owes for; the tax is rounded half up, line by line."""

    description: str = Field(min_length=1, max_length=200, examples=["Consultation"])
    quantity: int = Field(1, ge=1, le=1000)
    unit: Price
    tax: LineTax | None = None

    @property
    def sums(self) -> Taxed:
        """What the line comes to: without tax, the tax, and both."""
        listed = Money(amount=self.quantity * self.unit.amount, currency=self.unit.currency)
        return listed.taxed(self.tax.rate if self.tax else 0, inclusive=self.tax is None or self.tax.inclusive)


class InvoiceWrite(Input):
    """What a patient is to owe; `zone` (IANA) decides in which year the invoice is numbered."""

    patient_id: UUID
    appointment_id: UUID | None = None
    lines: list[LineWrite] = Field(min_length=1, max_length=50)
    zone: Zone = "UTC"
    coverage_id: UUID | None = Field(None, description="the patient's coverage whose payer owes a share of it")
    visit_day: date | None = Field(None, description="on which the coverage has to hold; without it, today")
    authorisation_number: str = Field("", max_length=60, description="under which the payer agreed to pay, if it did")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if len({line.unit.currency for line in self.lines}) > 1:
            message = "all lines of an invoice are in one currency"
            raise ValueError(message)
        if sum(line.quantity * line.unit.amount for line in self.lines) > _LARGEST // 2:
            message = "the invoice is too large"
            raise ValueError(message)
        return self

    @property
    def total(self) -> Money:
        """What the lines add up to, taxes included."""
        return Money(amount=sum(line.sums.gross.amount for line in self.lines), currency=self.lines[0].unit.currency)

    @property
    def tax(self) -> Money:
        """What of the total is tax."""
        return Money(amount=sum(line.sums.tax.amount for line in self.lines), currency=self.lines[0].unit.currency)


class NewInvoice(InvoiceWrite):
    """An invoice that is issued together with its first payment."""

    id: UUID


class PaymentWrite(Input):
    """One try to collect `amount`: for an invoice that is there (`invoice_id`) or is issued with it (`invoice`).

    `token` names the card at the gateway and is needed for the methods that go through one.
    """

    invoice: NewInvoice | None = None
    invoice_id: UUID | None = None
    method: Method
    token: str | None = Field(None, min_length=1, max_length=255, examples=["pm_card_visa"])
    card_id: UUID | None = Field(None, description="a card that was kept, instead of a token")
    amount: PositiveMoney
    surplus: Literal["refuse", "credit"] = Field("refuse", description="what becomes of more than is due; not by card")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.invoice is None) == (self.invoice_id is None):
            message = "give either invoice or invoice_id"
            raise ValueError(message)
        if self.method.through_gateway != ((self.token is not None) != (self.card_id is not None)):
            message = "a token belongs to the methods card and online_link, and to no other"
            raise ValueError(message)
        if self.surplus == "credit" and self.method in {Method.card, Method.patient_credit}:
            message = "a card is not charged more than is due, and a credit is not paid with"
            raise ValueError(message)
        return self


class DiscountWrite(Input):
    """Take something off what an invoice lists: `percent` of each line, or an `amount` shared out over the lines.

    It comes off the listed prices; a tax that comes on top of them falls with them.
    """

    percent: int | None = Field(None, ge=1, le=100)
    amount: PositiveMoney | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            message = "give either percent or amount"
            raise ValueError(message)
        return self


class CardWrite(Input):
    """A card of a patient that is to be kept for a later charge."""

    patient_id: UUID
    token: str = Field(min_length=1, max_length=255)


class RenewalWrite(Input):
    """Reserve the money of an authorised payment anew; `turn` counts how often that was done."""

    turn: int = Field(ge=1, le=1000)


class CaptureWrite(Input):
    """Take an authorised payment; without `amount`, all of it. What is not taken is let go."""

    amount: PositiveMoney | None = None


class RefundWrite(Input):
    """Return money; without `amount`, all that is left."""

    amount: PositiveMoney | None = None
    reason: Reason


class CancellationWrite(Input):
    """Why an invoice is no longer owed; a code such as `pat`, or a sentence."""

    reason: Reason


class CreditWrite(Input):
    """What of an invoice is not owed after all, and why; a code such as `pat`, or a sentence."""

    amount: PositiveMoney
    reason: Reason
    uncover: bool = Field(default=False, description="a payer covers nothing of what is left, either")


class ReleaseWrite(Input):
    """End a payment with no money kept, whatever became of it; `cancel_invoice` cancels what it was for as well."""

    reason: Reason
    cancel_invoice: bool = False
