"""Recalling what is due on an invoice."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from careconnect.money import Money
from services.payments.schemas.requests import Input, Zone

DunningStatus = Literal["running", "paused", "exhausted", "over"]
"""`running`: a reminder comes; `exhausted`: the last one went out; `over`: nothing is due any more."""


class DunningBegin(Input):
    """From when on an invoice is recalled, on which days after that, and where it is morning."""

    since: AwareDatetime
    zone: Zone
    days: list[Annotated[int, Field(ge=0, le=365)]] = Field(max_length=6)


class DunningWrite(Input):
    """Stops the reminders of an invoice, or lets them go on."""

    paused: bool


class ReminderWrite(Input):
    """A reminder that went out: which, when, and what became of it on each channel."""

    number: int = Field(ge=1, le=100)
    at: AwareDatetime
    statuses: dict[Annotated[str, Field(max_length=20)], Annotated[str, Field(max_length=20)]]


class Reminder(BaseModel):
    """A reminder that went out; `statuses` says for each channel whether it was `sent`, `skipped` or `failed`."""

    id: UUID
    number: int
    sent_at: datetime
    statuses: dict[str, str]


class Dunning(BaseModel):
    """How the patient is reminded of an invoice: what went out, and what comes when."""

    invoice_id: UUID
    invoice_number: str
    patient_id: UUID
    appointment_id: UUID | None
    due: Money
    status: DunningStatus
    next_at: datetime | None = Field(None, description="when the next reminder goes out, unless it is paid before")
    days: list[int] = Field(description="days after the visit on which a reminder goes out")
    zone: str
    exhausted_at: datetime | None = Field(None, description="when the last reminder went out")
    reminders: list[Reminder] = []
    version: int
