"""What a visit meant in money: an invoice, its payments and refunds, and what the gateway knows of them.

It follows `workflows.booking` and `workflows.payment`: taken at booking or at the desk; returned in full when the
patient cancels in time, less the fee when it is late; kept after a no-show as far as the policy says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from careconnect.ids import derived_id
from operations.seed.claims import Insured, insured
from operations.seed.fates import Visit
from services.appointments.schemas import Status
from services.payments import ledger
from services.payments.states import EarnedAs, InvoiceStatus, Method, PaymentStatus
from workflows import ids

_SECOND = timedelta(seconds=1)
_DESK_METHODS = (Method.cash,) * 9 + (Method.card_terminal,) * 8 + (Method.insurance,) * 2 + (Method.bank_transfer,)
ABANDONED = "booking_abandoned"


@dataclass(slots=True)
class Return:
    """One refund."""

    id: UUID
    amount: int
    reason: str
    at: datetime
    released: bool = False

    @property
    def gateway_id(self) -> UUID:
        """The gateway's own key of the refund."""
        return derived_id("sandbox refund", self.id)


@dataclass
class Paid:
    """One payment; `taken_at` is None when the card was declined."""

    id: UUID
    method: Method
    amount: int
    at: datetime
    taken_at: datetime | None
    decline: str | None = None
    released: tuple[datetime, str] | None = None
    returns: list[Return] = field(default_factory=list)

    @property
    def status(self) -> PaymentStatus:
        """Where the payment stands."""
        return PaymentStatus.captured if self.taken_at else PaymentStatus.declined

    @property
    def captured(self) -> int:
        """What was taken."""
        return self.amount if self.taken_at else 0

    @property
    def refunded(self) -> int:
        """What went back."""
        return sum(one.amount for one in self.returns)

    @cached_property
    def charge_id(self) -> UUID:
        """The gateway's own key of the charge."""
        return derived_id("sandbox charge", self.id)

    @property
    def gateway(self) -> str:
        """Who moved the money."""
        return "sandbox" if self.method.through_gateway else ledger.DESK


@dataclass(slots=True)
class Account:
    """All the money of one visit; `id` is the invoice's key."""

    visit: Visit
    id: UUID
    payments: list[Paid] = field(default_factory=list)
    cancelled: tuple[datetime, str] | None = None
    ended: tuple[datetime, str] | None = None
    insured: Insured | None = None

    @property
    def covered(self) -> int:
        """What a payer owes of it: patients who are covered pay their share at the desk."""
        return self.insured.cover.share(self.total) if self.insured else 0

    @property
    def issued_at(self) -> datetime:
        """When the invoice was issued."""
        return self.visit.entry.booked_at + _SECOND

    @property
    def total(self) -> int:
        """What the invoice says, in minor units."""
        return self.visit.price.amount

    @property
    def currency(self) -> str:
        """What it is in."""
        return self.visit.price.currency

    @property
    def paid(self) -> int:
        """What was taken for it."""
        return sum(one.captured for one in self.payments)

    @property
    def refunded(self) -> int:
        """What went back."""
        return sum(one.refunded for one in self.payments)

    @property
    def status(self) -> InvoiceStatus:
        """Where the invoice stands."""
        if self.cancelled:
            return InvoiceStatus.cancelled
        open_amount = self.total - self.covered - self.credited - self.paid + self.returned
        return InvoiceStatus.issued if open_amount else InvoiceStatus.balanced

    @property
    def credited(self) -> int:
        """What is not owed after all: all but what is kept, where the visit did not take place."""
        return 0 if self.cancelled or not self.ended else self.total - self.paid + self.refunded

    @property
    def returned(self) -> int:
        """What of the credit went back."""
        return min(self.credited, self.refunded)

    @property
    def earned(self) -> tuple[datetime, EarnedAs] | None:
        """When its price was earned, and as what: the visit took place, or its fee is kept."""
        if self.visit.status == Status.FULFILLED:
            return self.visit.since, EarnedAs.visit
        return (self.ended[0], EarnedAs.fee) if self.ended and not self.cancelled else None

    @property
    def credit_id(self) -> UUID:
        """The key of the credit."""
        return ids.credit_of(self.id, self.paid - self.refunded)

    def bookings(self) -> Iterator[tuple[datetime, ledger.Booking]]:
        """Give the entries of the ledger, each with its time."""
        yield (
            self.issued_at,
            ledger.invoice_issued(self.id, self.currency, self.total, covered=self.covered, income=ledger.DEPOSITS),
        )
        for paid in self.payments:
            where = ledger.money_account(paid.method, paid.gateway)
            if paid.taken_at:
                yield paid.taken_at, ledger.payment_captured(paid.id, self.currency, where, paid.captured)
            for back in paid.returns:
                yield back.at, ledger.refund_succeeded(back.id, self.currency, where, back.amount)
        if self.ended and self.credited:
            yield (
                self.ended[0],
                ledger.invoice_credited(
                    self.credit_id, self.currency, self.credited, self.returned, income=ledger.DEPOSITS
                ),
            )
        if self.cancelled:
            yield (
                self.cancelled[0],
                ledger.invoice_cancelled(self.id, self.currency, self.total, self.refunded, income=ledger.DEPOSITS),
            )
        if self.earned:
            at, how = self.earned
            yield (
                at,
                ledger.invoice_earned(
                    self.id,
                    self.currency,
                    self.total - self.credited,
                    0,
                    waited=ledger.DEPOSITS,
                    as_fee=how == EarnedAs.fee,
                    at=at,
                ),
            )


