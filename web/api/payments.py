"""`/payments`: taking, capturing, voiding and returning money; each moves the payment's process."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.money import Currency
from careconnect.pagination import Page, PagingQuery
from services.payments.errors import (
    AmountExceedsAuthorised,
    AmountExceedsDue,
    CaptureFailed,
    CardDeclined,
    DrawerNeeded,
    GatewayUnavailable,
    InvoiceNotFound,
    InvoiceState,
    PatientCreditTooSmall,
    PaymentNotFound,
    PaymentState,
    PaymentUnresolved,
    RefundExceedsCaptured,
    RefundFailed,
)
from services.payments.schemas import CaptureWrite, Payment, PositiveMoney, Refund, RefundWrite, Summary
from services.payments.states import Method, PaymentSort, PaymentStatus
from web.api.etags import TAGGED, Tagged
from web.api.keys import IdempotencyKey
from web.api.listing import LIST, listed
from web.api.openapi import WAITING, refusals
from web.gateway.errors import EngineUnavailable, WorkflowNotFound
from web.gateway.money import Collection
from web.session import Door, may

router = APIRouter(prefix="/payments", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]
Writer = Annotated[Actor, may("payments:write")]
Refunder = Annotated[Actor, may("payments:refund")]
From = Annotated[AwareDatetime | None, Query(alias="from", description="not before this instant")]
To = Annotated[AwareDatetime | None, Query(description="before this instant")]
InCurrency = Annotated[Currency | None, Query(description="ISO 4217; without it, all of them")]


class InUse(BaseModel):
    """A currency in which something was owed or taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"currency": "LKR"}]})

    currency: Currency


class InquiryMade(BaseModel):
    """A payment's process that asks its gateway; `/workflows/{workflow_id}` says when it is done."""

    workflow_id: str


class PaymentCreate(BaseModel):
    """Money to take for an invoice. `token` names the card at the gateway, for the methods that go through one."""

    model_config = ConfigDict(extra="forbid")

    invoice_id: UUID
    method: Method
    amount: PositiveMoney
    token: str | None = Field(None, min_length=1, max_length=255, examples=["pm_card_visa"])
    surplus: Literal["refuse", "credit"] = Field(
        "refuse", description="what becomes of more than is due: refused, or kept as the patient's credit; not by card"
    )
    capture: bool = Field(default=True, description="false: reserve a card's money now and take it with a capture")

    @model_validator(mode="after")
    def _token_where_there_is_a_gateway(self) -> Self:
        if self.method.through_gateway != (self.token is not None):
            message = "a token belongs to the methods card and online_link, and to no other"
            raise ValueError(message)
        if self.surplus == "credit" and self.method in {Method.card, Method.patient_credit}:
            message = "a card is not charged more than is due, and a credit is not paid with"
            raise ValueError(message)
        return self


def _process(*kinds: Any, status: int = 200) -> dict[str, Any]:
    """Declare an endpoint that moves the payment's process."""
    return {"status_code": status, "responses": {status: TAGGED, **WAITING, **refusals(*kinds, EngineUnavailable)}}


@router.get("", summary="List payments", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    from_: From = None,
    to: To = None,
    status: PaymentStatus | None = None,
    method: Method | None = None,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    invoice_id: UUID | None = None,
    sort: Annotated[PaymentSort, Query(description="amounts by currency; a minus turns it round")] = "-made",
    *,
    refunded: bool | None = None,
    currency: InCurrency = None,
) -> Page[Payment]:
    """List by when they were made, status, method, patient, appointment, invoice, currency, or if money went back."""
    found = await gateway.payments.list_payments(
        actor,
        status=status,
        method=method,
        patient_id=patient_id,
        appointment_id=appointment_id,
        invoice_id=invoice_id,
        refunded=refunded,
        currency=currency,
        sort=sort,
        since=from_,
        until=to,
        **paging.model_dump(),
    )
    return listed(found)


