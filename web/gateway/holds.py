"""Holds as processes: a time is held while a form is filled in, extended once, and given back."""

import hashlib
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.ids import derived_id, uuid7
from careconnect.money import Money
from services.appointments.errors import HoldOver, HoldUsed
from services.appointments.holds.client import HoldsClient
from services.appointments.holds.schemas import HeldSlot, HoldStatus
from services.consultants.schemas import CancellationPolicy, PaymentPolicy, Tax
from web.gateway.booked import Named
from web.gateway.engine import Engine, attributes
from web.gateway.errors import WorkflowNotFound
from workflows import ids
from workflows.contracts import HoldAsk, HoldOutcome, HoldStanding, HoldWanted
from workflows.holding import SlotHold


class HoldWish(BaseModel):
    """Which time is to be held; without a consultant, with whoever is free then."""

    visit_type_id: UUID
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    start: datetime
    patient_id: UUID | None = None

    def fingerprint(self) -> str:
        """Tell whether a repeated request is the same one."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class Held(BaseModel):
    """A hold, with what the visit costs and which policies hold for it."""

    id: UUID
    status: HoldStatus
    start: datetime
    end: datetime
    zone: str
    expires_at: datetime = Field(description="when the time is free again, unless it is booked or extended before")
    extended: bool = Field(description="whether it was extended; that is possible once")
    consultant: Named
    visit_type: Named
    location_id: UUID
    room_id: UUID | None = None
    patient_id: UUID | None = None
    price: Money
    tax: Tax | None = None
    payment_policy: PaymentPolicy
    cancellation_policy: CancellationPolicy
    appointment_id: UUID | None = Field(None, description="the appointment that it became")
    workflow_id: str


class HoldProcesses:
    """The processes of holds."""

    def __init__(self, engine: Engine, holds: HoldsClient) -> None:
        self._engine = engine
        self.get = holds.get

    async def place(self, actor: Actor, wanted: HoldWish, key: str | None = None) -> HeldSlot:
        """Hold a time, once per `key`.

        Raises:
            IdempotencyConflict: the key was used for another time.
            StillDeciding: there is no outcome yet.
            Refusal: the time is not to be had, with the nearest free ones.
        """
        hold_id = derived_id("hold", actor.tenant_id, actor.id, key) if key else uuid7()
        fingerprint = wanted.fingerprint()
        outcome = await self._engine.begin(
            SlotHold.run,
            HoldWanted(hold_id=hold_id, actor=actor, request_hash=fingerprint, **wanted.model_dump()),
            ids.hold(hold_id),
            SlotHold.hold,
            fingerprint,
            into=HoldOutcome,
            update_id=f"place-{hold_id}",
            attributes=attributes(
                actor, consultant_id=wanted.consultant_id, location_id=wanted.location_id, visit_at=wanted.start
            ),
            summary="Held time",
        )
        if outcome.request_hash != fingerprint:
            raise IdempotencyConflict
        return _held(outcome)

    async def extend(self, actor: Actor, hold_id: UUID, key: str | None = None) -> HeldSlot:
        """Hold it for longer, which is possible once; a repeat with the same `key` gets the first answer.

        Raises:
            HoldNotFound: there is none for this tenant.
            HoldOver: it has run out, or was given back.
            HoldExtended: it was extended before.
            HoldUsed: it is an appointment.
        """
        await self.get(actor, hold_id)
        update_id = str(derived_id("extension", hold_id, actor.id, key) if key else uuid7())
        try:
            extended: HoldStanding = await self._engine.ask(
                ids.hold(hold_id), SlotHold.extend, HoldAsk(actor=actor), update_id=update_id
            )
        except WorkflowNotFound:
            standing = await self.get(actor, hold_id)
            raise HoldUsed if standing.appointment_id else HoldOver from None
        return _held(extended)

    async def release(self, actor: Actor, hold_id: UUID) -> None:
        """Give the time back; harmless where it was given back before, ran out, or is an appointment's by now.

        Raises:
            HoldNotFound: there is none for this tenant.
        """
        standing = await self.get(actor, hold_id)
        if standing.status in {HoldStatus.RELEASED, HoldStatus.EXPIRED}:
            return
        try:
            await self._engine.ask(ids.hold(hold_id), SlotHold.release, HoldAsk(actor=actor), update_id=str(uuid7()))
        except WorkflowNotFound:
            return


def shown(hold: HeldSlot) -> Held:
    """Show a hold with the terms on which it was placed."""
    zone, terms = ZoneInfo(hold.zone), hold.terms
    known = hold.model_dump(exclude={"start", "end", "expires_at", "consultant_id", "visit_type_id"})
    return Held(
        **known,
        **{name: terms[name] for name in ("price", "tax", "payment_policy", "cancellation_policy") if name in terms},
        start=hold.start.astimezone(zone),
        end=hold.end.astimezone(zone),
        expires_at=hold.expires_at.astimezone(zone),
        consultant=Named(id=hold.consultant_id, name=terms.get("consultant_name", "")),
        visit_type=Named(id=hold.visit_type_id, name=terms.get("visit_type_name", "")),
        workflow_id=ids.hold(hold.id),
    )


def _held(standing: HoldStanding) -> HeldSlot:
    if standing.refused:
        raise standing.refused.refusal()
    if standing.hold is None:
        message = "an answer without refusal carries the hold"
        raise ValueError(message)
    return standing.hold
