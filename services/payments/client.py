"""The payments service as its callers see it."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.errors import Refusal, Unavailable
from careconnect.pagination import Page
from services.payments import errors as _errors  # noqa: F401 - a refusal comes back as its class only if that is known
from services.payments.checks_client import MoneyChecksClient
from services.payments.drafts_client import DraftsClient
from services.payments.drawers_client import DrawersClient
from services.payments.dunning_client import DunningClient
from services.payments.earning_client import EarningClient
from services.payments.schemas import (
    AppointmentMoney,
    Balance,
    CancellationWrite,
    CaptureWrite,
    CardWrite,
    Checkout,
    CheckoutWrite,
    CreditWrite,
    Deliveries,
    DeliveryWrite,
    DiscountWrite,
    Entry,
    EntryFilter,
    Figures,
    GatewayAccount,
    GatewayAccountWrite,
    GatewayCharge,
    GatewayStandingWrite,
    Invoice,
    InvoiceWrite,
    LinkWrite,
    PatientCredit,
    Payment,
    PaymentLink,
    PaymentWrite,
    Period,
    PeriodWrite,
    Refund,
    RefundWrite,
    ReleaseWrite,
    RenewalWrite,
    Summary,
    Takings,
    Traces,
    Unfinished,
    WebhookReceipt,
)
from services.payments.states import GatewayKind, InvoiceSort, InvoiceStatus, Method, PaymentSort, PaymentStatus

T = TypeVar("T")
GATEWAY_TIMEOUT = 25.0
"""Seconds to wait for an answer that a gateway has part in; a slow one takes eight."""


class PaymentsClient(MoneyChecksClient, DraftsClient, DrawersClient, DunningClient, EarningClient):
    """Typed calls to the payments service; refusals come back as the classes of `services.payments.errors`."""

    service = "payments"

    async def issue_invoice(self, actor: Actor, invoice_id: UUID, wanted: InvoiceWrite) -> Invoice:
        """Issue an invoice under an id of the caller's."""
        return await self.call(actor, "PUT", f"/invoices/{invoice_id}", json=wanted, into=Invoice)

    async def get_invoice(self, actor: Actor, invoice_id: UUID) -> Invoice:
        """Read an invoice with its lines."""
        return await self.call(actor, "GET", f"/invoices/{invoice_id}", into=Invoice)

    async def list_invoices(
        self,
        actor: Actor,
        *,
        patient_id: UUID | None = None,
        appointment_id: UUID | None = None,
        status: InvoiceStatus | None = None,
        number: str | None = None,
        currency: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: InvoiceSort = "-issued",
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[Invoice]:
        """List invoices in the order of `sort`."""
        params: dict[str, Any] = {"patient_id": patient_id, "appointment_id": appointment_id, "status": status}
        params |= {"number": number, "currency": currency, "from": since, "to": until, "sort": sort}
        params |= {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/invoices", params=params, into=Page[Invoice])

    async def discount(self, actor: Actor, invoice_id: UUID, discount_id: UUID, wanted: DiscountWrite) -> Invoice:
        """Take something off an open invoice; needs payments:discount."""
        path = f"/invoices/{invoice_id}/discounts/{discount_id}"
        return await self.call(actor, "PUT", path, json=wanted, into=Invoice)

    async def patient_credit(self, actor: Actor, patient_id: UUID) -> list[PatientCredit]:
        """Read what the clinic holds for a patient, in each currency."""
        return await self.call(actor, "GET", f"/patients/{patient_id}/credit", into=list[PatientCredit])

    async def cancel_invoice(self, actor: Actor, invoice_id: UUID, reason: str) -> Invoice:
        """Cancel an invoice that holds no money."""
        path, wanted = f"/invoices/{invoice_id}/cancellation", CancellationWrite(reason=reason)
        return await self.call(actor, "POST", path, json=wanted, into=Invoice)

    async def credit_invoice(self, actor: Actor, invoice_id: UUID, credit_id: UUID, wanted: CreditWrite) -> Invoice:
        """Let a part of an invoice go, under an id of the caller's."""
        return await self.call(actor, "PUT", f"/invoices/{invoice_id}/credits/{credit_id}", json=wanted, into=Invoice)

    async def authorise(self, actor: Actor, payment_id: UUID, wanted: PaymentWrite) -> Payment:
        """Collect: authorise a card, or take money at the desk; issues the invoice if that is part of it."""
        return await self._ask(actor, "PUT", f"/payments/{payment_id}", wanted, Payment)

    async def capture(self, actor: Actor, payment_id: UUID, wanted: CaptureWrite | None = None) -> Payment:
        """Take an authorised payment, in full or in part."""
        return await self._ask(actor, "POST", f"/payments/{payment_id}/capture", wanted or CaptureWrite(), Payment)

    async def renew(self, actor: Actor, payment_id: UUID, turn: int) -> Payment:
        """Reserve an authorised payment's money anew, before the reservation lapses."""
        return await self._ask(actor, "POST", f"/payments/{payment_id}/renewal", RenewalWrite(turn=turn), Payment)

    async def keep_card(self, actor: Actor, card_id: UUID, wanted: CardWrite) -> None:
        """Have the gateway keep a card for a later charge."""
        await self.call(actor, "PUT", f"/cards/{card_id}", json=wanted, timeout=GATEWAY_TIMEOUT)

    async def forget_card(self, actor: Actor, card_id: UUID) -> None:
        """Charge a kept card no more."""
        await self.call(actor, "DELETE", f"/cards/{card_id}")

    async def void(self, actor: Actor, payment_id: UUID) -> Payment:
        """Let an authorised payment go; harmless when there is nothing to let go."""
        return await self._ask(actor, "POST", f"/payments/{payment_id}/void", None, Payment)

    async def refund(self, actor: Actor, payment_id: UUID, refund_id: UUID, wanted: RefundWrite) -> Refund:
        """Return captured money, in full or in part."""
        return await self._ask(actor, "PUT", f"/payments/{payment_id}/refunds/{refund_id}", wanted, Refund)

    async def release(self, actor: Actor, payment_id: UUID, wanted: ReleaseWrite) -> Payment:
        """Undo a payment, whatever became of it; needs payments:refund."""
        return await self._ask(actor, "PUT", f"/payments/{payment_id}/release", wanted, Payment)

    async def get_payment(self, actor: Actor, payment_id: UUID) -> Payment:
        """Read a payment."""
        return await self.call(actor, "GET", f"/payments/{payment_id}", into=Payment)

    async def list_payments(
        self,
        actor: Actor,
        *,
        status: PaymentStatus | None = None,
        method: Method | None = None,
        patient_id: UUID | None = None,
        appointment_id: UUID | None = None,
        invoice_id: UUID | None = None,
        refunded: bool | None = None,
        failed: bool | None = None,
        currency: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: PaymentSort = "-made",
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[Payment]:
        """List payments in the order of `sort`."""
        params: dict[str, Any] = {"status": status, "method": method, "patient_id": patient_id}
        params |= {"appointment_id": appointment_id, "invoice_id": invoice_id, "from": since, "to": until}
        params |= {"refunded": refunded, "failed": failed, "currency": currency, "sort": sort}
        params |= {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/payments", params=params, into=Page[Payment])

    async def list_refunds(self, actor: Actor, payment_id: UUID) -> list[Refund]:
        """List the refunds of a payment, oldest first."""
        return await self.call(actor, "GET", f"/payments/{payment_id}/refunds", into=list[Refund])

    async def refunds_of(
        self, actor: Actor, patient_id: UUID, *, until: datetime | None = None, limit: int = 50
    ) -> Page[Refund]:
        """List the refunds of a patient, the newest first."""
        params = {"to": until, "limit": limit}
        return await self.call(actor, "GET", f"/patients/{patient_id}/refunds", params=params, into=Page[Refund])

    async def get_refund(self, actor: Actor, payment_id: UUID, refund_id: UUID) -> Refund:
        """Read a refund."""
        return await self.call(actor, "GET", f"/payments/{payment_id}/refunds/{refund_id}", into=Refund)

    async def summary(
        self,
        actor: Actor,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        currency: str | None = None,
    ) -> Summary:
        """Count and add up what is paid, pending, failed and refunded."""
        params = {"from": since, "to": until, "currency": currency}
        return await self.call(actor, "GET", "/payments/summary", params=params, into=Summary)

    async def currencies(self, actor: Actor) -> list[str]:
        """Name each currency in which anything was ever owed or taken."""
        return await self.call(actor, "GET", "/payments/currencies", into=list[str])

    async def for_appointment(self, actor: Actor, appointment_id: UUID) -> AppointmentMoney:
        """Read all the money of an appointment."""
        return await self.call(actor, "GET", f"/appointments/{appointment_id}/money", into=AppointmentMoney)

    async def balances(
        self, actor: Actor, *, first: str | None = None, last: str | None = None, each_period: bool = False
    ) -> list[Balance]:
        """Add up every account of the ledger, over the months `first` to `last`, together or each."""
        params = {"from": first, "to": last, "each_period": each_period}
        return await self.call(actor, "GET", "/ledger/balances", params=params, into=list[Balance])

    async def ledger_entries(
        self, actor: Actor, wanted: EntryFilter, *, limit: int = 50, cursor: str | None = None, count: bool = False
    ) -> Page[Entry]:
        """List the entries of a month, the newest first."""
        params = wanted.model_dump() | {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/ledger/entries", params=params, into=Page[Entry])

    async def ledger_periods(self, actor: Actor) -> list[Period]:
        """List the months of the books, the newest first."""
        return await self.call(actor, "GET", "/ledger/periods", into=list[Period])

    async def set_ledger_period(self, actor: Actor, period: str, wanted: PeriodWrite) -> Period:
        """Close a month of the books, or open it again; needs ledger:close."""
        return await self.call(actor, "PUT", f"/ledger/periods/{period}", json=wanted, into=Period)

    async def figures(
        self, actor: Actor, *, since: datetime, until: datetime, zone: str, currency: str | None = None
    ) -> Figures:
        """Compute the dashboard's numbers, all of one moment."""
        params = {"from": since, "to": until, "zone": zone, "currency": currency}
        return await self.call(actor, "GET", "/figures", params=params, into=Figures)

    async def takings(self, actor: Actor, *, since: datetime, until: datetime, zone: str) -> list[Takings]:
        """Add up by currency what came in and what went back, also by day of `zone`."""
        params = {"from": since, "to": until, "zone": zone}
        return await self.call(actor, "GET", "/takings", params=params, into=list[Takings])

    async def gateway_charges(
        self,
        actor: Actor,
        *,
        since: datetime | None = None,
        gateway: str | None = None,
        limit: int = 200,
        cursor: str | None = None,
    ) -> Page[GatewayCharge]:
        """List what the gateway charged and returned, as it says itself."""
        params = {"since": since, "gateway": gateway, "limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/gateway/charges", params=params, into=Page[GatewayCharge])

    async def deliver_events(self, actor: Actor, wanted: DeliveryWrite) -> Deliveries:
        """Let the sandbox gateway deliver its waiting events."""
        return await self.call(actor, "POST", "/gateway/sandbox/deliveries", json=wanted, into=Deliveries, timeout=120)

    async def may_be_known(self, actor: Actor, payment_id: UUID) -> bool:
        """Tell whether a gateway may know of a payment, without asking it."""
        found = await self.call(actor, "GET", f"/payments/{payment_id}/traces", into=Traces)
        return found.may_be_known

    async def gateway_of(self, actor: Actor, payment_id: UUID, card_id: UUID | None = None) -> str | None:
        """Name the gateway that a payment goes through, or that keeps its card; None while nobody has chosen it."""
        path, params = f"/payments/{payment_id}/traces", {"card_id": card_id}
        return (await self.call(actor, "GET", path, params=params, into=Traces)).gateway

    async def offer_link(self, actor: Actor, link_id: UUID, wanted: LinkWrite) -> PaymentLink:
        """Have an amount of an invoice paid by a link, under an id that becomes that of the payment."""
        return await self._ask(actor, "PUT", f"/links/{link_id}", wanted, PaymentLink)

    async def links_of(self, actor: Actor, invoice_id: UUID) -> list[PaymentLink]:
        """List the payment links of an invoice, the newest first."""
        return await self.call(actor, "GET", f"/invoices/{invoice_id}/links", into=list[PaymentLink])

    async def look_at_link(self, actor: Actor, link_id: UUID) -> PaymentLink:
        """Have it looked up at the gateway whether a link was paid."""
        return await self._ask(actor, "PUT", f"/links/{link_id}/standing", None, PaymentLink)

    async def close_link(self, actor: Actor, link_id: UUID) -> PaymentLink:
        """Let nothing be paid by a link any more."""
        return await self._ask(actor, "PUT", f"/links/{link_id}/closing", None, PaymentLink)

    async def sandbox_checkout(self, actor: Actor, link_id: UUID) -> Checkout:
        """Read a page of the sandbox gateway."""
        return await self.call(actor, "GET", f"/gateway/sandbox/checkouts/{link_id}", into=Checkout)

    async def pay_sandbox_checkout(self, actor: Actor, link_id: UUID, token: str) -> WebhookReceipt:
        """Pay at a page of the sandbox gateway, as the cardholder does."""
        path = f"/gateway/sandbox/checkouts/{link_id}/payment"
        return await self._ask(actor, "POST", path, CheckoutWrite(token=token), WebhookReceipt)

    async def gateway_accounts(self, actor: Actor) -> list[GatewayAccount]:
        """List the gateways, with how each stands; never a key."""
        return await self.call(actor, "GET", "/gateways", into=list[GatewayAccount])

    async def change_gateway(self, actor: Actor, kind: GatewayKind, wanted: GatewayAccountWrite) -> None:
        """Set the keys of a gateway, and whether it is used."""
        await self.call(actor, "PUT", f"/gateways/{kind}", json=wanted)

    async def note_standing(self, actor: Actor, kind: str, wanted: GatewayStandingWrite) -> None:
        """Note whether calls to a gateway go through."""
        await self.call(actor, "PUT", f"/gateways/{kind}/standing", json=wanted)

    async def finish_events(self, actor: Actor) -> Unfinished:
        """Do what acknowledged events left undone, and learn whose money is to go back."""
        return await self._ask(actor, "POST", "/gateway/events/unfinished", None, Unfinished)

    async def webhook(self, gateway: str, body: bytes, signature: str, tenant_id: UUID | None = None) -> WebhookReceipt:
        """Hand on an event of a gateway just as it came; its signature says who asks.

        Raises:
            SignatureInvalid: the gateway did not send it, or long ago.
            Unavailable: it was not taken in; the gateway will send it again.
        """
        headers = {"gateway-signature": signature, "content-type": "application/json"}
        path = f"/webhooks/{gateway}/{tenant_id}" if tenant_id else f"/webhooks/{gateway}"
        try:
            answer = await self._connection.http.post(path, content=body, headers=headers)
        except httpx.TransportError as error:
            raise Unavailable.of("The payments service") from error
        if answer.is_success:
            return WebhookReceipt.model_validate_json(answer.content)
        if answer.is_server_error:
            raise Unavailable.of("The payments service")
        raise Refusal.from_problem(answer.json())

    async def _ask(self, actor: Actor, method: str, path: str, wanted: BaseModel | None, into: type[T]) -> T:
        return await self.call(actor, method, path, json=wanted, into=into, timeout=GATEWAY_TIMEOUT)