@router.post(
    "",
    summary="Take a payment",
    **_process(CardDeclined, InvoiceNotFound, InvoiceState, AmountExceedsDue, DrawerNeeded, PatientCreditTooSmall,
               IdempotencyConflict, GatewayUnavailable, PaymentUnresolved, status=201),
)  # fmt: skip
async def collect(
    body: PaymentCreate, request: Request, response: Response, actor: Writer, gateway: Door, tag: Tagged, *,
    key: IdempotencyKey = None,
) -> Payment:  # fmt: skip
    """Take money for an invoice: by card, or as the desk has it in hand. Once per `Idempotency-Key`."""
    payment = await gateway.money.collect(actor, Collection(**body.model_dump()), key)
    response.headers["Location"] = f"{request.scope.get('root_path', '')}/payments/{payment.id}"
    return tag(payment)


@router.get("/summary", summary="Count and add up what is paid, pending, failed and refunded")
async def summary(
    actor: Reader,
    gateway: Door,
    from_: From = None,
    to: To = None,
    currency: Annotated[Currency | None, Query(description="without it, that of the newest invoice")] = None,
) -> Summary:
    """Sum up payments made, and refunds that arrived, in the span of time."""
    return await gateway.payments.summary(actor, since=from_, until=to, currency=currency)


@router.get("/currencies", summary="List the currencies of the books", **LIST)
async def currencies(actor: Reader, gateway: Door) -> Page[InUse]:
    """Name each currency in which anything was ever owed or taken; their sums are never added together."""
    found = await gateway.payments.currencies(actor)
    return Page[InUse](items=[InUse(currency=one) for one in found], next_cursor=None)


@router.get("/{payment_id}", summary="Read a payment", responses={200: TAGGED, **refusals(PaymentNotFound)})
async def read(payment_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Payment:
    """Read one."""
    return tag(await gateway.payments.get_payment(actor, payment_id))


@router.post(
    "/{payment_id}/capture",
    summary="Take the money that a payment reserved",
    **_process(PaymentNotFound, PaymentState, AmountExceedsAuthorised, CaptureFailed),
)
async def capture(
    payment_id: UUID, actor: Writer, gateway: Door, tag: Tagged, body: CaptureWrite | None = None
) -> Payment:
    """Take all of it, or `amount`; what is not taken is let go. A repeat is harmless."""
    return tag(await gateway.money.capture(actor, payment_id, body.amount if body else None))


@router.post(
    "/{payment_id}/void",
    summary="Let go of the money that a payment reserved",
    **_process(PaymentNotFound, PaymentState),
)
async def void(payment_id: UUID, actor: Writer, gateway: Door, tag: Tagged) -> Payment:
    """Let it go; a repeat is harmless. Captured money is returned with a refund."""
    return tag(await gateway.money.void(actor, payment_id))


@router.post(
    "/{payment_id}/inquiry",
    summary="Have the gateway asked again how a payment ended",
    status_code=202,
    responses=refusals(WorkflowNotFound, EngineUnavailable),
)
async def inquire(payment_id: UUID, actor: Refunder, gateway: Door, response: Response) -> InquiryMade:
    """Have it asked now of a payment that was refused with `payment_unresolved`, and what it holds let go.

    Its process asks by itself too, ever more rarely. A repeat is harmless, and so is asking where nothing waits.
    """
    workflow_id = await gateway.unresolved.ask_again(actor, payment_id)
    response.headers["Location"] = f"/api/v1/workflows/{workflow_id}"
    return InquiryMade(workflow_id=workflow_id)


@router.post(
    "/{payment_id}/refunds",
    summary="Return money of a payment",
    **_process(
        PaymentNotFound,
        PaymentState,
        RefundExceedsCaptured,
        RefundFailed,
        DrawerNeeded,
        IdempotencyConflict,
        status=201,
    ),
)
async def refund(
    payment_id: UUID,
    body: RefundWrite,
    actor: Refunder,
    gateway: Door,
    tag: Tagged,
    *,
    key: IdempotencyKey = None,
) -> Payment:
    """Return all that is left, or `amount`, and answer with the payment. Once per `Idempotency-Key`."""
    return tag(await gateway.money.refund(actor, payment_id, body.reason, body.amount, key))


@router.get(
    "/{payment_id}/refunds", summary="List the refunds of a payment", responses=refusals(PaymentNotFound), **LIST
)
async def refunds(payment_id: UUID, actor: Reader, gateway: Door) -> Page[Refund]:
    """List all of them, the oldest first."""
    return Page[Refund](items=await gateway.payments.list_refunds(actor, payment_id), next_cursor=None)
