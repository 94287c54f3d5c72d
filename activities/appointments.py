"""Steps that change and read appointments."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from temporalio import activity

from activities.answers import insisting, refusing
from activities.consultants import ConsultantActivities
from careconnect.auth import Actor
from services.appointments.client import AppointmentsClient
from services.appointments.prices import Charged, ChargedTax
from services.appointments.schemas import Cancellation, Hold, RemarkDecision
from services.consultants.schemas import Offer
from workflows.contracts import (
    AttentionRequest,
    CancelRequest,
    Changed,
    ConfirmRequest,
    FiguresRequest,
    HoldRequest,
    MoveRequest,
    ReleaseRequest,
    RemarksDecided,
    SourceFigures,
    StepRequest,
    SweepRequest,
    Target,
)


class AppointmentActivities:
    """Holds the client of the appointments service, who knows the hours, and whom to tell of a time that got free."""

    def __init__(
        self,
        appointments: AppointmentsClient,
        experts: ConsultantActivities,
        freed: Callable[[UUID], Awaitable[None]] | None = None,
    ) -> None:
        self.appointments = appointments
        self.experts = experts
        self._freed = freed

    @activity.defn(name="hold_time")
    @refusing(Changed)
    async def hold(self, request: HoldRequest) -> Changed:
        """Occupy the consultant's and the patient's time."""
        offer = request.offer
        asked = Hold(
            patient_id=request.patient_id,
            consultant_id=offer.consultant_id,
            visit_type_id=offer.visit_type_id,
            location_id=offer.location_id,
            zone=offer.zone,
            start=offer.start,
            end=offer.end,
            occupied_from=offer.occupied_from,
            occupied_to=offer.occupied_to,
            hold_seconds=request.hold_seconds,
            request_hash=request.request_hash,
            overbooked=request.overbook,
            hours_overridden=not offer.within_hours,
            capacity=offer.capacity,
            rooms=offer.rooms,
            hold_id=request.hold_id,
            charged=_charged(offer),
        )
        return Changed(appointment=await self.appointments.hold(request.actor, request.appointment_id, asked))

    @activity.defn(name="confirm_booking")
    @refusing(Changed)
    async def confirm(self, request: ConfirmRequest) -> Changed:
        """Turn the hold into a booking, if the consultant has not gone away meanwhile; one step, as each costs its own.

        A leave that is entered while this asks finds the hold, which is among those that it affects.
        """
        if request.offer:
            await self.experts.asked(request.offer)
        return Changed(appointment=await self.appointments.confirm(request.actor, request.appointment_id))

    @activity.defn(name="release_time")
    @insisting
    async def release(self, request: ReleaseRequest) -> None:
        """Give back the time; harmless when it was never held."""
        await self.appointments.release(request.actor, request.appointment_id, request.code)
        await self._tell(request.actor)

    @activity.defn(name="step_of_visit")
    @refusing(Changed)
    async def step(self, request: StepRequest) -> Changed:
        """Note arrival, check-in, completion or no-show, or undo it."""
        changed = await self.appointments.change(request.actor, request.appointment_id, request.verb, undo=request.undo)
        return Changed(appointment=changed)

    @activity.defn(name="cancel_appointment")
    @refusing(Changed)
    async def cancel(self, request: CancelRequest) -> Changed:
        """Cancel; the time is free at once."""
        asked = Cancellation.model_validate(request.model_dump(include={"reason", "late", "waived", "undoable"}))
        cancelled = await self.appointments.cancel(request.actor, request.appointment_id, asked)
        await self._tell(request.actor)
        return Changed(appointment=cancelled)

    @activity.defn(name="move_appointment")
    @refusing(Changed)
    async def move(self, request: MoveRequest) -> Changed:
        """Take the new time and let go of the old one in one step."""
        moved = await self.appointments.move(request.actor, request.appointment_id, request.move)
        await self._tell(request.actor)
        return Changed(appointment=moved)

    @activity.defn(name="read_appointment")
    @refusing(Changed)
    async def standing(self, request: Target) -> Changed:
        """Read where an appointment stands."""
        return Changed(appointment=await self.appointments.standing(request.actor, request.appointment_id))

    @activity.defn(name="flag_appointment")
    @insisting
    async def attend(self, request: AttentionRequest) -> None:
        """Put the appointment under Attention, or take it from there."""
        await self.appointments.attend(request.actor, request.appointment_id, request.step)

    @activity.defn(name="decide_remarks")
    @insisting
    async def decide_remarks(self, request: RemarksDecided) -> None:
        """Let the reasons of a change stand, or drop those of one that was refused."""
        decided = RemarkDecision(ids=request.remark_ids, stand=request.stand)
        await self.appointments.decide_remarks(request.actor, request.appointment_id, decided)

    @activity.defn(name="forget_remark_drafts")
    async def forget_drafts(self, request: SweepRequest) -> None:
        """Drop the reasons of changes that were never asked for."""
        actor = Actor.workflow(request.tenant_id, "sweep", frozenset({"appointments:write"}))
        await self.appointments.forget_remark_drafts(actor)

    @activity.defn(name="appointment_figures")
    async def figures(self, request: FiguresRequest) -> SourceFigures:
        """Count appointments for the dashboard, once per period and location."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"reports:read"}))
        found = []
        for period in request.periods:
            activity.heartbeat()
            figures = await self.appointments.figures(
                actor,
                from_=period.start,
                to=period.end,
                previous_from=period.previous_start,
                zone=period.zone,
                location_id=period.location_id,
            )
            found.append(figures.model_dump(mode="json"))
        return SourceFigures(source="appointments", figures=found)

    async def _tell(self, actor: Actor) -> None:
        """Have somebody look at once who waits for such a time; they look by themselves a little later."""
        if self._freed:
            await self._freed(actor.tenant_id)


def _charged(offer: Offer) -> Charged:
    tax = ChargedTax.model_validate(offer.tax.model_dump()) if offer.tax else None
    return Charged(price=offer.price, listed=offer.listed or offer.price, tax=tax, coverage_id=offer.coverage_id)
