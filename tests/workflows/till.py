"""A made-up payments service with its card gateway: what was reserved, taken and returned, each once per id."""

from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments.errors import (
    CaptureFailed,
    CardDeclined,
    CardNotKept,
    InvoiceHoldsMoney,
    InvoiceNotFound,
    PaymentNotFound,
    PaymentReleased,
    RefundExceedsCaptured,
    RefundFailed,
)
from services.payments.schemas import (
    AppointmentMoney,
    CaptureWrite,
    CardWrite,
    CreditWrite,
    Earned,
    GatewayAccount,
    GatewayStandingWrite,
    Invoice,
    LinkWrite,
    Payment,
    PaymentLink,
    PaymentWrite,
    RefundWrite,
    VisitEnd,
)
from services.payments.states import InvoiceStatus, Method, PaymentStatus
from tests.workflows.services import PRICE, SOME_DAY
from tests.workflows.trouble import Troubled

CARD = "pm_card_visa"
_NONE = Money(amount=0, currency="LKR")


class Till:
    """Keeps invoices, payments and refunds."""

    def __init__(self, world: Troubled) -> None:
        self.world = world
        self.invoices: dict[UUID, Invoice] = {}
        self.payments: dict[UUID, Payment] = {}
        self.refunds: dict[UUID, Money] = {}
        self.released: set[UUID] = set()
        self.standings: list[GatewayStandingWrite] = []
        self.cards: dict[UUID, str] = {}
        self.renewed: list[int] = []
        self.pinned: dict[UUID, str] = {}
        self.ended: dict[UUID, bool] = {}
        self.links: dict[UUID, PaymentLink] = {}

    def kept(self) -> int:
        """Add up what is reserved or taken and not returned."""
        return sum(
            one.amount.amount if one.status == PaymentStatus.authorised else one.captured.amount - one.refunded.amount
            for one in self.payments.values()
        )

    async def gateway_accounts(self, _actor: Actor) -> list[GatewayAccount]:
        shown = {"publishable_key": "", "has_secret_key": False, "has_webhook_secret": False, "version": None}
        known = GatewayAccount.model_validate(
            shown | {"kind": "sandbox", "active": True, "standing": {}, "events_today": 0, "refused_today": 0}
        )
        return [known]

    async def may_be_known(self, _actor: Actor, key: UUID) -> bool:
        return key in self.payments

    async def gateway_of(self, _actor: Actor, key: UUID, _card: UUID | None = None) -> str | None:
        await self.world.meet("gateway_of")
        return self.pinned.get(key)

    async def note_standing(self, _actor: Actor, _kind: str, wanted: GatewayStandingWrite) -> None:
        self.standings.append(wanted)

    async def issue_invoice(self, _actor: Actor, key: UUID, wanted: Any) -> Invoice:
        await self.world.meet("issue_invoice")
        total = wanted.total
        return self.invoices.setdefault(
            key,
            Invoice(
                id=key, number="INV-2026-000001", patient_id=wanted.patient_id, appointment_id=wanted.appointment_id,
                lines=[], total=total, paid=_NONE, refunded=_NONE, credited=_NONE, due=total,
                status=InvoiceStatus.issued, issued_at=SOME_DAY, version=1,
            ),
        )  # fmt: skip

    async def cancel_invoice(self, _actor: Actor, key: UUID, _reason: str) -> Invoice:
        await self.world.meet("cancel_invoice")
        if key not in self.invoices:
            raise InvoiceNotFound
        if any(one.invoice_id == key and self._holds(one) for one in self.payments.values()):
            raise InvoiceHoldsMoney
        self.invoices[key] = self.invoices[key].model_copy(update={"status": InvoiceStatus.cancelled})
        return self.invoices[key]

    async def credit_invoice(self, _actor: Actor, key: UUID, _credit: UUID, wanted: CreditWrite) -> Invoice:
        await self.world.meet("credit_invoice")
        invoice = self.invoices[key]
        self.invoices[key] = invoice.model_copy(update={"credited": invoice.credited + wanted.amount})
        return self.invoices[key]

    async def end_visit(self, _actor: Actor, appointment_id: UUID, wanted: VisitEnd) -> Earned:
        await self.world.meet("end_visit")
        self.ended.setdefault(appointment_id, wanted.took_place)
        return Earned(invoices=1)

    def _holds(self, one: Payment) -> bool:
        return one.status == PaymentStatus.authorised or one.captured.amount > one.refunded.amount

    async def authorise(self, actor: Actor, key: UUID, wanted: PaymentWrite) -> Payment:
        await self.world.meet("authorise")
        if key in self.released:
            raise PaymentReleased
        if key in self.payments:
            return self.payments[key]
        invoice = await self.issue_invoice(actor, wanted.invoice.id, wanted.invoice) if wanted.invoice else None
        invoice = invoice or self.invoices[wanted.invoice_id]  # type: ignore[index]
        if wanted.card_id and wanted.card_id not in self.cards:
            raise CardNotKept
        token = self.cards[wanted.card_id] if wanted.card_id else wanted.token
        declined = token in {"pm_card_chargeDeclined", "pm_card_chargeCustomerFail"}
        status = PaymentStatus.authorised if wanted.method.through_gateway else PaymentStatus.captured
        made = self.add(
            key, invoice.appointment_id, wanted.amount, PaymentStatus.declined if declined else status,
            invoice_id=invoice.id, method=wanted.method,
        )  # fmt: skip
        if declined:
            raise CardDeclined(decline_code="card_declined")
        return made

    def add(
        self, key: UUID, appointment_id: UUID | None, amount: Money, status: PaymentStatus, **known: Any
    ) -> Payment:
        said = {"invoice_id": None, "method": Method.card} | known
        self.payments[key] = Payment(
            id=key, invoice_number=None, appointment_id=appointment_id, patient_id=None, amount=amount, status=status,
            captured=amount if status == PaymentStatus.captured else _NONE, refunded=_NONE, decline_code=None,
            gateway=self.pinned.get(key, "sandbox"), gateway_reference=None, created_at=SOME_DAY, captured_at=None,
            version=1, **said,
        )  # fmt: skip
        return self.payments[key]

    async def offer_link(self, _actor: Actor, key: UUID, wanted: LinkWrite) -> PaymentLink:
        await self.world.meet("offer_link")
        amount = wanted.amount or self.invoices[wanted.invoice_id].due
        return self.links.setdefault(
            key,
            PaymentLink(
                id=key, invoice_id=wanted.invoice_id, amount=amount, gateway=self.pinned.get(key, "sandbox"), url="",
                status="open", expires_at=SOME_DAY,
            ),
        )  # fmt: skip

    async def look_at_link(self, _actor: Actor, key: UUID) -> PaymentLink:
        await self.world.meet("look_at_link")
        return self.links[key]

    def pay_link(self, key: UUID) -> None:
        """Pay at the page, as the patient does; what comes after the release goes back at once."""
        link = self.links[key] = self.links[key].model_copy(update={"status": "paid"})
        invoice = self.invoices[link.invoice_id]
        self.add(
            key, invoice.appointment_id, link.amount, PaymentStatus.captured, invoice_id=invoice.id,
            method=Method.online_link,
        )  # fmt: skip

    async def keep_card(self, _actor: Actor, key: UUID, wanted: CardWrite) -> None:
        await self.world.meet("keep_card")
        if wanted.token == "pm_card_chargeDeclined":
            raise CardDeclined(decline_code="card_declined")
        self.cards[key] = wanted.token

    async def forget_card(self, _actor: Actor, key: UUID) -> None:
        await self.world.meet("forget_card")
        self.cards.pop(key, None)

    async def renew(self, _actor: Actor, key: UUID, turn: int) -> Payment:
        await self.world.meet("renew")
        self.renewed.append(turn)
        return self.payments[key]

    async def capture(self, _actor: Actor, key: UUID, wanted: CaptureWrite) -> Payment:
        await self.world.meet("capture")
        payment = self.payments[key]
        if payment.status == PaymentStatus.authorised:
            taken = wanted.amount or payment.amount
            self._change(key, status=PaymentStatus.captured, captured=taken)
        elif payment.status != PaymentStatus.captured:
            raise CaptureFailed
        return self.payments[key]

    async def void(self, _actor: Actor, key: UUID) -> Payment:
        await self.world.meet("void")
        return self._change(key, status=PaymentStatus.voided)

    async def refund(self, _actor: Actor, key: UUID, refund_id: UUID, wanted: RefundWrite) -> None:
        try:
            await self.world.meet("refund")
        except RefundFailed:
            self.refunds[refund_id] = _NONE
            raise
        if refund_id in self.refunds:
            if not self.refunds[refund_id]:
                raise RefundFailed
            return
        payment = self.payments[key]
        amount = wanted.amount or payment.captured - payment.refunded
        if amount.amount > payment.captured.amount - payment.refunded.amount:
            raise RefundExceedsCaptured
        self.refunds[refund_id] = amount
        self._change(key, refunded=payment.refunded + amount)

    async def release(self, actor: Actor, key: UUID, wanted: Any) -> None:
        await self.world.meet("release_payment")
        self.released.add(key)
        payment = self.payments.get(key)
        if payment and payment.status == PaymentStatus.authorised:
            self._change(key, status=PaymentStatus.voided)
        elif payment and payment.captured.amount > payment.refunded.amount:
            rest = payment.captured - payment.refunded
            self.refunds[derived_id(key, "release")] = rest
            self._change(key, refunded=payment.captured)
        if payment and payment.invoice_id and wanted.cancel_invoice:
            await self.cancel_invoice(actor, payment.invoice_id, wanted.reason)

    async def get_payment(self, _actor: Actor, key: UUID) -> Payment:
        await self.world.meet("read_payment")
        if key not in self.payments:
            raise PaymentNotFound
        return self.payments[key]

    async def for_appointment(self, _actor: Actor, appointment_id: UUID) -> AppointmentMoney:
        await self.world.meet("read_money")
        return AppointmentMoney(
            invoices=[self._counted(one) for one in self.invoices.values() if one.appointment_id == appointment_id],
            payments=[one for one in self.payments.values() if one.appointment_id == appointment_id],
            refunds=[],
        )

    def _counted(self, invoice: Invoice) -> Invoice:
        """Add up what was paid for an invoice and what went back."""
        mine = [one for one in self.payments.values() if one.invoice_id == invoice.id]
        paid, refunded = (sum((getattr(one, name) for one in mine), _NONE) for name in ("captured", "refunded"))
        return invoice.model_copy(update={"paid": paid, "refunded": refunded})

    def _change(self, key: UUID, **changes: Any) -> Payment:
        self.payments[key] = self.payments[key].model_copy(update=changes)
        return self.payments[key]


HALF = Money(amount=PRICE.amount // 2, currency=PRICE.currency)
