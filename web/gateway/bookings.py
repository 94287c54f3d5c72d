"""Appointments as processes: booking, moving, cancelling, and the steps of the visit."""

import asyncio
import hashlib
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.ids import derived_id, uuid7
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.appointments.errors import WrongState
from services.appointments.schemas import Appointment, Notes, Remark
from services.notifications.client import NotificationsClient
from services.patients.client import PatientsClient
from services.payments.client import PaymentsClient
from services.payments.insurance.schemas import Coverage
from services.payments.schemas import Invoice
from web.gateway.booked import Booked, Named, PlannedReminder
from web.gateway.engine import Engine, attributes
from web.gateway.errors import WorkflowNotFound
from web.gateway.insurance import Insurance
from web.gateway.reminding import channels_of
from web.gateway.repeats import Repeat, fingerprint
from web.gateway.unpaid import UnpaidBookings
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import (
    Asked,
    BookingOutcome,
    BookingRequest,
    CancellationRequest,
    Changed,
    PaymentChoice,
    RescheduleRequest,
    Resolution,
    UndoMove,
    VisitStep,
)

Verb = Literal["arrival", "check-in", "consultation", "completion", "departure", "no-show", "cancellation"]


class Booking(BaseModel):
    """What somebody wants to book, as forms and JSON say it."""

    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID | None = None
    start: datetime
    reason: str = ""
    notes: str = ""
    payment: PaymentChoice | None = None
    notify: bool = True
    overbook_reason: str | None = None
    walk_in: bool = False
    hold_id: UUID | None = None
    hold_is_over: bool = False
    coverage_id: UUID | None = None
    payer_id: UUID | None = None
    authorisation_number: str = ""

    def fingerprint(self) -> str:
        """Tell whether a repeated request is the same one; a walk-in starts whenever it is asked for."""
        said = self.model_dump_json(exclude={"hold_is_over"} | ({"start"} if self.walk_in else set()))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


class ChangedAppointment(Appointment):
    """An appointment after a change, with what the change led to.

    `undo_until` says until when it can be undone; while a cancellation can, no money moves and nobody is told. `fee` is
    what the policy asks for; of a visit that was paid in part, no more than that is kept, and nothing is owed.
    `difference` is what the visit costs more than before, on the invoice of `invoice_id`, or if negative less, which
    goes back as far as it was paid.
    """

    fee: Money | None = None
    difference: Money | None = None
    invoice_id: UUID | None = None


def process_of(appointment_id: UUID) -> str:
    """Name the process of an appointment, as the console lists it."""
    return ids.appointment(appointment_id)


