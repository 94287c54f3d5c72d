"""Steps that ask the consultants service."""

import asyncio
from datetime import timedelta

from temporalio import activity

from activities.answers import refusing
from activities.follow_ups import FollowUps
from activities.insurance import Shares
from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.schemas import Appointment
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import Offer, VisitType
from workflows.contracts import FiguresRequest, Offered, OfferRequest, SourceFigures, TermsRequest


class ConsultantActivities:
    """Holds the client of the consultants service."""

    def __init__(
        self, consultants: ConsultantsClient, follow_ups: FollowUps | None = None, shares: Shares | None = None
    ) -> None:
        self.consultants = consultants
        self.follow_ups = follow_ups
        self.shares = shares

    @activity.defn(name="verify_offer")
    @refusing(Offered)
    async def offer(self, request: OfferRequest) -> Offered:
        """Ask for the terms of a visit: whether the consultant gives it then, what it costs, which policies hold."""
        found = await self.asked(request)
        if self.follow_ups and found.follow_up:
            whose = request.patient_id, request.appointment_id
            found = await self.follow_ups.priced(request.actor.tenant_id, found, *whose)
        if self.shares and request.coverage_id and request.patient_id:
            found = await self.shares.shared(request.actor.tenant_id, found, request.patient_id, request.coverage_id)
        return Offered(offer=found)

    async def asked(self, request: OfferRequest) -> Offer:
        """Ask for a visit as its type and its consultant's hours say, without what one patient has to pay for it.

        Raises:
            Refusal: it is not offered, or not any longer; the consultant is away, say.
        """
        return await self.consultants.offer(
            request.actor,
            request.visit_type_id,
            request.consultant_id,
            request.location_id,
            request.start,
            override_hours=request.override_hours,
            held=request.held,
            payer_id=request.payer_id,
            override_notice=request.override_notice,
            duration_minutes=request.duration_minutes,
        )

    @activity.defn(name="read_terms")
    @refusing(Offered)
    async def terms(self, request: TermsRequest) -> Offered:
        """Read the terms of a visit that was booked already: nobody asks whether it could be booked now."""
        booked = request.appointment
        visit_type, names = await asyncio.gather(
            self.consultants.visit_type(request.actor, booked.visit_type_id),
            self.consultants.names(request.actor, [booked.consultant_id]),
        )
        return Offered(offer=_terms(booked, visit_type, names[0].name if names else ""))

    @activity.defn(name="consultant_figures")
    async def figures(self, request: FiguresRequest) -> SourceFigures:
        """Count consultants for the dashboard."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"reports:read"}))
        found = (await self.consultants.figures(actor)).model_dump(mode="json")
        return SourceFigures(source="consultants", figures=[found for _ in request.periods])


def _gross(visit_type: VisitType) -> Money:
    tax = visit_type.tax
    return visit_type.price.taxed(tax.rate, inclusive=tax.inclusive).gross if tax else visit_type.price


def _terms(booked: Appointment, visit_type: VisitType, consultant_name: str) -> Offer:
    return Offer(
        consultant_id=booked.consultant_id,
        consultant_name=consultant_name,
        location_id=booked.location_id,
        visit_type_id=visit_type.id,
        visit_type_name=visit_type.name,
        zone=booked.zone,
        start=booked.start,
        end=booked.end,
        occupied_from=booked.start - timedelta(minutes=visit_type.buffer_before_minutes),
        occupied_to=booked.end + timedelta(minutes=visit_type.buffer_after_minutes),
        price=_gross(visit_type),
        listed=visit_type.price,
        tax=visit_type.tax,
        specialty=visit_type.specialty,
        payment_policy=visit_type.payment_policy,
        cancellation_policy=visit_type.cancellation_policy,
        reminder_offsets_hours=visit_type.reminder_offsets_hours,
        mode=visit_type.mode,
        within_hours=True,
        capacity=booked.capacity,
    )
