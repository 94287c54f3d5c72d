"""What a booking answers with."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.payments.schemas import Invoice, Payment


class Named(BaseModel):
    """A record by its id and the name that people know it by."""

    id: UUID
    name: str


class PlannedReminder(BaseModel):
    """A reminder that will be sent."""

    channel: str
    at: datetime


class Booked(BaseModel):
    """The answer to a booking."""

    id: UUID
    reference: str
    status: str
    version: int
    patient: Named
    consultant: Named
    visit_type: Named
    location_id: UUID
    start: datetime
    end: datetime
    zone: str
    invoice: Invoice | None
    payment: Payment | None
    reminders: list[PlannedReminder]
    workflow_id: str
