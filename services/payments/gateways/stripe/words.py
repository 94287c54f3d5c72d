"""What Stripe says, in our words. The SDK's objects are read as mappings, since a list may leave fields out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from careconnect.errors import FieldError, InvalidInput
from careconnect.ids import derived_id
from careconnect.money import Money, minor_digits
from services.payments.schemas import GatewayCharge, GatewayRefund
from services.payments.states import DECLINES

NAME = "stripe"
PAYMENT, REFUND, TENANT = "careconnect_payment", "careconnect_refund", "careconnect_tenant"
RENEWAL, REPLACED = "careconnect_renewal", "careconnect_replaced"
"""The names of our ids in Stripe's metadata: RENEWAL is of one turn of a reservation, REPLACED the intent before it."""
_STATUS = {
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "voided",
    "requires_payment_method": "declined",
    "requires_action": "declined",
}
_REFUND_STATUS: dict[str, Literal["succeeded", "failed"]] = {
    "succeeded": "succeeded", "failed": "failed", "canceled": "failed"
}  # fmt: skip
"""How a refund ended; anything else is on its way: https://docs.stripe.com/refunds#understand-refund-statuses"""
_TAKEN = frozenset((
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP",
    "CRC", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP",
    "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "ISK", "JMD", "JOD", "JPY",
    "KES", "KGS", "KHR", "KMF", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL",
    "MGA", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK",
    "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF",
    "SAR", "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "STD", "SZL", "THB", "TJS", "TND", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VND", "VUV", "WST", "XAF", "XCD", "XCG",
    "XOF", "XPF", "YER", "ZAR", "ZMW",
))  # fmt: skip
"""What cards are charged in, some of it in some countries only: https://docs.stripe.com/currencies"""
_IN_WHOLE = frozenset((
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
))  # fmt: skip
"""Counted in whole units: https://docs.stripe.com/currencies#zero-decimal

Everything else is counted in hundredths, also where CLDR knows no minor unit: ISK and UGX, which stand on that list and
yet are sent with two zeros, and the likes of RSD and LAK.
"""
_IN_THOUSANDTHS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Taken in tens of them only: https://docs.stripe.com/currencies#three-decimal"""


def amount_of(money: Money) -> int:
    """Write an amount as Stripe counts it.

    Raises:
        InvalidInput: Stripe cannot take just this amount, and another one would not be what is owed; or it does not
            take the currency.
    """
    if money.currency not in _TAKEN:
        message = "The gateway does not take this currency."
        raise InvalidInput(errors=[FieldError(field="amount", code="currency_not_taken", message=message)])
    if money.currency in _IN_THOUSANDTHS and money.amount % 10:
        message = "The gateway takes this currency in tens of its smallest unit only."
        raise InvalidInput(errors=[FieldError(field="amount", code="not_in_tens", message=message)])
    return money.amount * _finer(money.currency)


def money_of(amount: int, currency: str) -> Money:
    """Read an amount as Stripe counts it; what is finer than the currency's minor unit is never ours, and is cut."""
    code = currency.upper()
    return Money(amount=amount // _finer(code), currency=code)


def _finer(currency: str) -> int:
    """Tell how many of Stripe's units are one of ours."""
    in_hundredths = currency not in _IN_WHOLE | _IN_THOUSANDTHS
    return 100 if in_hundredths and minor_digits(currency) == 0 else 1


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
    returned = [refund(one, reference) for one in refunds]
    settled = [one for one in returned if one.status == "succeeded"]
    return GatewayCharge.model_validate(
        {
            "gateway": NAME,
            "id": intent["id"],
            "reference": reference,
            "amount": money_of(intent["amount"], currency),
            "captured": money_of(taken, currency),
            "refunded": sum((one.amount for one in settled), money_of(0, currency)),
            "status": status,
            "decline_code": decline_code(intent) if status == "declined" else None,
            "created_at": datetime.fromtimestamp(intent["created"], UTC),
            "refunds": settled,
            "unsettled": [one for one in returned if one.status != "succeeded"],
        }
    )


def undecided(intent: Mapping[str, Any]) -> bool:
    """Tell whether Stripe itself does not know yet how it ends."""
    return intent["status"] not in _STATUS


def refund(one: Mapping[str, Any], payment: UUID) -> GatewayRefund:
    """Read a refund. One that was made in Stripe's own dashboard gets an id here that nobody else has."""
    reference = reference_of(one, REFUND) or derived_id("stripe refund", one["id"])
    status = _REFUND_STATUS.get(one.get("status") or "succeeded", "pending")
    return GatewayRefund(
        id=one["id"],
        reference=reference,
        payment=payment,
        amount=money_of(one["amount"], one["currency"]),
        status=status,
        failure=(one.get("failure_reason") or one["status"]) if status == "failed" else None,
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
