"""The payments service's drafts of invoices, as its callers see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.payments.schemas import CancellationWrite, DraftReplacement, Invoice, InvoiceDraft, InvoiceWrite
from services.payments.states import DraftSort


class DraftsClient(ServiceClient):
    """Typed calls about invoices that are still being written, and those that should never have been."""

    service = "payments"

    async def drafts(
        self,
        actor: Actor,
        *,
        patient_id: UUID | None = None,
        currency: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: DraftSort = "-begun",
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[InvoiceDraft]:
        """List drafts in the order of `sort`."""
        params: dict[str, Any] = {"patient_id": patient_id, "currency": currency, "from": since, "to": until}
        params |= {"sort": sort, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/invoice-drafts", params=params, into=Page[InvoiceDraft])

    async def draft(self, actor: Actor, draft_id: UUID) -> InvoiceDraft:
        """Read a draft."""
        return await self.call(actor, "GET", f"/invoice-drafts/{draft_id}", into=InvoiceDraft)

    async def begin_draft(self, actor: Actor, draft_id: UUID, wanted: InvoiceWrite) -> InvoiceDraft:
        """Begin a draft under an id of the caller's, which becomes that of the invoice."""
        return await self.call(actor, "PUT", f"/invoice-drafts/{draft_id}", json=wanted, into=InvoiceDraft)

    async def change_draft(self, actor: Actor, draft_id: UUID, wanted: DraftReplacement) -> InvoiceDraft:
        """Replace a draft."""
        return await self.call(actor, "PUT", f"/invoice-drafts/{draft_id}/record", json=wanted, into=InvoiceDraft)

    async def discard_draft(self, actor: Actor, draft_id: UUID) -> None:
        """Throw a draft away."""
        await self.call(actor, "DELETE", f"/invoice-drafts/{draft_id}")

    async def issue_draft(self, actor: Actor, draft_id: UUID, version: int | None = None) -> Invoice:
        """Issue a draft, as the caller saw it; a repeat gives the invoice."""
        params = {"version": version} if version else {}
        return await self.call(actor, "PUT", f"/invoice-drafts/{draft_id}/issuance", params=params, into=Invoice)

    async def enter_in_error(self, actor: Actor, invoice_id: UUID, wanted: CancellationWrite) -> Invoice:
        """Say that an invoice for which no money came was a mistake; needs payments:discount."""
        return await self.call(actor, "PUT", f"/invoices/{invoice_id}/entered-in-error", json=wanted, into=Invoice)