def account(visit: Visit, *, covering: bool = False) -> Account | None:
    """Work out the money of a visit, None if it is free; with `covering`, payers have their share."""
    if not visit.price:
        return None
    books = Account(visit, ids.invoice_of(visit.id))
    if covering and not visit.prepaid and visit.status == Status.FULFILLED:
        books.insured = insured(visit.entry.patient)
    if visit.prepaid:
        _at_booking(books)
    if visit.checked_in_at and visit.settled and books.paid < books.total - books.covered:
        _at_desk(books, visit.checked_in_at)
    if visit.status == Status.CANCELLED:
        _after_cancellation(books)
    elif visit.status == Status.NO_SHOW:
        _after_no_show(books)
    return books


def _at_booking(books: Account) -> None:
    visit = books.visit
    deposit = visit.place.type.terms.payment_policy.deposit
    at, amount = books.issued_at, (deposit or visit.price).amount
    paid = Paid(
        ids.payment_of(visit.id), Method.card, amount, at, None if visit.decline else at + _SECOND, visit.decline
    )
    books.payments.append(paid)
    if visit.decline:
        paid.released = books.cancelled = (visit.since, ABANDONED)


def _at_desk(books: Account, at: datetime) -> None:
    key = derived_id("desk payment", books.visit.id)
    method = _DESK_METHODS[key.int % len(_DESK_METHODS)]
    books.payments.append(Paid(key, method, books.total - books.covered - books.paid, at, at))


def _after_cancellation(books: Account) -> None:
    """Return what is not kept; an invoice is for what is kept, and cancelled if that is nothing."""
    visit, reason = books.visit, books.visit.reason or "other"
    at = visit.since + _SECOND
    policy = visit.place.type.terms.cancellation_policy
    fee = visit.price.percent(policy.fee_percent).amount if visit.late and not visit.waived else 0
    for paid in books.payments:
        if not fee:
            paid.released = (at, reason)
            paid.returns.append(Return(derived_id(paid.id, "release", 0), paid.captured, reason, at, released=True))
        elif paid.captured > fee:
            back = paid.captured - fee
            paid.returns.append(Return(ids.refund_of(paid.id, "cancellation"), back, reason, at))
    if books.paid == books.refunded:
        books.cancelled = (at, reason)
    books.ended = (at, reason)


def _after_no_show(books: Account) -> None:
    """Return what the policy does not keep; who has paid nothing owes nothing."""
    visit, at = books.visit, books.visit.since + _SECOND
    keep = visit.price.percent(visit.place.type.terms.cancellation_policy.no_show_fee_percent).amount
    for paid in books.payments:
        if paid.captured > keep:
            paid.returns.append(Return(ids.refund_of(paid.id, "no_show"), paid.captured - keep, "no_show", at))
    if not books.payments:
        books.cancelled = (at, "no_show")
    books.ended = (at, "no_show")
