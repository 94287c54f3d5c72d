"""Recalling what is due on an invoice."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from workflows.contracts.refusal import Refused


class DunningRequest(BaseModel):
    """Starts `InvoiceDunning`: which invoice, when the visit ended, and where it is morning."""

    tenant_id: UUID
    invoice_id: UUID
    since: datetime
    zone: str


class DunningStep(DunningRequest):
    """Asks to do what is due at `at`, the process's own time; a `reminder_id` asks for a reminder at once."""

    at: datetime
    reminder_id: UUID | None = None


class DunningTurn(BaseModel):
    """What was done, and when to come again; None: never, as far as is known now."""

    next_at: datetime | None = None
    sent: int = 0
    statuses: dict[str, str] = {}
    refused: Refused | None = None


class ReminderAsk(BaseModel):
    """Asks for a reminder at once, as it were the next one; the same id is one reminder."""

    reminder_id: UUID


class UnpaidInvoices(BaseModel):
    """The invoices of an appointment on which something is due."""

    invoices: list[UUID] = []
