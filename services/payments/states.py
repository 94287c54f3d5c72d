"""The words for where an invoice, a payment and a refund stand, and how money comes in."""

from enum import StrEnum
from typing import Literal


class InvoiceStatus(StrEnum):
    """Where an invoice stands (FHIR invoice-status); partly paid is still `issued`."""

    draft = "draft"
    issued = "issued"
    balanced = "balanced"
    cancelled = "cancelled"
    entered_in_error = "entered_in_error"


ENDED = frozenset({InvoiceStatus.cancelled, InvoiceStatus.entered_in_error})
"""Where an invoice stands that nobody owes any more: its entry in the ledger was reversed, and its number stays."""


class PaymentStatus(StrEnum):
    """Where one try to collect money stands."""

    pending = "pending"
    authorised = "authorised"
    captured = "captured"
    declined = "declined"
    voided = "voided"
    failed = "failed"


class RefundStatus(StrEnum):
    """Where one return of money stands."""

    pending = "pending"
    succeeded = "succeeded"
    failed = "failed"


class EarnedAs(StrEnum):
    """As what the price of an appointment was earned: the visit took place, or a fee is kept although it did not."""

    visit = "visit"
    fee = "fee"


class Method(StrEnum):
    """How the patient pays."""

    card = "card"
    card_terminal = "card_terminal"
    cash = "cash"
    bank_transfer = "bank_transfer"
    insurance = "insurance"
    online_link = "online_link"
    patient_credit = "patient_credit"

    @property
    def through_gateway(self) -> bool:
        """Whether a gateway moves the money; otherwise the desk has it in hand when it writes the payment."""
        return self in {Method.card, Method.online_link}


class CashMove(StrEnum):
    """Why cash is put into a drawer or taken out of it, but for what patients pay and get back."""

    bank_drop = "bank_drop"
    bank_cash = "bank_cash"
    petty_cash = "petty_cash"
    petty_return = "petty_return"

    @property
    def puts_in(self) -> bool:
        """Whether the drawer holds more afterwards."""
        return self in {CashMove.bank_cash, CashMove.petty_return}


class GatewayKind(StrEnum):
    """The card gateways that this service has an adapter for."""

    sandbox = "sandbox"
    stripe = "stripe"


DECLINES = {
    "card_declined": "The bank declined the card.",
    "insufficient_funds": "The card has too little money.",
    "expired_card": "The card has expired.",
    "authentication_required": "The bank wants the card's owner to confirm: send a payment link, or take another card.",
}
"""Why a card is declined (decline code), with the sentence for people."""

PaymentSort = Literal["made", "-made", "amount", "-amount"]
"""By when a payment was made, or by currency and amount; a minus turns it round."""
DraftSort = Literal["begun", "-begun", "total", "-total"]
"""By when a draft was begun, or by its currency and total; a minus turns it round."""
InvoiceSort = Literal["issued", "-issued", "number", "-number", "total", "-total"]
"""By when an invoice was issued, its number, or its currency and total; a minus turns it round."""
