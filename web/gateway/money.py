"""Payments as processes: taking money, capturing, voiding and returning it."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from activities.receipts.mailing import payment_address
from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.ids import derived_id, uuid7
from careconnect.links import SignedLinks
from careconnect.money import Money
from services.identity.client import IdentityClient
from services.identity.errors import LocationNotFound
from services.payments.client import PaymentsClient
from services.payments.errors import DrawerNeeded
from services.payments.schemas import Drawer, DrawerWrite, LinkWrite, Payment, PaymentLink
from services.payments.states import Method
from web.gateway.balances import PatientBalance, balance_of
from web.gateway.engine import Engine, attributes
from workflows import ids
from workflows.contracts import (
    AuthoriseRequest,
    CaptureRequest,
    CollectRequest,
    PaymentResult,
    PaymentTarget,
    RefundRequest,
    Settlement,
)
from workflows.events import LATE, SCOPES
from workflows.payment import PaymentCapture

_NEARLY_OVER = timedelta(minutes=30)
"""A page that is open for less than this is not given to somebody who begins to pay."""


class Collection(BaseModel):
    """Money that somebody wants to take for an invoice."""

    invoice_id: UUID
    method: Method
    amount: Money
    token: str | None = None
    capture: bool = True
    surplus: Literal["refuse", "credit"] = "refuse"
    tendered: Money | None = None

    def fingerprint(self) -> str:
        """Tell whether a repeated request is the same one.

        Where cash was handed over (`tendered`) and the change goes back, what counts is that, since what is due has
        changed when the request comes again.
        """
        return str(derived_id(self.model_dump_json(exclude={"amount"} if self.tendered else set(), exclude_none=True)))


class MoneyProcesses:
    """The payment processes."""

    def __init__(self, engine: Engine, payments: PaymentsClient, identity: IdentityClient, links: SignedLinks) -> None:
        self._engine = engine
        self._links = links
        self._payments = payments
        self._identity = identity

    async def collect(self, actor: Actor, wanted: Collection, key: str | None = None) -> Payment:
        """Take money, once per `key`.

        Raises:
            IdempotencyConflict: the key was used for another payment.
            Refusal: the payment was refused, such as a declined card.
        """
        payment_id = derived_id("desk payment", actor.tenant_id, actor.id, key) if key else uuid7()
        fingerprint = wanted.fingerprint()
        authorise = AuthoriseRequest(
            actor=actor,
            payment_id=payment_id,
            amount=wanted.amount,
            method=wanted.method,
            token=wanted.token,
            invoice_id=wanted.invoice_id,
            surplus=wanted.surplus,
        )
        request = CollectRequest(
            actor=actor, payment_id=payment_id, authorise=authorise, capture=wanted.capture, request_hash=fingerprint
        )
        result: PaymentResult = await self._begin(
            actor, payment_id, request, PaymentCapture.collect, fingerprint, f"collect-{payment_id}"
        )
        if result.request_hash and result.request_hash != fingerprint:
            raise IdempotencyConflict
        return _payment(result)

    async def balance(self, actor: Actor, patient_id: UUID) -> PatientBalance:
        """Tell what a patient owes, and what the clinic holds for them."""
        return await balance_of(self._payments, actor, patient_id)

    async def capture(self, actor: Actor, payment_id: UUID, amount: Money | None = None) -> Payment:
        """Take reserved money, all or a part. The service keeps a repeat harmless, and a refusal may heal."""
        asked = CaptureRequest(actor=actor, payment_id=payment_id, amount=amount)
        return await self._ask(actor, payment_id, PaymentCapture.capture, asked, f"capture-{uuid7()}")

    async def void(self, actor: Actor, payment_id: UUID) -> Payment:
        """Let go of reserved money."""
        asked = PaymentTarget(actor=actor, payment_id=payment_id)
        return await self._ask(actor, payment_id, PaymentCapture.void, asked, f"void-{uuid7()}")

    async def refund(
        self, actor: Actor, payment_id: UUID, reason: str, amount: Money | None = None, key: str | None = None
    ) -> Payment:
        """Return captured money, all or a part, once per `key`.

        Raises:
            IdempotencyConflict: the key was used for another refund.
            DrawerNeeded: it goes back in cash, and the organisation's cash needs an open drawer.
        """
        payment = await self._payments.get_payment(actor, payment_id)
        if payment.method == Method.cash and (await self._payments.cash_rule(actor)).drawer_needed:
            drawer = await self._payments.my_drawer(actor)
            if drawer is None or drawer.opening.currency != payment.amount.currency:
                raise DrawerNeeded
        refund_id = derived_id("desk refund", actor.tenant_id, actor.id, key) if key else uuid7()
        asked = RefundRequest(actor=actor, payment_id=payment_id, refund_id=refund_id, amount=amount, reason=reason)
        said = derived_id(payment_id, reason, amount)  # another body reaches the service, which refuses it
        return await self._ask(actor, payment_id, PaymentCapture.refund, asked, f"refund-{refund_id}-{said}")

    async def open_drawer(self, actor: Actor, drawer_id: UUID, wanted: DrawerWrite) -> Drawer:
        """Open a cash drawer at one of the organisation's places.

        Raises:
            LocationNotFound: there is no such place.
            DrawerOpen: the actor has one open already.
        """
        places = await self._identity.locations(Actor.system("identity:read", tenant_id=actor.tenant_id))
        if not any(place.id == wanted.location_id and place.active for place in places):
            raise LocationNotFound
        return await self._payments.open_drawer(actor, drawer_id, wanted)

    async def link(self, actor: Actor, link_id: UUID, wanted: LinkWrite) -> PaymentLink:
        """Have an amount of an invoice paid at the gateway's own page."""
        return self._addressed(actor, await self._payments.offer_link(actor, link_id, wanted))

    async def current_link(self, actor: Actor, invoice_id: UUID) -> PaymentLink:
        """Give the page where all that is due on an invoice is paid: the one that is open, or a new one.

        Two who ask at the same time get the same.

        Raises:
            InvoiceState, AmountExceedsDue: nothing is to be paid.
        """
        due = (await self._payments.get_invoice(actor, invoice_id)).due
        known = await self._payments.links_of(actor, invoice_id)
        soon = clock.now() + _NEARLY_OVER
        for link in known:
            if link.status == "open" and link.amount == due and link.expires_at > soon:
                return self._addressed(actor, link)
        link_id = derived_id("current link", invoice_id, due.amount, len(known))
        return await self.link(actor, link_id, LinkWrite(invoice_id=invoice_id))

    async def close_link(self, actor: Actor, link_id: UUID) -> PaymentLink:
        """Let nothing be paid by a link any more."""
        return self._addressed(actor, await self._payments.close_link(actor, link_id))

    async def links(self, actor: Actor, invoice_id: UUID) -> list[PaymentLink]:
        """List the payment links of an invoice."""
        return [self._addressed(actor, one) for one in await self._payments.links_of(actor, invoice_id)]

    def _addressed(self, actor: Actor, link: PaymentLink) -> PaymentLink:
        """Fill in the address of the sandbox's page, which this edge serves."""
        return link.model_copy(update={"url": payment_address(self._links, actor.tenant_id, link)})

    async def pay_checkout(self, actor: Actor, link_id: UUID, token: str) -> None:
        """Pay at the sandbox's page; what came too late goes back.

        Raises:
            CardDeclined, LinkOver: it was not paid.
        """
        receipt = await self._payments.pay_sandbox_checkout(actor, link_id, token)
        if receipt.return_payment:
            await self.give_back(actor.tenant_id, receipt.return_payment)
        if receipt.paid_appointment:
            await self.tell_booking(receipt.paid_appointment)

    async def tell_booking(self, appointment_id: UUID) -> None:
        """Tell a booking, which may be waiting for it, that a gateway told of its payment; a repeat is harmless.

        Raises:
            EngineUnavailable: the engine does not answer; the booking looks by itself a little later.
        """
        await self._engine.nudge(ids.appointment(appointment_id), "page_was_paid")

    async def give_back(self, tenant_id: UUID, payment_id: UUID) -> None:
        """Let money go back that came when nothing was owed any more; a repeat is harmless.

        Raises:
            EngineUnavailable: the engine does not answer; the sweep of unfinished events does it later.
        """
        actor = Actor.workflow(tenant_id, "events", SCOPES)
        await self._engine.signal(
            PaymentCapture.run,
            CollectRequest(actor=actor, payment_id=payment_id),
            ids.payment(payment_id),
            "settle",
            Settlement(actor=actor, reason=LATE, cause=LATE),
            attributes=attributes(actor),
            summary="Payment",
        )

    async def _ask(self, actor: Actor, payment_id: UUID, update: Any, asked: BaseModel, update_id: str) -> Payment:
        """Speak to the payment's workflow; one that ended long ago is started again for it."""
        await self._payments.get_payment(actor, payment_id)
        request = CollectRequest(actor=actor, payment_id=payment_id)
        result: PaymentResult = await self._begin(actor, payment_id, request, update, asked, update_id, again=True)
        return _payment(result)

    async def _begin(
        self,
        actor: Actor,
        payment_id: UUID,
        request: CollectRequest,
        update: Any,
        argument: Any,
        update_id: str,
        *,
        again: bool = False,
    ) -> PaymentResult:
        return await self._engine.begin(
            PaymentCapture.run,
            request,
            ids.payment(payment_id),
            update,
            argument,
            into=PaymentResult,
            update_id=update_id,
            attributes=attributes(actor),
            summary="Payment",
            again=again,
        )


def _payment(result: PaymentResult) -> Payment:
    if result.refused:
        raise result.refused.refusal()
    if result.payment is None:
        message = "a result without refusal carries the payment"
        raise ValueError(message)
    return result.payment
