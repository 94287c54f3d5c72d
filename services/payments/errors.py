"""The refusals of this service."""

from typing import Any

from careconnect.errors import Conflict, FieldError, InvalidInput, NotFound, Refusal, Unavailable


class InvoiceNotFound(NotFound):
    """There is no such invoice."""

    code, title = "invoice_not_found", "There is no such invoice"


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code, title = "payment_not_found", "There is no such payment"


class RefundNotFound(NotFound):
    """There is no such refund."""

    code, title = "refund_not_found", "There is no such refund"


class DunningNotFound(NotFound):
    """Nobody is reminded of this invoice."""

    code, title = "dunning_not_found", "Nobody is reminded of this invoice"


class NothingDue(Conflict):
    """Nothing is to be paid on the invoice, so nobody is reminded of it."""

    code, title = "nothing_due", "Nothing is due on this invoice"


class GatewayNotFound(NotFound):
    """Nobody here speaks with a gateway of that name."""

    code, title = "gateway_not_found", "There is no such gateway"


class CardDeclined(Refusal):
    """The bank said no; `decline_code` says why, `payment_id` where it is recorded."""

    code, status, title = "card_declined", 402, "The card was declined"


class CardNotKept(NotFound):
    """There is no such kept card, or it was forgotten."""

    code, title = "card_not_kept", "This card is not kept any more"


class CaptureFailed(Refusal):
    """The gateway would not take the authorised money; the payment stays authorised until it is released."""

    code, status, title = "capture_failed", 402, "The authorised money could not be taken"


class RefundFailed(Conflict):
    """The gateway would not return the money."""

    code, title = "refund_failed", "The gateway refused to return the money"


class GatewayUnknown(Unavailable):
    """The connection to the gateway broke after the request was sent: it may have happened. The same request heals."""

    code, title = "gateway_unknown", "It is not known yet whether the gateway did it; send the same request again"


class GatewayUnavailable(Unavailable):
    """The gateway does not work at the moment; nothing happened."""

    code, title = "gateway_unavailable", "The card gateway does not answer at the moment"


class PaymentUnresolved(Conflict):
    """The money of a payment that failed could not be let go: some may be held or taken, and a person has to look."""

    code, title = "payment_unresolved", "It is not known whether money is held or was taken; a person has to look"


class LinkNotFound(NotFound):
    """There is no such payment link."""

    code, title = "payment_link_not_found", "There is no such payment link"


class LinkOver(Conflict):
    """The payment link has run out, or was paid."""

    code, title = "payment_link_over", "This payment link was paid or has run out"


class GatewayHeldOff(GatewayUnavailable):
    """Nobody asks the gateway for a while, since it did not answer several times in a row; nothing was sent."""

    code = "gateway_held_off"


class GatewayKeysRefused(Unavailable):
    """The gateway does not accept the tenant's keys; nothing happened."""

    code, title = "gateway_keys_refused", "The card gateway does not accept the keys that are set for it"


class GatewayKeysMissing(InvalidInput):
    """An account cannot be used before its keys are set."""

    code, title = "gateway_keys_missing", "Set the keys of this gateway before it is used"


class PaymentReleased(Conflict):
    """The payment was released, so no money may be collected under its id any more."""

    code, title = "payment_released", "This payment was released"


class PaymentState(Conflict):
    """The payment's status does not allow it; `payment_status` names it."""

    code, title = "payment_state", "The payment's status does not allow this"


class InvoiceState(Conflict):
    """The invoice's status does not allow it; `invoice_status` names it."""

    code, title = "invoice_state", "The invoice's status does not allow this"


class DraftNotFound(NotFound):
    """There is no such draft of an invoice."""

    code, title = "invoice_draft_not_found", "There is no such draft; it was issued or discarded"


class InvoiceWasPaid(Conflict):
    """An invoice is entered in error only when no money ever came for it."""

    code, title = "invoice_was_paid", "Money came or is reserved for this invoice: return it, and it is cancelled then"


class InvoiceHoldsMoney(Conflict):
    """An invoice is cancelled only when no money is kept or reserved for it."""

    code, title = "invoice_holds_money", "Return the money of this invoice before you cancel it"


class AmountExceedsDue(Conflict):
    """More than is due, counting what other payments have reserved."""

    code, title = "amount_exceeds_due", "This is more than the invoice's open amount"


class CreditExceedsTotal(Conflict):
    """More than the invoice is for."""

    code, title = "credit_exceeds_total", "This is more than the invoice is for"


class AmountExceedsAuthorised(Conflict):
    """More than was authorised."""

    code, title = "amount_exceeds_authorised", "This is more than was authorised"


class RefundExceedsCaptured(Conflict):
    """More than what is left of the captured amount."""

    code, title = "refund_exceeds_captured", "This is more than what is left of the payment"


class PeriodNotOver(Conflict):
    """A month of the books is closed when it has ended, not before."""

    code, title = "period_not_over", "This month has not ended yet"


class EarlierPeriodOpen(Conflict):
    """Months are closed in their order; `period` names the one that comes first."""

    code, title = "earlier_period_open", "An earlier month is still open"


