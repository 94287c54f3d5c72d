"""Invoices that are still being written."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect.money import Money
from services.payments.schemas.answers import Line
from services.payments.schemas.requests import InvoiceWrite


class DraftReplacement(InvoiceWrite):
    """All of a draft anew."""

    version: int | None = Field(None, ge=1)


class InvoiceDraft(BaseModel):
    """What is to be invoiced: not owed yet, without a number, and in no books. Its id becomes that of the invoice."""

    id: UUID
    status: Literal["draft"] = "draft"
    patient_id: UUID
    appointment_id: UUID | None
    coverage_id: UUID | None
    visit_day: date | None = None
    authorisation_number: str = ""
    lines: list[Line]
    total: Money
    tax: Money | None = Field(None, description="what of the total is tax")
    zone: str = Field(description="decides in which year the invoice is numbered")
    created_at: datetime
    version: int
