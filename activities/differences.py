"""Steps that let a visit cost less than was invoiced; each repeat finds what the one before has done."""

from temporalio import activity

from activities.answers import insisting
from careconnect.money import Money
from services.payments.client import PaymentsClient
from services.payments.schemas import AppointmentMoney, CreditWrite, Invoice, RefundWrite
from services.payments.states import InvoiceStatus
from workflows import ids
from workflows.contracts import LowerRequest, MoneyTarget, Owed

_OPEN = {InvoiceStatus.issued, InvoiceStatus.balanced}


class DifferenceActivities:
    """Holds the client of the payments service."""

    def __init__(self, payments: PaymentsClient) -> None:
        self.payments = payments

    @activity.defn(name="read_owed")
    @insisting
    async def owed(self, request: MoneyTarget) -> Owed:
        """Add up what is owed for an appointment, paid or not, in the currency of its first invoice."""
        money = await self.payments.for_appointment(request.actor, request.appointment_id)
        amounts = [_owed(one) for one in money.invoices if one.status in _OPEN]
        same = [one for one in amounts if one.currency == amounts[0].currency]
        return Owed(total=sum(same[1:], same[0]) if same else None)

    @activity.defn(name="lower_invoices")
    @insisting
    async def lower(self, request: LowerRequest) -> None:
        """Let the invoices in its currency add up to `total`, the newest first, and return what was paid above it."""
        money = await self.payments.for_appointment(request.actor, request.appointment_id)
        open_ones = [one for one in reversed(money.invoices) if one.status in _OPEN]
        invoices = [one for one in open_ones if one.total.currency == request.total.currency]
        surplus = sum(_owed(one).amount for one in invoices) - request.total.amount
        for invoice in invoices:
            less = min(surplus, _owed(invoice).amount)
            if less > 0:
                await self._lower(request, money, invoice, Money(amount=less, currency=request.total.currency))
                surplus -= less

    async def _lower(self, request: LowerRequest, money: AppointmentMoney, invoice: Invoice, less: Money) -> None:
        rest = _owed(invoice) - less
        await self._give_back(request, money, invoice, invoice.paid - invoice.refunded - _patients(invoice, rest))
        if rest:
            wanted = CreditWrite(amount=less, reason=request.reason)
            key = ids.credit_of(invoice.id, rest.amount)
            await self.payments.credit_invoice(request.actor, invoice.id, key, wanted)
        else:
            await self.payments.cancel_invoice(request.actor, invoice.id, request.reason)

    async def _give_back(self, request: LowerRequest, money: AppointmentMoney, invoice: Invoice, back: Money) -> None:
        for payment in reversed(money.payments):
            part = min(back, payment.captured - payment.refunded, key=lambda one: one.amount)
            if payment.invoice_id == invoice.id and part.amount > 0:
                key = ids.refund_of(payment.id, request.cause)
                wanted = RefundWrite(amount=part, reason=request.reason)
                await self.payments.refund(request.actor, payment.id, key, wanted)
                back -= part


def _patients(invoice: Invoice, rest: Money) -> Money:
    """Tell what is left for the patient when `rest` is owed together."""
    covered = invoice.payer.cover.share(rest.amount) if invoice.payer else 0
    return rest - Money(amount=covered, currency=rest.currency)


def _owed(invoice: Invoice) -> Money:
    return invoice.total - invoice.credited
