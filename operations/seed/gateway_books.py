"""The sandbox gateway's own books, which say the same as ours."""

from typing import Any

from operations.seed.money import Account, Paid, Return

_TOKENS: dict[str | None, str] = {
    None: "pm_card_visa",
    "card_declined": "pm_card_chargeDeclined",
    "insufficient_funds": "pm_card_chargeDeclinedInsufficientFunds",
    "expired_card": "pm_card_chargeDeclinedExpiredCard",
}
"""The test card of each answer, by its decline code."""


def charge(books: Account, paid: Paid) -> dict[str, Any]:
    """Give the row of a charge."""
    return {
        "id": paid.charge_id,
        "reference": paid.id,
        "token": _TOKENS[paid.decline],
        "currency": books.currency,
        "amount": paid.amount,
        "captured": paid.captured,
        "refunded": paid.refunded,
        "status": paid.status.value,
        "decline_code": paid.decline,
        "created_at": paid.at,
    }


def refunded(paid: Paid, back: Return) -> dict[str, Any]:
    """Give the row of a refund."""
    return {
        "id": back.gateway_id,
        "charge_id": paid.charge_id,
        "reference": back.id,
        "amount": back.amount,
        "created_at": back.at,
    }
