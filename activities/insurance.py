"""Who pays what of a visit, and the claim for the payer's share once it took place."""

from uuid import UUID
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.answers import insisting
from careconnect.auth import Actor
from services.consultants.schemas import Offer
from services.payments.client import PaymentsClient
from services.payments.insurance.client import InsuranceClient
from services.payments.insurance.schemas import ShareAsk
from workflows import ids
from workflows.contracts import MoneyTarget

_SCOPES = frozenset({"payments:read"})


class Shares:
    """Asks the payments service who pays what of an offer, as the clinic and not as whoever books."""

    def __init__(self, insurance: InsuranceClient) -> None:
        self.insurance = insurance

    async def shared(self, tenant_id: UUID, offer: Offer, patient_id: UUID, coverage_id: UUID) -> Offer:
        """Give the offer with the payer's share of its price.

        Raises:
            CoverageNotFound: the patient has no such coverage.
            CoverageNotValid, PayerRetired, InvalidInput: it does not hold for this visit.
        """
        actor = Actor.workflow(tenant_id, "insurance", _SCOPES)
        day = offer.start.astimezone(ZoneInfo(offer.zone)).date()
        asked = ShareAsk(patient_id=patient_id, total=offer.price, day=day)
        found = await self.insurance.share(actor, coverage_id, asked)
        said = {"covered": found.payer, "coverage_id": coverage_id}
        return offer.model_copy(update=said | {"payer_id": found.payer_id, "payer_name": found.payer_name})


class ClaimActivities:
    """Drafts claims."""

    def __init__(self, insurance: InsuranceClient, payments: PaymentsClient) -> None:
        self.insurance = insurance
        self.payments = payments

    @activity.defn(name="draft_claims")
    @insisting
    async def draft(self, request: MoneyTarget) -> None:
        """Draft the claim for each invoice of a visit of which a payer owes a share; a repeat finds it drafted."""
        money = await self.payments.for_appointment(request.actor, request.appointment_id)
        for invoice in money.invoices:
            if invoice.payer and invoice.payer.due:
                await self.insurance.draft_claim(request.actor, ids.claim_of(invoice.id), invoice.id)
