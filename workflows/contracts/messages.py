"""Reminders and other messages."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect.money import Money


class RemindersRequest(BaseModel):
    """Starts `AppointmentReminders`."""

    tenant_id: UUID
    appointment_id: UUID
    patient_id: UUID
    version: int
    start: datetime
    offsets_hours: list[int]
    confirm: bool = Field(default=False, description="tell the patient first that the appointment is booked")


class Moved(BaseModel):
    """Tells the reminders that the appointment was moved."""

    version: int
    start: datetime


class MessageRequest(BaseModel):
    """Asks to tell the patient something about an appointment; the activity reads names and addresses itself."""

    tenant_id: UUID
    appointment_id: UUID
    template: str
    version: int
    offset_hours: int | None = None
    amount: Money | None = None


class InvoiceMailRequest(BaseModel):
    """Starts `InvoiceMail`: the receipt of an invoice, or with `link_id` the link by which it is paid."""

    tenant_id: UUID
    invoice_id: UUID
    message_id: UUID
    link_id: UUID | None = None


class MessageResult(BaseModel):
    """What became of a message on each channel."""

    statuses: dict[str, str] = {}
