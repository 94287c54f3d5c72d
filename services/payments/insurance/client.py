"""Payers, coverages and claims, as callers of the payments service see them."""

from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.payments import errors as _errors  # noqa: F401 - a refusal comes back as its class only if that is known
from services.payments.insurance import schemas

Asked = schemas.Submission | schemas.Acceptance | schemas.Rejection | schemas.PayerPayment
_STEPS: dict[type[Asked], str] = {
    schemas.Submission: "submission",
    schemas.Acceptance: "acceptance",
    schemas.Rejection: "rejection",
    schemas.PayerPayment: "payment",
}


class InsuranceClient(ServiceClient):
    """Typed calls about insurance; refusals come back as the classes of `services.payments.errors`."""

    service = "payments"

    async def payers(
        self,
        actor: Actor,
        *,
        status: schemas.PayerStatus | None = None,
        limit: int = 200,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.Payer]:
        """List payers by name."""
        params: dict[str, Any] = {"status": status, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/payers", params=params, into=Page[schemas.Payer])

    async def payer(self, actor: Actor, payer_id: UUID) -> schemas.Payer:
        """Read a payer."""
        return await self.call(actor, "GET", f"/payers/{payer_id}", into=schemas.Payer)

    async def enter_payer(self, actor: Actor, payer_id: UUID, wanted: schemas.PayerWrite) -> schemas.Payer:
        """Enter a payer under an id of the caller's."""
        return await self.call(actor, "PUT", f"/payers/{payer_id}", json=wanted, into=schemas.Payer)

    async def change_payer(self, actor: Actor, payer_id: UUID, wanted: schemas.PayerReplacement) -> schemas.Payer:
        """Replace a payer."""
        return await self.call(actor, "PUT", f"/payers/{payer_id}/record", json=wanted, into=schemas.Payer)

    async def coverages(self, actor: Actor, patient_id: UUID) -> list[schemas.Coverage]:
        """List a patient's coverages, the newest first."""
        return await self.call(actor, "GET", f"/patients/{patient_id}/coverages", into=list[schemas.Coverage])

    async def coverage(self, actor: Actor, coverage_id: UUID) -> schemas.Coverage:
        """Read a coverage."""
        return await self.call(actor, "GET", f"/coverages/{coverage_id}", into=schemas.Coverage)

    async def enter_coverage(self, actor: Actor, coverage_id: UUID, wanted: schemas.CoverageWrite) -> schemas.Coverage:
        """Enter a coverage under an id of the caller's."""
        return await self.call(actor, "PUT", f"/coverages/{coverage_id}", json=wanted, into=schemas.Coverage)

    async def change_coverage(
        self, actor: Actor, coverage_id: UUID, wanted: schemas.CoverageReplacement
    ) -> schemas.Coverage:
        """Replace the terms of a coverage."""
        return await self.call(actor, "PUT", f"/coverages/{coverage_id}/record", json=wanted, into=schemas.Coverage)

    async def share(self, actor: Actor, coverage_id: UUID, asked: schemas.ShareAsk) -> schemas.Share:
        """Ask who would pay what of a visit."""
        return await self.call(actor, "POST", f"/coverages/{coverage_id}/share", json=asked, into=schemas.Share)

    async def authorise_invoice(self, actor: Actor, invoice_id: UUID, number: str) -> None:
        """Keep the number under which a payer agreed to pay for a visit."""
        wanted = schemas.AuthorisationWrite(number=number)
        await self.call(actor, "PUT", f"/invoices/{invoice_id}/authorisation", json=wanted)

    async def claims(
        self,
        actor: Actor,
        wanted: schemas.ClaimFilter | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.Claim]:
        """List claims, newest first, without their steps."""
        params = wanted.model_dump() if wanted else {}
        params |= {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/claims", params=params, into=Page[schemas.Claim])

    async def claim_sums(self, actor: Actor) -> list[schemas.ClaimSum]:
        """Count and add up claims by payer and state."""
        return await self.call(actor, "GET", "/claims/sums", into=list[schemas.ClaimSum])

    async def claim(self, actor: Actor, claim_id: UUID) -> schemas.Claim:
        """Read a claim with its steps."""
        return await self.call(actor, "GET", f"/claims/{claim_id}", into=schemas.Claim)

    async def draft_claim(self, actor: Actor, claim_id: UUID, invoice_id: UUID) -> schemas.Claim:
        """Draft the claim for an invoice, or find it."""
        wanted = schemas.ClaimWrite(invoice_id=invoice_id)
        return await self.call(actor, "PUT", f"/claims/{claim_id}", json=wanted, into=schemas.Claim)

    async def take_step(self, actor: Actor, claim_id: UUID, step_id: UUID, asked: Asked) -> schemas.Claim:
        """Take a step with a claim, once under an id of the caller's."""
        path = f"/claims/{claim_id}/{_STEPS[type(asked)]}/{step_id}"
        return await self.call(actor, "PUT", path, json=asked, into=schemas.Claim)

    async def batches(
        self, actor: Actor, *, payer_id: UUID | None = None, limit: int = 50, cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.ClaimBatch]:  # fmt: skip
        """List batches of claims, newest first."""
        params: dict[str, Any] = {"payer_id": payer_id, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/claim-batches", params=params, into=Page[schemas.ClaimBatch])

    async def submit_batch(self, actor: Actor, batch_id: UUID, payer_id: UUID) -> schemas.BatchContent:
        """Submit all drafts of a payer, once under an id of the caller's."""
        wanted = schemas.BatchWrite(payer_id=payer_id)
        return await self.call(actor, "PUT", f"/claim-batches/{batch_id}", json=wanted, into=schemas.BatchContent)

    async def batch(self, actor: Actor, batch_id: UUID) -> schemas.BatchContent:
        """Read a batch with what the payer has to know."""
        return await self.call(actor, "GET", f"/claim-batches/{batch_id}", into=schemas.BatchContent)

    async def keep_batch_file(self, actor: Actor, batch_id: UUID, text: str) -> str:
        """Keep what a batch looks like as a file; gives the first that was kept."""
        wanted = schemas.BatchFile(text=text)
        path = f"/claim-batches/{batch_id}/file"
        return (await self.call(actor, "PUT", path, json=wanted, into=schemas.BatchFile)).text
