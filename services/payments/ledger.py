"""Double entry: what each business event means in accounts.

Amounts are minor units, debits positive and credits negative, so the lines of an entry add up to zero (Postgres refuses
any other at commit, and every change afterwards). An event is booked once: its kind and its subject are a unique key.

An invoice of a visit to come is owed from its issue on and not yet earned: its price waits under `deposits` until the
visit took place and it is revenue, or a fee is kept and it is that. Any other invoice is revenue when it is issued. A
refund is a credit that does not make the patient owe again, so it goes against `refunds` and not against the
receivable; when the invoice is cancelled, its income and its refunds go away together. A credit does the same with a
part of them. A tax is owed to the state from the invoice on, so it is no income; a discount goes against the revenue.
What a patient pays beyond an invoice is the patient's credit: the clinic owes it until it is used or returned. A
payer's share is owed by the payer from the invoice on. A gateway owes what it took until it pays out, less its fee.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from careconnect.money import Money
from services.payments.states import CashMove, Method

RECEIVABLES = "receivables"
PAYER_RECEIVABLES = "payer_receivables"
"""What payers owe: their shares of invoices, until they pay, or the patient or nobody does."""
BANK = "bank"
WRITTEN_OFF = "written_off"
REVENUE = "revenue"
DEPOSITS = "deposits"
"""The price of visits to come, without tax: what was paid of it is the patients' until then."""
FEES_KEPT = "fees_kept"
GATEWAY_FEES = "gateway_fees"
REFUNDS = "refunds"
TAX = "tax"
DISCOUNTS = "discounts"
PATIENT_CREDITS = "patient_credits"
"""What patients have paid and do not owe for anything yet: their credit."""
SUSPENSE = "suspense"
GATEWAY_CLEARING = "gateway_clearing"
DESK = "desk"
"""The gateway of money that never went through one."""
TERMINAL = "card_terminal"
"""Who pays out what card terminals took, beside the gateways."""

CASH = "cash"
CASH_OVER_SHORT = "cash_over_short"

_DESK_ACCOUNTS = {
    Method.cash: CASH,
    Method.card_terminal: "card_terminal_clearing",
    Method.bank_transfer: "bank",
    Method.insurance: "insurance_clearing",
    Method.patient_credit: PATIENT_CREDITS,
}
_MOVES = {
    CashMove.bank_drop: "bank",
    CashMove.bank_cash: "bank",
    CashMove.petty_cash: "petty_expenses",
    CashMove.petty_return: "petty_expenses",
}


@dataclass(frozen=True)
class Booking:
    """One entry to be: which event it books, and what it does to each account of `services.payments.accounts`.

    `at` is when it happened, where that is not now; it stands in the first month from then on that is not closed.
    """

    kind: str
    subject: UUID
    currency: str
    lines: tuple[tuple[str, int], ...]
    at: datetime | None = None


def money_account(method: Method, gateway: str) -> str:
    """Name the account where money of `method` waits: the till, the bank, or what a gateway still owes us."""
    return _DESK_ACCOUNTS.get(method) or f"{GATEWAY_CLEARING}:{gateway}"


def invoice_issued(
    invoice: UUID, currency: str, total: int, tax: int = 0, covered: int = 0, income: str = REVENUE
) -> Booking:
    """Book that the patient owes, and a payer what is `covered`; the `income`; that the tax is the state's."""
    owed = {RECEIVABLES: total - covered, PAYER_RECEIVABLES: covered}
    return _booking("invoice.issued", invoice, currency, owed | {income: tax - total, TAX: -tax})


def invoice_earned(
    invoice: UUID, currency: str, price: int, discount: int, *, waited: str, as_fee: bool, at: datetime
) -> Booking:
    """Book that the `price` that `waited` is revenue, or less its `discount` a fee that is kept; both without tax."""
    earned = {FEES_KEPT: discount - price, DISCOUNTS: -discount} if as_fee else {REVENUE: -price}
    return replace(_booking("invoice.earned", invoice, currency, {waited: price} | earned), at=at)


def invoice_discounted(
    discount: UUID, currency: str, amount: int, tax: int = 0, covered: int = 0, against: str = DISCOUNTS
) -> Booking:
    """Book that `amount` less is owed, `tax` of it being tax, and `covered` of it the payer's."""
    lines = {against: amount - tax, TAX: tax, RECEIVABLES: covered - amount, PAYER_RECEIVABLES: -covered}
    return _booking("invoice.discounted", discount, currency, lines)


def payment_captured(payment: UUID, currency: str, account: str, amount: int, surplus: int = 0) -> Booking:
    """Book that the money is there or on its way, and that the patient owes less; a surplus is owed to the patient."""
    lines = {RECEIVABLES: surplus - amount, PATIENT_CREDITS: -surplus}
    lines[account] = lines.get(account, 0) + amount
    return _booking("payment.captured", payment, currency, lines)


