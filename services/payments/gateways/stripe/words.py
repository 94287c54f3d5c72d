"""What Stripe says, in our words. The SDK's objects are read as mappings, since a list may leave fields out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from careconnect.errors import FieldError, InvalidInput
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments.schemas import GatewayCharge, GatewayRefund
from services.payments.states import DECLINES

NAME = "stripe"
PAYMENT, REFUND, TENANT = "careconnect_payment", "careconnect_refund", "careconnect_tenant"
"""The names of our ids in Stripe's metadata."""
_STATUS = {
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "voided",
    "requires_payment_method": "declined",
    "requires_action": "declined",
}
_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
"""Without minor units by ISO 4217, and yet counted in hundredths by Stripe: https://docs.stripe.com/currencies"""

_IN_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Counted in thousandths, and taken in tens of them only: https://docs.stripe.com/currencies#three-decimal"""


def amount_of(money: Money) -> int:
    """Write an amount as Stripe counts it.

    Raises:
        InvalidInput: Stripe cannot take just this amount, and another one would not be what is owed.
    """
    if money.currency in _IN_TENS and money.amount % 10:
        message = "The gateway takes this currency in tens of its smallest unit only."
        raise InvalidInput(errors=[FieldError(field="amount", code="not_in_tens", message=message)])
    return money.amount * 100 if money.currency in _IN_HUNDREDTHS else money.amount


def money_of(amount: int, currency: str) -> Money:
    """Read an amount as Stripe counts it."""
    code = currency.upper()
    return Money(amount=amount // 100 if code in _IN_HUNDREDTHS else amount, currency=code)


def reference_of(thing: Mapping[str, Any], name: str = PAYMENT) -> UUID | None:
    """Read our id from the metadata of an intent, a charge, a session or a refund; None if it is not ours."""
    try:
        return UUID((thing.get("metadata") or {})[name])
    except (KeyError, ValueError):
        return None


def charge(intent: Mapping[str, Any], reference: UUID, refunds: Sequence[Mapping[str, Any]] = ()) -> GatewayCharge:
    """Read a payment intent whose status is final for now; see `undecided`."""
    currency, status = intent["currency"], _STATUS[intent["status"]]
    taken = intent.get("amount_received", intent["amount"]) if status == "captured" else 0
    returned = [refund(one, reference) for one in refunds if one.get("status") not in {"failed", "canceled"}]
    return GatewayCharge.model_validate(
        {
            "gateway": NAME,
            "id": intent["id"],
            "reference": reference,
            "amount": money_of(intent["amount"], currency),
            "captured": money_of(taken, currency),
            "refunded": money_of(sum(one["amount"] for one in refunds), currency),
            "status": status,
            "decline_code": decline_code(intent) if status == "declined" else None,
            "created_at": datetime.fromtimestamp(intent["created"], UTC),
            "refunds": returned,
        }
    )


def undecided(intent: Mapping[str, Any]) -> bool:
    """Tell whether Stripe itself does not know yet how it ends."""
    return intent["status"] not in _STATUS


def refund(one: Mapping[str, Any], payment: UUID) -> GatewayRefund:
    """Read a refund. One that was made in Stripe's own dashboard gets an id here that nobody else has."""
    reference = reference_of(one, REFUND) or derived_id("stripe refund", one["id"])
    return GatewayRefund(
        id=one["id"], reference=reference, payment=payment, amount=money_of(one["amount"], one["currency"])
    )


def decline_code(intent: Mapping[str, Any]) -> str:
    """Tell in our words why the bank said no; Stripe advises to tell people no more than this.

    Source: https://docs.stripe.com/declines/codes
    """
    if intent["status"] == "requires_action":
        return "authentication_required"
    error = intent.get("last_payment_error") or {}
    codes = (error.get("decline_code"), error.get("code"))
    return next((code for code in codes if code in DECLINES), "card_declined")
