"""What gateways say, and what the sandbox gateway is asked to do."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr, field_serializer

from careconnect.money import Money
from services.payments.schemas.requests import Input, PositiveMoney
from services.payments.states import GatewayKind

BreakerState = Literal["closed", "half_open", "open"]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=255)]


class GatewayAccountWrite(Input):
    """A tenant's account at a gateway. A key that is left out stays as it is; one can be replaced, never read."""

    secret_key: Secret | None = Field(None, description="write-only", examples=["sk_test_51H..."])
    publishable_key: str | None = Field(None, max_length=255, pattern=r"^[A-Za-z0-9_]*$")
    webhook_secret: Secret | None = Field(
        None, description="write-only; the one before it is accepted too, while the gateway rolls over"
    )
    active: bool = Field(description="true: new card payments go through this account, and no other")
    version: int | None = Field(None, ge=1)

    @field_serializer("secret_key", "webhook_secret", when_used="json")
    def _reveal(self, secret: SecretStr | None) -> str | None:
        """Write the key where the request travels on between the edge and the service, and nowhere else."""
        return secret.get_secret_value() if secret else None


class GatewayStanding(BaseModel):
    """Whether calls to a gateway go through: `closed` they do, `open` they are held off, `half_open` one is tried."""

    state: BreakerState = "closed"
    reason: str | None = Field(None, description="the code of the fault that opened it")
    retry_at: datetime | None = Field(None, description="when a call is tried again")
    changed_at: datetime | None = None


class GatewayStandingWrite(Input):
    """What whoever calls a gateway found."""

    state: BreakerState
    reason: str | None = Field(None, max_length=50, pattern=r"^[a-z_]+$")
    retry_at: datetime | None = None


class GatewayAccount(BaseModel):
    """A tenant's account at a gateway, without its keys, and how the gateway stands."""

    kind: GatewayKind
    active: bool
    publishable_key: str
    has_secret_key: bool
    has_webhook_secret: bool
    standing: GatewayStanding
    events_today: int = Field(description="events taken in since midnight UTC")
    refused_today: int = Field(description="events refused since midnight UTC, since their signature did not hold")
    version: int | None = Field(description="None: never set up")


class DeliveryWrite(Input):
    """How the sandbox gateway sends its waiting events: in which order, how often each, how many seconds late."""

    order: Literal["normal", "shuffled"] = "normal"
    duplicates: int = Field(1, ge=1, le=10)
    delay: float = Field(0, ge=0, le=60)
    limit: int = Field(500, ge=1, le=5000)


class GatewayRefund(BaseModel):
    """A refund as the gateway lists it; `reference` is our id of the refund, `payment` of what it returns.

    `failure` is the gateway's code for why it failed.
    """

    id: str
    reference: UUID
    payment: UUID
    amount: Money
    status: Literal["pending", "succeeded", "failed"] = "succeeded"
    failure: str | None = None


class GatewayCharge(BaseModel):
    """A charge as the gateway lists it; `reference` is our id of the payment.

    `refunded` and `refunds` are what went back; what is still on its way there, or failed, is `unsettled`.
    """

    gateway: str
    id: str
    reference: UUID
    amount: Money
    captured: Money
    refunded: Money
    status: Literal["authorised", "captured", "voided", "declined"]
    decline_code: str | None = None
    created_at: datetime
    refunds: list[GatewayRefund] = []
    unsettled: list[GatewayRefund] = []


Outcome = Literal["applied", "duplicate", "unmatched", "nothing", "accepted"]


class WebhookReceipt(BaseModel):
    """What became of one event.

    `applied`; `duplicate`; `unmatched`: no such payment here; `nothing`: known; `accepted`: kept, and looked into as
    soon as the gateway answers. `return_payment` names a payment whose money came too late, and goes back;
    `paid_appointment` the appointment for which a link has just been paid.
    """

    event_id: str
    outcome: Outcome
    tenant_id: UUID | None = None
    return_payment: UUID | None = None
    paid_appointment: UUID | None = None


class Unfinished(BaseModel):
    """What events left to be done: payments whose money came too late, and how many wait for the gateway."""

    return_payments: list[UUID] = []
    waiting: int = 0


class LinkWrite(Input):
    """What is to be paid at the gateway's own page: all that is open on the invoice, or `amount` of it."""

    invoice_id: UUID
    amount: PositiveMoney | None = None
    valid_hours: int = Field(23, ge=1, le=23, description="Stripe keeps a page open for a day at most")
    return_url: str = Field(
        "", max_length=500, pattern=r"^(https?://[^\s]+)?$", description="where the payer goes next"
    )


class PaymentLink(BaseModel):
    """An address where an amount of an invoice can be paid; its id is that of the payment to be."""

    id: UUID
    invoice_id: UUID
    amount: Money
    gateway: str
    url: str
    status: Literal["open", "paid", "expired", "closed"]
    expires_at: datetime


class Checkout(BaseModel):
    """A page of the sandbox gateway: what is paid there, and whether it was."""

    id: UUID
    amount: Money
    description: str
    expires_at: datetime
    paid: bool


class CheckoutWrite(Input):
    """The test card that somebody pays with at a page of the sandbox gateway."""

    token: str = Field(min_length=1, max_length=255)


class Traces(BaseModel):
    """Whether a gateway may know of a payment, as far as it is known here what was sent; and which one it goes through.

    `gateway` is None while nobody has chosen it: then it is that of new payments.
    """

    may_be_known: bool
    gateway: str | None = None


class Deliveries(BaseModel):
    """How the sandbox gateway's deliveries were answered."""

    events: int
    sent: int
    answers: dict[int, int]