def payment_corrected(correction: UUID, currency: str, account: str, amount: int, surplus: int) -> Booking:
    """Book that `amount` more was taken than was booked, or less, `surplus` of it for the patient's credit."""
    lines = {account: amount, RECEIVABLES: surplus - amount, PATIENT_CREDITS: -surplus}
    return _booking("payment.corrected", correction, currency, lines)


def refund_succeeded(
    refund: UUID, currency: str, account: str, amount: int, surplus: int = 0, *, against: str = REFUNDS
) -> Booking:
    """Book that the money went back, `surplus` of it from the patient's credit."""
    lines = {against: amount - surplus, PATIENT_CREDITS: surplus}
    lines[account] = lines.get(account, 0) - amount
    return _booking("refund.succeeded", refund, currency, lines)


def refund_reversed(
    refund: UUID, currency: str, account: str, amount: int, surplus: int = 0, *, against: str = REFUNDS
) -> Booking:
    """Book that money which was booked as gone did not leave: the entry of the refund with its sides changed."""
    lines = {against: surplus - amount, PATIENT_CREDITS: -surplus}
    lines[account] = lines.get(account, 0) + amount
    return _booking("refund.reversed", refund, currency, lines)


def invoice_cancelled(
    invoice: UUID,
    currency: str,
    total: int,
    returned: int,
    *,
    tax: int = 0,
    discount: int = 0,
    covered: int = 0,
    income: str = REVENUE,
    how: str = "cancelled",
) -> Booking:
    """Book that nothing was earned, or will be; `how` the invoice ended: cancelled or entered in error.

    Undo the `income` less its `discount` (both without tax), the tax, what is still owed, `covered` of it by the payer,
    and the refunds of what was `returned`.
    """
    lines = {income: total - tax + discount, TAX: tax, DISCOUNTS: -discount, REFUNDS: -returned}
    owed = {RECEIVABLES: returned + covered - total, PAYER_RECEIVABLES: -covered}
    return _booking(f"invoice.{how}", invoice, currency, lines | owed)


def invoice_credited(
    credit: UUID, currency: str, amount: int, returned: int, *, tax: int = 0, covered: int = 0, income: str = REVENUE
) -> Booking:
    """Book that `amount` of an invoice is not earned, `tax` of it being tax, and `covered` the payer's.

    `returned` of it had been paid by the patient, and went back.
    """
    lines = {income: amount - tax, TAX: tax, REFUNDS: -returned}
    owed = {RECEIVABLES: returned + covered - amount, PAYER_RECEIVABLES: -covered}
    return _booking("invoice.credited", credit, currency, lines | owed)


def claim_paid(step: UUID, currency: str, amount: int) -> Booking:
    """Book a payer's transfer."""
    return _booking("claim.paid", step, currency, {BANK: amount, PAYER_RECEIVABLES: -amount})


def claim_let_go(step: UUID, currency: str, amount: int, *, to_patient: bool) -> Booking:
    """Book that a payer does not pay `amount`: the patient owes it after all, or nobody does."""
    kind, account = ("claim.returned", RECEIVABLES) if to_patient else ("claim.written_off", WRITTEN_OFF)
    return _booking(kind, step, currency, {account: amount, PAYER_RECEIVABLES: -amount})


def cash_moved(movement: UUID, kind: str, amount: Money) -> Booking:
    """Book cash that was put into a drawer (above zero) or taken out, and where it came from or went."""
    other = _MOVES[CashMove(kind)]
    return _booking("cash.moved", movement, amount.currency, {CASH: amount.amount, other: -amount.amount})


def drawer_closed(drawer: UUID, currency: str, difference: int) -> Booking:
    """Book what was counted beyond what should have been in the drawer, or short of it: no lines where it is right."""
    return _booking("drawer.closed", drawer, currency, {CASH: difference, CASH_OVER_SHORT: -difference})


def payout_received(payout: UUID, gross: Money, fee: Money, *, gateway: str, at: datetime) -> Booking:
    """Book that a gateway paid out what it had taken, and kept its fee."""
    lines = {BANK: (gross - fee).amount, GATEWAY_FEES: fee.amount, clearing_account(gateway): -gross.amount}
    return replace(_booking("payout.received", payout, gross.currency, lines), at=at)


def clearing_account(gateway: str) -> str:
    """Name the account where money waits for the payout of a gateway, or of the card terminal's bank."""
    return _DESK_ACCOUNTS[Method.card_terminal] if gateway == TERMINAL else f"{GATEWAY_CLEARING}:{gateway}"


def stray_captured(payment: UUID, currency: str, account: str, amount: int) -> Booking:
    """Book money that the gateway took and nobody here asked for: it is somebody's, and not ours."""
    return _booking("payment.captured", payment, currency, {account: amount, SUSPENSE: -amount})


def _booking(kind: str, subject: UUID, currency: str, lines: dict[str, int]) -> Booking:
    moved = tuple((account, amount) for account, amount in lines.items() if amount)
    return Booking(kind, subject, currency, moved)
