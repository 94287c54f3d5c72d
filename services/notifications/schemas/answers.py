"""What the notifications service answers. A message is FHIR R4 Communication."""

from datetime import datetime
from uuid import UUID

from pydantic import (
    BaseModel,
    Field,
)

from services.notifications.schemas.asked import Channel, Failure, Status, Template


class Message(BaseModel):
    """A message without what it says."""

    id: UUID
    patient_id: UUID
    appointment_id: UUID | None = None
    appointment_version: int | None = None
    payment_id: UUID | None = None
    invoice_id: UUID | None = None
    channel: Channel
    template: Template
    offset_hours: int | None = None
    status: Status
    scheduled_for: datetime | None = None
    sent_at: datetime | None = None
    failure: Failure | None = None
    attempts: int = Field(description="how often its delivery was tried")
    version: int
    created_at: datetime


class MessageDetail(Message):
    """A message with what it says and to whom."""

    recipient: str = Field(description="name and address")
    subject: str | None = None
    body: str


class Addressee(BaseModel):
    """To whom a message is."""

    patient_id: UUID


class Cancelled(BaseModel):
    """How many messages will now not be sent."""

    cancelled: int


class TemplatePreview(BaseModel):
    """A template with made-up words in it."""

    template: Template
    language: str
    subject: str
    body: str
    sms: str


class Mail(BaseModel):
    """One mail (or short message) of the local mailbox."""

    key: str
    message_id: UUID
    patient_id: UUID
    channel: Channel
    template: Template
    recipient: str
    subject: str
    received_at: datetime


class MailDetail(Mail):
    """One mail with its two bodies."""

    text: str
    html: str | None = None


class Figures(BaseModel):
    """Numbers for the dashboard, all of one moment: `watermark` is the last event that they include."""

    watermark: int
    sent: int
    failed: int
