"""Invoices that are still being written."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from careconnect.crypto import TenantKeys
from services.payments.models.base import Base
from services.payments.schemas import InvoiceWrite


class InvoiceDraft(db.Tenanted, db.Versioned, Base):
    """What is to be invoiced, and is not yet owed, numbered or in the books; its id becomes that of the invoice.

    `content` is all of it, sealed, since its lines may tell of an illness.
    """

    __tablename__ = "invoice_drafts"
    __table_args__ = (
        sa.CheckConstraint("total >= 0", name="total"),
        sa.Index(None, "tenant_id", "created_at", "id"),
    )

    patient_id: Mapped[UUID]
    currency: Mapped[str]
    total: Mapped[int]
    content: Mapped[bytes]
    request_hash: Mapped[bytes]

    @classmethod
    def begin(cls, tenant_id: UUID, draft_id: UUID, wanted: InvoiceWrite, keys: TenantKeys) -> "InvoiceDraft":
        """Begin an invoice that is not owed yet."""
        moment = clock.now()
        draft = cls(tenant_id=tenant_id, id=draft_id, request_hash=wanted.fingerprint(), version=1)
        draft.created_at = draft.updated_at = moment
        draft.change(wanted, keys)
        return draft

    def change(self, wanted: InvoiceWrite, keys: TenantKeys) -> None:
        """Write all of it anew."""
        self.patient_id, self.currency, self.total = wanted.patient_id, wanted.total.currency, wanted.total.amount
        self.content = keys.seal(_written(wanted))

    def says(self, wanted: InvoiceWrite, keys: TenantKeys) -> bool:
        """Tell whether `wanted` is what stands here."""
        return bool(keys.open(self.content) == _written(wanted))

    def wanted(self, keys: TenantKeys) -> InvoiceWrite:
        """Give what is to be issued."""
        return InvoiceWrite.model_validate_json(keys.open(self.content))

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        return {"currency": self.currency, "total": self.total}


def _written(wanted: InvoiceWrite) -> str:
    return wanted.model_dump_json(exclude={"version"})
