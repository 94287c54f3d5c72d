"""Steps that move money, each under a business key, so that a repeat is harmless."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from temporalio import activity

from activities.answers import insisting, refusing
from activities.breaker import THRESHOLD, Breakers
from careconnect import clock
from careconnect.auth import Actor
from services.payments.client import PaymentsClient
from services.payments.errors import (
    GatewayHeldOff,
    GatewayUnavailable,
    InvoiceHoldsMoney,
    InvoiceNotFound,
    PaymentNotFound,
)
from services.payments.schemas import (
    CaptureWrite,
    CardWrite,
    CreditWrite,
    Invoice,
    InvoiceWrite,
    LineTax,
    LineWrite,
    LinkWrite,
    NewInvoice,
    Payment,
    PaymentLink,
    PaymentWrite,
    Refund,
    RefundWrite,
    ReleaseWrite,
    Unfinished,
    VisitEnd,
)
from services.payments.states import InvoiceStatus, PaymentStatus
from workflows import ids
from workflows.contracts import (
    AuthoriseRequest,
    CaptureRequest,
    CardRequest,
    FiguresRequest,
    HeldPayment,
    InvoiceRequest,
    InvoiceTarget,
    MoneyHeld,
    MoneyTarget,
    PageRequest,
    PageStanding,
    PaymentRelease,
    PaymentResult,
    PaymentTarget,
    RefundRequest,
    Refused,
    RenewalRequest,
    SourceFigures,
    SweepRequest,
    VisitEarned,
)

R = TypeVar("R")
DESK = "desk"
_PAGE_HOURS = 1
"""How long a page at the gateway stands by itself: longer than the hold that closes it, and what Stripe takes."""
_AT_GATEWAY = {PaymentStatus.authorised, PaymentStatus.captured}


class PaymentActivities:
    """Holds the client of the payments service."""

    def __init__(self, payments: PaymentsClient, gateway_faults: int = THRESHOLD) -> None:
        self.payments = payments
        self.breakers = Breakers(payments, gateway_faults)

    @activity.defn(name="issue_invoice")
    @refusing(PaymentResult)
    async def issue_invoice(self, request: InvoiceRequest) -> PaymentResult:
        """Issue the invoice of a visit that is paid later; there is no payment yet."""
        wanted = _invoice(request)
        write = InvoiceWrite.model_validate(wanted.model_dump(exclude={"id"}))
        await self.payments.issue_invoice(request.actor, request.invoice_id, write)
        return PaymentResult()

    @activity.defn(name="cancel_invoice")
    @insisting
    async def cancel_invoice(self, request: InvoiceTarget) -> None:
        """Cancel what is no longer owed; harmless when it was never issued, or was cancelled before."""
        try:
            await self.payments.cancel_invoice(request.actor, request.invoice_id, request.reason)
        except InvoiceNotFound:
            activity.logger.info("no_invoice_to_cancel")

    @activity.defn(name="close_invoices")
    @insisting
    async def close_invoices(self, request: MoneyTarget) -> None:
        """Let what is no longer owed for an appointment go: an invoice of which money is kept is for that much."""
        money = await self.payments.for_appointment(request.actor, request.appointment_id)
        for invoice in money.invoices:
            if invoice.status in {InvoiceStatus.issued, InvoiceStatus.balanced}:
                await self._close(request, invoice)
        # What is still invoiced by now is a fee that is kept.
        ended = VisitEnd(took_place=False, ended_at=clock.now())
        await self.payments.end_visit(request.actor, request.appointment_id, ended)

    @activity.defn(name="earn_visit")
    @insisting
    async def earn_visit(self, request: VisitEarned) -> None:
        """Let the price of a visit that took place be revenue, and no deposit any more."""
        ended = VisitEnd(took_place=True, ended_at=request.ended_at)
        await self.payments.end_visit(request.actor, request.appointment_id, ended)

    async def _close(self, request: MoneyTarget, invoice: Invoice) -> None:
        kept = invoice.paid - invoice.refunded
        try:
            if not kept:
                await self.payments.cancel_invoice(request.actor, invoice.id, request.reason)
            elif (rest := invoice.total - invoice.credited - kept).amount > 0:
                # The same amount of the same invoice is let go once, however often this is tried. No payer covers what
                # is kept of a visit that did not take place.
                key, covered = ids.credit_of(invoice.id, kept.amount), invoice.payer is not None
                wanted = CreditWrite(amount=rest, reason=request.reason, uncover=covered)
                await self.payments.credit_invoice(request.actor, invoice.id, key, wanted)
        except InvoiceHoldsMoney:
            activity.logger.info("invoice_holds_money")

    @activity.defn(name="read_appointment_money")
    @insisting
    async def held(self, request: MoneyTarget) -> MoneyHeld:
        """List the payments that hold money for an appointment, whoever collected them."""
        money = await self.payments.for_appointment(request.actor, request.appointment_id)
        return MoneyHeld(
            payments=[
                HeldPayment(payment_id=one.id, held=one.captured - one.refunded if one.captured else one.amount)
                for one in money.payments
                if one.status == PaymentStatus.authorised or one.captured.amount > one.refunded.amount
            ]
        )

    @activity.defn(name="authorise_payment")
    @refusing(PaymentResult)
    async def authorise(self, request: AuthoriseRequest) -> PaymentResult:
        """Issue the invoice and reserve the money at the gateway, or book what the desk has in hand."""
        wanted = PaymentWrite(
            invoice=_invoice(request.invoice) if request.invoice else None,
            invoice_id=request.invoice_id,
            method=request.method,
            token=request.token,
            card_id=request.card_id,
            amount=request.amount,
            surplus=request.surplus,
        )

        async def step() -> Payment:
            return await self.payments.authorise(request.actor, request.payment_id, wanted)

        if request.token is None and request.card_id is None:
            return PaymentResult(payment=await step())
        try:
            pinned = await self._pinned(request.actor, request.payment_id, request.card_id)
            return PaymentResult(payment=await self.breakers.call(request.actor.tenant_id, step, pinned))
        except GatewayHeldOff as held:
            if request.token is None:
                raise  # nobody waits for a card that was kept: it is charged once the gateway is back
            if await self.payments.may_be_known(request.actor, request.payment_id):
                raise  # an earlier try may have reserved the money: it is asked for until that is known
            refusal = GatewayUnavailable(retry_after=held.extra["retry_after"])
            return PaymentResult(refused=Refused.of(refusal))

    async def _pinned(self, actor: Actor, reference: UUID, card_id: UUID | None = None) -> str | None:
        """Name the gateway that was chosen for a payment, page or card before, if any.

        A first try of something new has none, so that nobody waits for this question; a try that follows trouble may.
        """
        first = not activity.in_activity() or activity.info().attempt == 1
        if first and card_id is None and not self.breakers.saw_trouble(actor.tenant_id):
            return None
        return await self.payments.gateway_of(actor, reference, card_id)

    @activity.defn(name="open_payment_page")
    @refusing(PageStanding)
    async def open_page(self, request: PageRequest) -> PageStanding:
        """Have the gateway make a page where an amount of an invoice is paid; there is no payment yet."""
        wanted = LinkWrite(invoice_id=request.invoice_id, amount=request.amount, valid_hours=_PAGE_HOURS)

        async def step() -> PaymentLink:
            return await self.payments.offer_link(request.actor, request.payment_id, wanted)

        try:
            pinned = await self._pinned(request.actor, request.payment_id)
            link = await self.breakers.call(request.actor.tenant_id, step, pinned)
        except GatewayHeldOff as held:
            return PageStanding(refused=Refused.of(GatewayUnavailable(retry_after=held.extra["retry_after"])))
        return PageStanding(gateway=link.gateway)

    @activity.defn(name="look_at_payment_page")
    @refusing(PageStanding)
    async def look_at_page(self, request: PaymentTarget) -> PageStanding:
        """Look whether it was paid at a page, without waiting for the gateway to tell."""

        async def step() -> PaymentLink:
            return await self.payments.look_at_link(request.actor, request.payment_id)

        pinned = request.gateway or await self.payments.gateway_of(request.actor, request.payment_id)
        link = await self.breakers.call(request.actor.tenant_id, step, pinned)
        if link.status != "paid":
            return PageStanding(closed=link.status == "closed")
        return PageStanding(payment=await self.payments.get_payment(request.actor, request.payment_id))

    @activity.defn(name="keep_card")
    @refusing(PaymentResult)
    async def keep_card(self, request: CardRequest) -> PaymentResult:
        """Have the gateway keep a card for a later charge; there is no payment yet."""
        if request.patient_id is None:
            return PaymentResult()
        wanted = CardWrite(patient_id=request.patient_id, token=request.token)

        async def step() -> None:
            await self.payments.keep_card(request.actor, request.card_id, wanted)

        try:
            pinned = await self._pinned(request.actor, request.card_id)
            await self.breakers.call(request.actor.tenant_id, step, pinned)
        except GatewayHeldOff as held:
            return PaymentResult(refused=Refused.of(GatewayUnavailable(retry_after=held.extra["retry_after"])))
        return PaymentResult()

    @activity.defn(name="forget_card")
    @insisting
    async def forget_card(self, request: CardRequest) -> None:
        """Have a card charged no more; harmless when it was never kept."""
        await self.payments.forget_card(request.actor, request.card_id)

    @activity.defn(name="renew_payment")
    @refusing(PaymentResult)
    async def renew(self, request: RenewalRequest) -> PaymentResult:
        """Reserve the money anew before the reservation lapses."""

        async def step() -> Payment:
            return await self.payments.renew(request.actor, request.payment_id, request.turn)

        return PaymentResult(payment=await self._guarded(request, step))

    @activity.defn(name="capture_payment")
    @refusing(PaymentResult)
    async def capture(self, request: CaptureRequest) -> PaymentResult:
        """Take the reserved money."""
        wanted = CaptureWrite(amount=request.amount)

        async def step() -> Payment:
            return await self.payments.capture(request.actor, request.payment_id, wanted)

        if request.gateway in {None, DESK}:
            return PaymentResult(payment=await self._guarded(request, step))
        # Without a look at the payment first: somebody waits for this, and what was reserved a moment ago is there.
        return PaymentResult(payment=await self.breakers.call(request.actor.tenant_id, step, request.gateway))

    @activity.defn(name="void_payment")
    @refusing(PaymentResult)
    async def void(self, request: PaymentRelease) -> PaymentResult:
        """Let go of reserved money."""

        async def step() -> Payment:
            return await self.payments.void(request.actor, request.payment_id)

        return PaymentResult(payment=await self._guarded(request, step))

    @activity.defn(name="refund_payment")
    @refusing(PaymentResult)
    async def refund(self, request: RefundRequest) -> PaymentResult:
        """Return captured money, all or a part."""
        wanted = RefundWrite(amount=request.amount, reason=request.reason)

        async def step() -> Refund:
            return await self.payments.refund(request.actor, request.payment_id, request.refund_id, wanted)

        await self._guarded(request, step)
        return PaymentResult(payment=await self.payments.get_payment(request.actor, request.payment_id))

    @activity.defn(name="release_payment")
    @insisting
    async def release(self, request: PaymentRelease) -> None:
        """Make sure that no money of this payment is kept, whatever happened to it before."""
        wanted = ReleaseWrite(reason=request.reason, cancel_invoice=request.cancel_invoice)

        async def step() -> Payment:
            return await self.payments.release(request.actor, request.payment_id, wanted)

        await self._guarded(request, step)

    async def _guarded(self, request: PaymentTarget, step: Callable[[], Awaitable[R]]) -> R:
        """Take a step of a payment that is at a gateway, unless that one is left alone.

        One that holds nothing at a gateway, or of which nobody has heard, needs none: its door is shut here.
        """
        try:
            known = await self.payments.get_payment(request.actor, request.payment_id)
        except PaymentNotFound:
            return await step()
        if known.gateway == DESK or known.status not in _AT_GATEWAY:
            return await step()
        return await self.breakers.call(request.actor.tenant_id, step, known.gateway)

    @activity.defn(name="read_payment")
    @refusing(PaymentResult)
    async def standing(self, request: PaymentTarget) -> PaymentResult:
        """Read where a payment stands."""
        return PaymentResult(payment=await self.payments.get_payment(request.actor, request.payment_id))

    @activity.defn(name="finish_gateway_events")
    async def finish_events(self, request: SweepRequest) -> Unfinished:
        """Look into events that waited for their gateway, and tell whose money is still to go back."""
        actor = request.actor or Actor.workflow(request.tenant_id, "events", frozenset({"payments:refund"}))
        return await self.payments.finish_events(actor)

    @activity.defn(name="payment_figures")
    async def figures(self, request: FiguresRequest) -> SourceFigures:
        """Add up money for the dashboard."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"payments:read"}))
        found = [
            await self.payments.figures(actor, since=period.start, until=period.end, zone=period.zone)
            for period in request.periods
        ]
        return SourceFigures(source="payments", figures=[one.model_dump(mode="json") for one in found])


def _invoice(request: InvoiceRequest) -> NewInvoice:
    taxed = {"name": request.tax_name, "rate": request.tax_rate, "inclusive": request.tax_inclusive}
    tax = LineTax.model_validate(taxed) if request.tax_name else None
    return NewInvoice(
        id=request.invoice_id,
        patient_id=request.patient_id,
        appointment_id=request.appointment_id,
        lines=[LineWrite(description=request.description, unit=request.price, tax=tax)],
        zone=request.zone,
        coverage_id=request.coverage_id,
        visit_day=request.visit_day,
        authorisation_number=request.authorisation_number,
    )
