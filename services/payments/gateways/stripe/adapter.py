"""The gateway protocol, spoken to Stripe."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import stripe

from careconnect.errors import FieldError, InvalidInput
from careconnect.money import Money
from services.payments.errors import (
    CaptureFailed,
    CardDeclined,
    GatewayUnavailable,
    GatewayUnknown,
    PaymentState,
    RefundFailed,
)
from services.payments.gateways.journal import Journal, Trace
from services.payments.gateways.protocol import Charges, LinkOrder, Order
from services.payments.gateways.stripe import words
from services.payments.gateways.stripe.faults import translated
from services.payments.schemas import GatewayCharge, GatewayRefund

_PAGE = 100
_SKEW = timedelta(minutes=5)
"""How far Stripe's clock may be from ours."""
_WITH_REFUNDS = "latest_charge.refunds"
_SESSION = "cs_"
_AFTERWARDS = "https://stripe.com"
"""Where a payer goes whose link names no page: Stripe asks for some address."""
_OF = " of "
"""Between a kept card and the customer that it is attached to; neither name has a space."""


class StripeGateway:
    """Stripe as one tenant speaks with it."""

    name = words.NAME

    def __init__(self, client: stripe.StripeClient, journal: Journal, tenant_id: UUID) -> None:
        self._intents = client.v1.payment_intents
        self._returns = client.v1.refunds
        self._customers = client.v1.customers
        self._sessions = client.v1.checkout.sessions
        self._journal = journal
        self._tenant = tenant_id

    async def authorise(self, order: Order, key: str) -> GatewayCharge:
        """Reserve the money. A card whose bank wants its owner to confirm is declined; see `Gateway`."""
        units = words.amount_of(order.amount)
        again = await self._journal.begin(
            key, order.reference, verb="authorise", amount=order.amount, token=order.token
        )
        if again:
            known = await self._intent(order.reference)
            if known:
                return await self._decided(known, order.reference, key)
        card, _, customer = order.token.partition(_OF)
        wanted: Any = {
            "amount": units,
            "currency": order.amount.currency.lower(),
            "payment_method": card,
            "payment_method_types": ["card"],
            "capture_method": "manual",
            "confirm": True,
            "metadata": self._metadata(order.reference),
        }
        wanted |= {"customer": customer, "off_session": True} if customer else {}
        try:
            with translated():
                made = await self._intents.create_async(wanted, {"idempotency_key": key})
        except GatewayUnavailable:
            if not again:
                await self._journal.unsent(key)
            raise
        except stripe.CardError as error:
            declined = _intent_in(error) or await self._intent(order.reference)
            if declined is None:
                raise GatewayUnknown from error
            return await self._decided(declined, order.reference, key)
        except stripe.InvalidRequestError as error:
            raise _refused(error) from error
        return await self._decided(made.to_dict(), order.reference, key)

    async def _decided(self, intent: Mapping[str, Any], reference: UUID, key: str) -> GatewayCharge:
        if words.undecided(intent):
            raise GatewayUnknown
        charge = words.charge(intent, reference)
        if intent["status"] == "requires_action":
            await self._cancel(intent["id"], f"{reference}:void:1")  # or its owner could confirm it later
        await self._journal.heard(key, intent["id"])
        return charge

    async def keep(self, reference: UUID, token: str, key: str) -> str:
        """Attach the card to a customer of its own, who stands for the patient there; see `Gateway`."""
        try:
            with translated():
                made: Any = {"payment_method": token, "metadata": self._metadata(reference)}
                customer = await self._customers.create_async(made, {"idempotency_key": key})
        except stripe.CardError as error:
            raise CardDeclined(decline_code="card_declined") from error
        except stripe.InvalidRequestError as error:
            raise _refused(error) from error
        return f"{token}{_OF}{customer.id}"

    async def renew(self, reference: UUID, key: str) -> GatewayCharge:
        """Reserve the money on a kept card with a new intent, which takes the place of the one that would lapse.

        Stripe cancels an intent that is not captured within some days and renews none, so it advises a new one:
        https://docs.stripe.com/payments/place-a-hold-on-a-payment-method. A card that is not kept can be charged once
        only; its reservation stands until it lapses, and is `voided` then. The same holds where the bank says no.
        """
        found = await self._intent(reference)
        if found is None:
            raise PaymentState(payment_status="unknown")
        if found["status"] == "requires_capture" and found.get("customer"):
            renewed = await self._reserved_anew(found, reference, key)
            if renewed:
                await self._journal.heard(key, renewed["id"])
                await self._take_over(renewed, reference, key)
        told = await self.find(reference)
        if told is None:
            raise GatewayUnknown
        return told

    async def _reserved_anew(self, old: Mapping[str, Any], reference: UUID, key: str) -> Mapping[str, Any] | None:
        """Make another intent with the card of `old`, once per `key`; None where the bank says no.

        It has our reference only when it takes over, so that one that was declined is nobody's.
        """
        again = await self._journal.begin(key, reference, verb="renew")
        if again:
            known = await self._listed(
                lambda one: (one.get("metadata") or {}).get(words.RENEWAL) == key, old["created"]
            )
            if known:
                return known if known["status"] == "requires_capture" else None
        named = {words.TENANT: str(self._tenant), words.RENEWAL: key, words.REPLACED: old["id"]}
        wanted: Any = {name: old[name] for name in ("amount", "currency", "customer", "payment_method")}
        wanted |= {"payment_method_types": ["card"], "capture_method": "manual", "confirm": True, "off_session": True}
        try:
            with translated():
                made = await self._intents.create_async(wanted | {"metadata": named}, {"idempotency_key": key})
        except GatewayUnavailable:
            if not again:
                await self._journal.unsent(key)
            raise
        except (stripe.CardError, stripe.InvalidRequestError):
            return None
        return made.to_dict() if made.status == "requires_capture" else None

    async def _take_over(self, renewed: Mapping[str, Any], reference: UUID, key: str) -> None:
        """Give the new intent our reference, take it from the old one, and let that go; harmless when repeated."""
        old = renewed["metadata"][words.REPLACED]
        with translated():
            await self._intents.update_async(renewed["id"], {"metadata": {words.PAYMENT: str(reference)}})
            await self._intents.update_async(old, {"metadata": {words.PAYMENT: ""}})
        await self._cancel(old, f"{key}:replaced")

    async def payment_link(self, order: LinkOrder, key: str) -> str:
        """Open a session of Stripe's Checkout; see `Gateway`."""
        price = {"currency": order.amount.currency.lower(), "unit_amount": words.amount_of(order.amount)}
        await self._journal.begin(key, order.reference, verb="link", amount=order.amount)
        metadata = self._metadata(order.reference)
        wanted: Any = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price | {"product_data": {"name": order.description}}}],
            "success_url": order.return_url or _AFTERWARDS,
            "expires_at": int(order.expires_at.timestamp()),
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
        }
        try:
            with translated():
                made = await self._sessions.create_async(wanted, {"idempotency_key": key})
        except stripe.InvalidRequestError as error:
            raise _refused(error) from error
        await self._journal.heard(key, made.id)
        return made.url or ""

    async def close_link(self, reference: UUID) -> None:
        """Expire the session; one that is complete or has expired stays as it is; see `Gateway`."""
        known = await self._journal.trace(reference)
        if known is None or known.gateway_id is None:
            return
        with suppress(stripe.InvalidRequestError), translated():
            await self._sessions.expire_async(known.gateway_id)

    async def capture(self, reference: UUID, amount: Money, key: str) -> GatewayCharge:
        """Take the money; see `Gateway`."""
        asked: Any = {"amount_to_capture": words.amount_of(amount)}
        again = await self._journal.begin(key, reference, verb="capture", amount=amount)
        found = await self._intent(reference)
        if found is None:
            raise PaymentState(payment_status="unknown")
        if not again or found["status"] == "requires_capture":
            try:
                with translated():
                    found = (await self._intents.capture_async(found["id"], asked, {"idempotency_key": key})).to_dict()
            except stripe.CardError as error:
                raise CaptureFailed from error
            except stripe.InvalidRequestError:
                found = await self._intent(reference) or found
        charge = words.charge(found, reference)
        if charge.status == "authorised":
            raise CaptureFailed
        if charge.status != "captured" or charge.captured != amount:
            raise PaymentState(payment_status=charge.status)
        await self._journal.heard(key, charge.id)
        return charge

    async def void(self, reference: UUID, key: str) -> GatewayCharge | None:
        """Let an authorisation go; see `Gateway`."""
        found = await self._intent(reference)
        if found is not None and found["status"] == "requires_capture":
            await self._cancel(found["id"], key)
        return await self.find(reference)

    async def refund(self, reference: UUID, refund: UUID, amount: Money, key: str) -> GatewayRefund:
        """Return money; see `Gateway`."""
        try:
            units = words.amount_of(amount)
        except InvalidInput as error:
            raise RefundFailed from error
        again = await self._journal.begin(key, refund, verb="refund", payment=reference, amount=amount)
        found = await self._intent(reference)
        if found is None:
            raise RefundFailed
        if again and (known := await self._refund(found, refund)):
            return await self._returned(known, reference, key)
        try:
            with translated():
                made = await self._returns.create_async(
                    {
                        "payment_intent": found["id"],
                        "amount": units,
                        "metadata": self._metadata(reference) | {words.REFUND: str(refund)},
                    },
                    {"idempotency_key": key},
                )
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            raise RefundFailed from error
        return await self._returned(made.to_dict(), reference, key)

    async def _returned(self, made: Mapping[str, Any], reference: UUID, key: str) -> GatewayRefund:
        told = words.refund(made, reference)
        if told.status == "failed":
            raise RefundFailed(failure=told.failure)
        await self._journal.heard(key, made["id"])
        return told

    async def _refund(self, intent: Mapping[str, Any], refund: UUID) -> Mapping[str, Any] | None:
        """Find our refund among those of an intent."""
        known = await self._refunds(intent)
        return next((one for one in known if words.reference_of(one, words.REFUND) == refund), None)

    async def _refunds(self, intent: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """List the refunds of an intent, however they stand: the first ones come with it, others are asked for."""
        charge = intent.get("latest_charge")
        if not isinstance(charge, Mapping):
            return []
        embedded = charge.get("refunds") or {}
        found: list[Mapping[str, Any]] = list(embedded.get("data", []))
        more = bool(embedded.get("has_more"))
        while more and found:
            asked: Any = {"payment_intent": intent["id"], "limit": _PAGE, "starting_after": found[-1]["id"]}
            with translated():
                page = await self._returns.list_async(asked)
            found += [one.to_dict() for one in page.data]
            more = bool(page.has_more and page.data)
        return found

    async def may_know(self, reference: UUID) -> bool:
        """Tell whether anything was sent under our reference; see `Gateway`."""
        return await self._journal.trace(reference) is not None

    async def find(self, reference: UUID) -> GatewayCharge | None:
        """Look up a charge; see `Gateway`."""
        found = await self._intent(reference)
        if found is None:
            return None
        if words.undecided(found):
            raise GatewayUnknown
        return words.charge(found, reference, await self._refunds(found))

    async def charges(self, since: datetime | None, cursor: str | None, limit: int) -> Charges:
        """List charges, the newest first; what is in the account and is not ours is left out."""
        asked: dict[str, Any] = {"limit": min(limit, _PAGE), "expand": [f"data.{_WITH_REFUNDS}"]}
        asked |= {"starting_after": cursor} if cursor else {}
        asked |= {"created": {"gte": int(since.timestamp())}} if since else {}
        page, more = await self._page(asked)
        items = []
        for intent in page:
            reference = words.reference_of(intent)
            ours = reference and words.reference_of(intent, words.TENANT) == self._tenant
            if reference and ours and not words.undecided(intent):
                items.append(words.charge(intent, reference, await self._refunds(intent)))
        return Charges(items, page[-1]["id"] if more else None)

    async def _page(self, asked: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        with translated():
            found = await self._intents.list_async(asked)  # type: ignore[arg-type] # the SDK's type is a literal
        page = [intent.to_dict() for intent in found.data]
        return page, bool(found.has_more and page)

    async def _cancel(self, intent: str, key: str) -> None:
        try:
            with translated():
                await self._intents.cancel_async(intent, None, {"idempotency_key": key})
        except stripe.InvalidRequestError:
            return  # it is over already; whoever wants to know how asks for it

    async def _intent(self, reference: UUID) -> dict[str, Any] | None:
        """Find the intent under our reference: by its id, or, where the answer that named it was lost, by looking."""
        trace = await self._journal.trace(reference)
        if trace is None:
            return None
        if trace.gateway_id is None:
            return await self._search(reference, trace)
        if trace.gateway_id.startswith(_SESSION):
            return await self._paid_at(trace.gateway_id)
        with translated():
            found = await self._intents.retrieve_async(trace.gateway_id, {"expand": [_WITH_REFUNDS]})
        return found.to_dict()

    async def _paid_at(self, session: str) -> dict[str, Any] | None:
        """Give the intent of a Checkout session; there is none before somebody pays."""
        with translated():
            found = await self._sessions.retrieve_async(session, {"expand": [f"payment_intent.{_WITH_REFUNDS}"]})
        intent = found.to_dict().get("payment_intent")
        return intent if isinstance(intent, dict) else None

    async def _search(self, reference: UUID, trace: Trace) -> dict[str, Any] | None:
        """Find the intent under our reference among those since we asked."""
        since = (trace.since - _SKEW).timestamp()
        return await self._listed(lambda one: words.reference_of(one) == reference, since)

    async def _listed(self, wanted: Callable[[dict[str, Any]], bool], since: float) -> dict[str, Any] | None:
        """Go through Stripe's own list back to `since`: unlike its search, the list is never behind."""
        cursor: dict[str, Any] = {}
        while True:
            page, more = await self._page({"limit": _PAGE, "expand": [f"data.{_WITH_REFUNDS}"], **cursor})
            for intent in page:
                if wanted(intent):
                    return intent
            if not more or page[-1]["created"] < since:
                return None
            cursor = {"starting_after": page[-1]["id"]}

    def _metadata(self, reference: UUID) -> dict[str, str]:
        return {words.PAYMENT: str(reference), words.TENANT: str(self._tenant)}


def _intent_in(error: stripe.CardError) -> dict[str, Any] | None:
    """Take the intent from the answer that says no, where it is there."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    intent = (body.get("error") or {}).get("payment_intent")
    return intent if isinstance(intent, dict) else None


def _refused(error: stripe.InvalidRequestError) -> InvalidInput:
    """Say which field Stripe does not take; its own words may quote what was sent, and stay out of it."""
    if error.param == "amount" or error.code in {"amount_too_small", "amount_too_large"}:
        wrong = FieldError(
            field="amount", code=error.code or "amount", message="The gateway does not take this amount."
        )
    else:
        wrong = FieldError(field="token", code="unknown_token", message="The gateway knows no such card.")
    return InvalidInput(errors=[wrong])
