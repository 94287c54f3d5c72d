"""What gateways say, and what the sandbox gateway is asked to do."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect.money import Money
from services.payments.schemas.requests import Input


class DeliveryWrite(Input):
    """How the sandbox gateway sends its waiting events: in which order, how often each, how many seconds late."""

    order: Literal["normal", "shuffled"] = "normal"
    duplicates: int = Field(1, ge=1, le=10)
    delay: float = Field(0, ge=0, le=60)
    limit: int = Field(500, ge=1, le=5000)


class GatewayRefund(BaseModel):
    """A refund as the gateway lists it; `reference` is our id of the refund, `payment` of what it returns."""

    id: str
    reference: UUID
    payment: UUID
    amount: Money


class GatewayCharge(BaseModel):
    """A charge as the gateway lists it; `reference` is our id of the payment."""

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


class WebhookReceipt(BaseModel):
    """What became of one event: `applied`, `duplicate`, `unmatched` (no such payment here) or `nothing` (known)."""

    event_id: str
    outcome: Literal["applied", "duplicate", "unmatched", "nothing"]


class Deliveries(BaseModel):
    """How the sandbox gateway's deliveries were answered."""

    events: int
    sent: int
    answers: dict[int, int]