class PayoutKnown(Conflict):
    """The gateway's payout of this `reference` was entered before."""

    code, title = "payout_known", "This payout was entered before"


class LaterPeriodClosed(Conflict):
    """A month before a closed one takes no entries either, so the later one is opened first."""

    code, title = "later_period_closed", "A later month is closed"


class DiscountExceedsDue(Conflict):
    """More off than is still open: what was paid or reserved would be above the total."""

    code, title = "discount_exceeds_due", "This takes off more than the invoice's open amount"


class PatientCreditTooSmall(Conflict):
    """The patient's credit does not reach; `credit` is what there is, in minor units."""

    code, title = "patient_credit_too_small", "The patient's credit is smaller than this"


class NothingPaid(Conflict):
    """A receipt is for what was paid; an invoice that is still to be paid has payment links."""

    code, title = "nothing_paid", "Nothing has been paid on this invoice yet"


class DrawerNotFound(NotFound):
    """There is no such cash drawer, or it is somebody else's."""

    code, title = "drawer_not_found", "There is no such cash drawer"


class DrawerOpen(Conflict):
    """A person has one drawer open at a time; `drawer_id` names it."""

    code, title = "drawer_open", "You have a cash drawer open already"


class DrawerClosed(Conflict):
    """A closed drawer takes no cash and gives none."""

    code, title = "drawer_closed", "This cash drawer is closed"


class DrawerUnclosed(Conflict):
    """A drawer is reviewed when it has been closed."""

    code, title = "drawer_unclosed", "This cash drawer is still open"


class DrawerNeeded(Conflict):
    """The organisation takes cash into open drawers only, and whoever asks has none open in this currency."""

    code, title = "drawer_needed", "Open your cash drawer before you take or return cash"


class DrawerDiffers(Conflict):
    """What was counted is not what should be there; a reason closes it. Amounts are minor units."""

    code, title = "drawer_differs", "The count is not what should be in the drawer: count again, or say why"


class DrawerTooEmpty(Conflict):
    """More is to be taken out than should be in the drawer; `expected` is what should, in minor units."""

    code, title = "drawer_too_empty", "There is less than this in the drawer"


class PayerNotFound(NotFound):
    """There is no such payer."""

    code, title = "payer_not_found", "There is no such payer"


class PayerExists(Conflict):
    """Another payer has this code, or the id was used for another payer."""

    code, title = "payer_exists", "Another payer has this code"


class PayerRetired(Conflict):
    """The payer covers no new visits."""

    code, title = "payer_retired", "This payer covers no new visits"


class CoverageNotFound(NotFound):
    """The patient has no such coverage."""

    code, title = "coverage_not_found", "The patient has no such coverage"


class CoverageNotValid(Conflict):
    """The coverage begins after the visit, or has ended before it."""

    code, title = "coverage_not_valid", "The coverage does not hold on the day of the visit"


class ClaimNotFound(NotFound):
    """There is no such claim, or no such batch of claims."""

    code, title = "claim_not_found", "There is no such claim"


class ClaimState(Conflict):
    """The claim's status does not allow it; `claim_status` names it."""

    code, title = "claim_state", "The claim's status does not allow this"


class ClaimExceeded(Conflict):
    """More than the payer was asked for, or still owes; `left` is that, in minor units."""

    code, title = "claim_exceeded", "This is more than is left of the claim"


class ClaimUnderWay(Conflict):
    """The payer was asked for its share of the invoice; until it has refused, that share stands."""

    code, title = "claim_under_way", "A claim for this invoice is under way; settle it first"


class NothingToClaim(Conflict):
    """No payer owes anything of it, or no draft waits for this payer."""

    code, title = "nothing_to_claim", "There is nothing to claim"


class MoneyCheckNotFound(NotFound):
    """There is no such money check."""

    code, title = "money_check_not_found", "There is no such money check"


class OrphanNotFound(NotFound):
    """There is no such orphan."""

    code, title = "orphan_not_found", "There is no such orphan"


class OrphanSettled(Conflict):
    """The orphan does not wait any more; `orphan_status` says what became of it."""

    code, title = "orphan_settled", "This orphan has been settled"


class RemedyNotOffered(Conflict):
    """Nobody can do this about such an orphan; `remedies` names what can be done."""

    code, title = "remedy_not_offered", "This is not offered for such an orphan"


class GatewaySaysOtherwise(Conflict):
    """What is to be done does not fit what the gateway says by now; have the money checked again, and look anew."""

    code, title = "gateway_says_otherwise", "The gateway says something else by now; have the money checked again"


class SignatureInvalid(Refusal):
    """A webhook whose signature or time does not hold."""

    code, status, title = "signature_invalid", 400, "The signature of this event is not valid"


def wrong_currency(expected: str, field: str = "amount.currency", **extra: Any) -> InvalidInput:
    """Refuse an amount of another currency than the invoice's."""
    message = f"This is an invoice in {expected}."
    return InvalidInput(message, errors=[FieldError(field=field, code="currency", message=message)], **extra)