class Bookings:
    """The appointment processes."""

    def __init__(
        self,
        engine: Engine,
        appointments: AppointmentsClient,
        patients: PatientsClient,
        payments: PaymentsClient,
        messages: NotificationsClient,
        insurance: Insurance,
        unpaid: UnpaidBookings,
    ) -> None:
        self._engine = engine
        self._appointments = appointments
        self._patients = patients
        self._payments = payments
        self._messages = messages
        self._insurance = insurance
        self.unpaid = unpaid

    async def book(self, actor: Actor, wanted: Booking, key: str | None = None) -> Booked:
        """Book, and wait for the outcome. The same `key` with the same body gives the same answer.

        Raises:
            IdempotencyConflict: the key was used for another booking.
            CoverageNotFound: the patient has no such coverage.
            PaymentAwaited: the time is held for a payment at the gateway's own page.
            StillDeciding: there is no outcome yet.
            Refusal: the outcome is a no, with its reason.
        """
        appointment_id = derived_id("appointment", actor.tenant_id, actor.id, key) if key else uuid7()
        fingerprint = wanted.fingerprint()
        if wanted.reason or wanted.notes or wanted.overbook_reason:
            written = Notes(reason=wanted.reason, notes=wanted.notes, overbook_reason=wanted.overbook_reason or "")
            await self._appointments.write_notes(actor, appointment_id, written)
        cover = await self._cover(actor, wanted)
        outcome = await self._engine.begin(
            AppointmentBooking.run,
            self._request(actor, wanted, appointment_id, fingerprint, cover),
            ids.appointment(appointment_id),
            AppointmentBooking.book,
            fingerprint,
            into=BookingOutcome,
            update_id=f"book-{appointment_id}",
            attributes=attributes(
                actor, consultant_id=wanted.consultant_id, location_id=wanted.location_id, visit_at=wanted.start
            ),
            summary="Appointment",
        )
        if outcome.request_hash != fingerprint:
            raise IdempotencyConflict
        if outcome.retry_at or outcome.pay_until:
            outcome = await self.unpaid.by_now(actor, appointment_id, outcome)
        if outcome.refused:
            raise outcome.refused.refusal()
        return await self._answer(actor, outcome)

    async def cancel(
        self,
        actor: Actor,
        appointment_id: UUID,
        reason: str,
        *,
        notify: bool = True,
        waive_fee: bool = False,
        waiver: str = "",
        note: str = "",
        undoable: bool = False,
        version: int | None = None,
        key: str | None = None,
    ) -> ChangedAppointment:
        """Cancel; the money goes back as the visit type's policy says. A `note` is kept with the appointment.

        An `undoable` cancellation frees the time at once; its money and its message wait until the undo window is over.
        With `version`, here and in all changes below, only the appointment as it was then is changed.
        """
        asked = CancellationRequest(
            actor=actor,
            reason=reason,
            notify=notify,
            waive_fee=waive_fee or bool(waiver),
            undoable=undoable,
            expected_version=version,
        )
        why = {"fee_waiver": waiver} | ({"cancellation": note} if note else {})
        repeat = Repeat("cancel", key)
        return await self._change(actor, appointment_id, AppointmentBooking.cancel, asked, repeat, **why)

    async def reschedule(
        self,
        actor: Actor,
        appointment_id: UUID,
        start: datetime,
        *,
        consultant_id: UUID | None = None,
        location_id: UUID | None = None,
        duration_minutes: int | None = None,
        notify: bool = True,
        version: int | None = None,
        overbook_reason: str = "",
        override_reason: str = "",
        key: str | None = None,
    ) -> ChangedAppointment:
        """Move to another time, consultant or place, or give it another length, in one step.

        A refusal of a time that is taken names the nearest free ones as `alternatives`.

        An `overbook_reason` lets it overlap others or lie outside the hours; an `override_reason` passes over the visit
        type's policy on moving.
        """
        asked = RescheduleRequest(
            actor=actor,
            start=start,
            consultant_id=consultant_id,
            location_id=location_id,
            duration_minutes=duration_minutes,
            notify=notify,
            expected_version=version,
            overbook=bool(overbook_reason),
            override=bool(override_reason),
            alternatives=True,
        )
        why = {"overbook": overbook_reason, "policy_override": override_reason}
        repeat = Repeat("reschedule", key)
        return await self._change(actor, appointment_id, AppointmentBooking.reschedule, asked, repeat, **why)

    async def undo_move(
        self,
        actor: Actor,
        appointment_id: UUID,
        *,
        notify: bool = True,
        version: int | None = None,
        key: str | None = None,
    ) -> ChangedAppointment:
        """Take back the last move, within ten minutes and if the old time is free still."""
        asked = UndoMove(actor=actor, notify=notify, expected_version=version)
        repeat = Repeat("undo move", key)
        return await self._change(actor, appointment_id, AppointmentBooking.undo_move, asked, repeat)

    async def step(
        self,
        actor: Actor,
        appointment_id: UUID,
        verb: Verb,
        *,
        undo: bool = False,
        waiver: str = "",
        version: int | None = None,
        key: str | None = None,
    ) -> ChangedAppointment:
        """Note a step of the visit, or undo it; a `waiver` says why a no-show costs nothing."""
        asked = VisitStep(
            actor=actor, verb=verb, undo=undo, undoable=True, waive_fee=bool(waiver), expected_version=version
        )
        repeat = Repeat(f"undo {verb}" if undo else verb, key)
        return await self._change(actor, appointment_id, AppointmentBooking.visit, asked, repeat, fee_waiver=waiver)

    async def resolve(self, actor: Actor, appointment_id: UUID, action: Literal["retry", "skip"]) -> None:
        """Say what becomes of an appointment that waits for a person."""
        await self._change(actor, appointment_id, AppointmentBooking.resolve, Resolution(actor=actor, action=action))

    async def _change(
        self, actor: Actor, appointment_id: UUID, update: Any, asked: Asked, repeat: Repeat | None = None, **why: str
    ) -> ChangedAppointment:
        """Ask the appointment's process; `why` are the reasons for what the rules alone do not say, by kind.

        Raises:
            IdempotencyConflict: the key was used for another change.
            WrongState: the process has ended.
        """
        repeat = repeat or Repeat()
        change_id = repeat.change_id(actor, appointment_id)
        standing = await self._appointments.standing(actor, appointment_id)
        drafts = {kind: derived_id("remark", change_id, kind) for kind, text in why.items() if text}
        for kind, remark_id in drafts.items():
            await self._draft(actor, appointment_id, remark_id, kind, why[kind])
        said = {"request_hash": fingerprint(asked, why), "remark_ids": list(drafts.values())}
        asked = asked.model_copy(update=said)
        try:
            changed: Changed = await self._engine.ask(
                ids.appointment(appointment_id), update, asked, update_id=str(change_id)
            )
        except WorkflowNotFound:
            raise WrongState(f"This appointment is {standing.status} and has ended.") from None
        if changed.request_hash not in {"", asked.request_hash}:
            raise IdempotencyConflict
        if changed.refused:
            raise changed.refused.refusal()
        told = changed.model_dump(include={"undo_until", "fee", "difference", "invoice_id"}, exclude_none=True)
        return ChangedAppointment.model_validate((changed.appointment or standing).model_dump() | told)

    async def _draft(self, actor: Actor, appointment_id: UUID, remark_id: UUID, kind: str, text: str) -> None:
        """Draft why, sealed, before it is asked for: what was decided without a reason looks like a mistake."""
        said = Remark.model_validate({"kind": kind, "text": text})
        await self._appointments.draft_remark(actor, appointment_id, remark_id, said)

    async def _cover(self, actor: Actor, wanted: Booking) -> Coverage | None:
        who, payer_id = wanted.patient_id, wanted.payer_id
        if wanted.coverage_id:
            return await self._insurance.chosen(actor, who, wanted.coverage_id, payer_id)
        if payer_id:
            return await self._insurance.held(actor, who, payer_id, wanted.start, wanted.location_id)
        return None

    def _request(
        self, actor: Actor, wanted: Booking, appointment_id: UUID, fingerprint: str, cover: Coverage | None
    ) -> BookingRequest:
        return BookingRequest(
            coverage_id=cover.id if cover else None,
            payer_id=cover.payer_id if cover else None,
            appointment_id=appointment_id,
            actor=actor,
            request_hash=fingerprint,
            overbook=wanted.overbook_reason is not None,
            hold_id=None if wanted.hold_is_over else wanted.hold_id,
            **wanted.model_dump(
                include={
                    "patient_id",
                    "consultant_id",
                    "visit_type_id",
                    "location_id",
                    "start",
                    "payment",
                    "notify",
                    "walk_in",
                    "authorisation_number",
                }
            ),
        )

    async def _answer(self, actor: Actor, outcome: BookingOutcome) -> Booked:
        appointment, offer = outcome.appointment, outcome.offer
        if appointment is None or offer is None:
            message = "an outcome without refusal carries the appointment and its terms"
            raise ValueError(message)
        contact, invoice = await asyncio.gather(
            self._patients.contact(actor, appointment.patient_id), self._invoice(actor, outcome.invoice_id)
        )
        channels = await channels_of(self._messages, actor.tenant_id, contact) if outcome.reminders else []
        zone = ZoneInfo(appointment.zone)
        return Booked(
            id=appointment.id,
            reference=appointment.reference,
            status=appointment.status,
            version=appointment.version,
            patient=Named(id=contact.id, name=contact.name),
            consultant=Named(id=offer.consultant_id, name=offer.consultant_name),
            visit_type=Named(id=offer.visit_type_id, name=offer.visit_type_name),
            location_id=appointment.location_id,
            start=appointment.start.astimezone(zone),
            end=appointment.end.astimezone(zone),
            zone=appointment.zone,
            invoice=invoice,
            payment=outcome.payment,
            reminders=[
                PlannedReminder(channel=channel, at=at.astimezone(zone))
                for at in outcome.reminders
                for channel in channels
            ],
            workflow_id=ids.appointment(appointment.id),
        )

    async def _invoice(self, actor: Actor, invoice_id: UUID | None) -> Invoice | None:
        if invoice_id is None or not actor.may("payments:read"):
            return None
        return await self._payments.get_invoice(actor, invoice_id)
