"""Steps that hold a time while a form is filled in, and give it back."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from temporalio import activity

from activities.answers import insisting, refusing
from services.appointments.holds.client import HoldsClient
from services.appointments.holds.schemas import Extension, HoldEnd, HoldWrite
from services.patients.client import PatientsClient
from workflows.contracts import EndHold, ExtendHold, HoldStanding, PlaceHold

_TERMS = {"consultant_name", "visit_type_name", "price", "tax", "payment_policy", "cancellation_policy", "mode"}
_TIMES = {
    "consultant_id", "visit_type_id", "location_id", "zone", "start", "end", "occupied_from", "occupied_to", "capacity",
    "rooms",
}  # fmt: skip


class HoldActivities:
    """Holds the clients of those who know times and patients, and whom to tell when a time may have been freed."""

    def __init__(
        self, holds: HoldsClient, patients: PatientsClient, freed: Callable[[UUID], Awaitable[None]] | None = None
    ) -> None:
        self.holds = holds
        self.patients = patients
        self._freed = freed

    @activity.defn(name="place_hold")
    @refusing(HoldStanding)
    async def place(self, request: PlaceHold) -> HoldStanding:
        """Occupy the time, on terms that are told; a patient who is named must be one who can be booked."""
        if request.patient_id:
            await self.patients.standing(request.actor, request.patient_id)
        offer = request.offer
        asked = HoldWrite(
            patient_id=request.patient_id,
            hold_seconds=request.hold_seconds,
            request_hash=request.request_hash,
            terms=offer.model_dump(mode="json", include=_TERMS),
            **offer.model_dump(include=_TIMES),
        )
        return HoldStanding(hold=await self.holds.place(request.actor, request.hold_id, asked))

    @activity.defn(name="extend_hold")
    @refusing(HoldStanding)
    async def extend(self, request: ExtendHold) -> HoldStanding:
        """Hold it for longer, once."""
        asked = Extension(id=request.extension_id, seconds=request.seconds)
        return HoldStanding(hold=await self.holds.extend(request.actor, request.hold_id, asked))

    @activity.defn(name="end_hold")
    @insisting
    async def end(self, request: EndHold) -> None:
        """Give the time back; harmless where it never was held, and where it is an appointment's by now."""
        await self.holds.end(request.actor, request.hold_id, HoldEnd(how=request.how))
        if self._freed:
            await self._freed(request.actor.tenant_id)

    @property
    def activities(self) -> list[Callable[..., Awaitable[object]]]:
        """All of them, for the worker."""
        return [self.place, self.extend, self.end]
