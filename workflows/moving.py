"""Another time, consultant, place or length for an appointment, and what that costs more or less."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from activities.differences import DifferenceActivities
    from activities.payments import PaymentActivities
    from careconnect.auth import Actor
    from careconnect.money import Money
    from services.appointments.errors import MovedTooOften, TooLateToMove, UndoWindowOver
    from services.appointments.schemas import UNDO_WINDOW, Move, Status
    from services.consultants.schemas import Offer
    from workflows import ids, policies
    from workflows.alternatives import NEAREST_FREE_HELP, nearest_free
    from workflows.cancelling import Cancelling
    from workflows.contracts import (
        AlternativesRequest,
        BookingRequest,
        Changed,
        LowerRequest,
        MoneyTarget,
        MoveRequest,
        OfferRequest,
        Refused,
        RescheduleRequest,
        UndoMove,
    )
    from workflows.undo import ours


@dataclass(frozen=True)
class Place:
    """Where an appointment was before it moved, on which terms, and until when it can go back there.

    `counts`: the way from there was one of the moves that the policy allows.
    """

    move: Move
    offer: Offer
    until: datetime
    counts: bool = False


class Moving(Cancelling):
    """Moves in one step of the database; payment, invoice and reminders follow."""

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.before: Place | None = None
        self.counted_moves = 0
        self.adjusting: list[asyncio.Task[None]] = []

    async def move_it(self, asked: RescheduleRequest) -> Changed:
        """Take the new time before the old one is free, if the policy lets it move."""
        refused = self.stale(asked.expected_version) or self._against_policy(asked)
        if refused:
            return Changed(refused=refused)
        if self._is_there(asked) and workflow.patched("no-move-to-where-it-is"):
            return Changed(appointment=self.now())
        wanted = self._wanted(asked)
        offered = await self.local(ConsultantActivities.offer, wanted)
        if offered.offer is None:
            moved = Changed(refused=offered.refused)
        else:
            offer = self._as_agreed(offered.offer)
            counts = self._is_bound(asked)
            moved = await self._place(asked.actor, _move(offer, overbook=asked.overbook), offer, notify=asked.notify)
            self._count(moved, counts=counts)
        return await self._with_times_nearby(moved, wanted) if asked.alternatives else moved

    async def move_back(self, asked: UndoMove) -> Changed:
        """Take back the last move, if it is not long ago; the old time has to be free still."""
        if refused := self.stale(asked.expected_version):
            return Changed(refused=refused)
        before = self.before
        if before is None or workflow.now() > before.until:
            return Changed(refused=Refused.of(UndoWindowOver()))
        if refused := await self.works_no_more(asked.actor, before.move):
            return Changed(refused=refused)
        changed = await self._place(asked.actor, before.move, before.offer, notify=asked.notify)
        if changed.refused is None:
            self.before, self.counted_moves = None, self.counted_moves - before.counts
        return changed.model_copy(update={"undo_until": None})

    async def _place(self, actor: Actor, move: Move, offer: Offer, *, notify: bool) -> Changed:
        here, cost = self._here(), self.offer.price if self.offer else None
        move = move.model_copy(update={"to_version": self.now().version + 1})
        asked = MoveRequest(actor=actor, appointment_id=self.request.appointment_id, move=move)
        moved = self.take_over(await self.local(AppointmentActivities.move, asked))
        if moved.refused or moved.appointment is None:
            return moved
        self.before, self.offer = here, offer
        workflow.upsert_search_attributes(
            [
                ids.VISIT_AT.value_set(moved.appointment.start),
                ids.CONSULTANT.value_set(str(moved.appointment.consultant_id)),
                ids.LOCATION.value_set(str(moved.appointment.location_id)),
            ]
        )
        await self.move_reminders()
        await self.payment_follows()
        if notify:
            self.tell("rescheduling")
        undo_until = here.until if here else None
        return moved.model_copy(update={"undo_until": undo_until} | self._adjust(cost, offer.price))

    async def _with_times_nearby(self, moved: Changed, wanted: OfferRequest) -> Changed:
        """Name the times beside a refusal to which it could move: its own time is free for it."""
        refused = moved.refused
        if refused is None or refused.code not in NEAREST_FREE_HELP:
            return moved
        asked = AlternativesRequest(
            actor=wanted.actor,
            visit_type_id=wanted.visit_type_id,
            consultant_id=wanted.consultant_id,
            location_id=wanted.location_id,
            start=wanted.start,
            duration_minutes=wanted.duration_minutes,
            patient_id=self.request.patient_id,
            moving=self.request.appointment_id,
        )
        slots = [slot.model_dump(mode="json") for slot in await nearest_free(asked)]
        return Changed(refused=refused.model_copy(update={"extra": {**refused.extra, "alternatives": slots}}))

    async def payment_follows(self) -> None:
        """Hear that the appointment has moved; what is paid before the visit follows it."""

    # What it costs more or less ---------------------------------------------------------------------------------------

    def _adjust(self, before: Money | None, price: Money) -> dict[str, object]:
        """Have the difference invoiced or returned, beside the answer, which tells it."""
        if before is None or before.currency != price.currency or before == price:
            return {}
        difference, version = price - before, self.now().version
        invoice_id = ids.difference_of(self.request.appointment_id, version) if difference.amount > 0 else None
        self.adjusting.append(asyncio.create_task(self._begin_to_differ(difference, version)))
        return {"difference": difference, "invoice_id": invoice_id}

    async def _begin_to_differ(self, difference: Money, version: int) -> None:
        failed = await self._differ(difference, version)
        if failed:
            self.failed_steps, self.try_again = failed, lambda: self._differ(difference, version)
            await self.flag()

    async def _differ(self, difference: Money, version: int) -> list[str]:
        """Invoice or return the difference; tell which step failed."""
        try:
            if difference.amount > 0:
                invoice_id = ids.difference_of(self.request.appointment_id, version)
                # The difference is one of what the patient pays, so the tax is in it.
                said = {"invoice_id": invoice_id, "price": difference, "tax_inclusive": True}
                request = self.invoice_request().model_copy(update=said)
                await self.local(PaymentActivities.issue_invoice, request)
            else:
                await self._lower(difference, version)
        except BaseException as error:
            if not ours(error):
                raise
            return ["price_difference"]
        return []

    async def _lower(self, difference: Money, version: int) -> None:
        target = MoneyTarget(actor=self.own, appointment_id=self.request.appointment_id, reason="price_difference")
        owed = await self.local(DifferenceActivities.owed, target)
        if owed.total is None:
            return
        wanted = LowerRequest(**dict(target), total=owed.total + difference, cause=f"moved {version}")
        await workflow.execute_local_activity_method(DifferenceActivities.lower, wanted, **policies.WITHOUT_END)

    async def differences_are_settled(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self.adjusting)

    # Small steps ------------------------------------------------------------------------------------------------------

    def _is_there(self, asked: RescheduleRequest) -> bool:
        """Tell whether it is where it is to be moved: then nothing moves, and nobody is told."""
        now = self.now()
        length = timedelta(minutes=asked.duration_minutes) if asked.duration_minutes else now.end - now.start
        wanted = (asked.start, length, asked.consultant_id or now.consultant_id, asked.location_id or now.location_id)
        there = (now.start, now.end - now.start, now.consultant_id, now.location_id)
        return now.status == Status.BOOKED and wanted == there

    def _against_policy(self, asked: RescheduleRequest) -> Refused | None:
        """Refuse what the visit type's policy does not allow, unless somebody passes over it."""
        now = self.now()
        if self.offer is None or not self._is_bound(asked):
            return None
        policy = self.offer.cancellation_policy
        until = now.start - timedelta(hours=policy.reschedule_until_hours)
        if policy.reschedule_until_hours and workflow.now() > until:
            return Refused.of(TooLateToMove(until=until.isoformat()))
        if policy.max_moves is not None and self._moved_so_often() >= policy.max_moves:
            return Refused.of(MovedTooOften(max_moves=policy.max_moves))
        return None

    def _is_bound(self, asked: RescheduleRequest) -> bool:
        """Tell whether the policy on moving concerns it: not what the clinic moves, nor who stays at the same time."""
        now = self.now()
        another = asked.start != now.start or asked.consultant_id not in {None, now.consultant_id}
        return another and not asked.override and not asked.held

    def _moved_so_often(self) -> int:
        """Count the moves that the policy concerned; processes that asked before count versions, as they began."""
        return self.counted_moves if workflow.patched("count-moves-of-the-policy") else self.now().version - 1

    def _count(self, moved: Changed, *, counts: bool) -> None:
        if counts and moved.refused is None:
            self.counted_moves += 1
            self.before = replace(self.before, counts=True) if self.before else None

    def _wanted(self, asked: RescheduleRequest) -> OfferRequest:
        """Ask for the same visit as long as it is now, unless another length is wanted."""
        now = self.now()
        return OfferRequest(
            actor=asked.actor,
            visit_type_id=now.visit_type_id,
            consultant_id=asked.consultant_id or now.consultant_id,
            location_id=asked.location_id or (None if asked.consultant_id else now.location_id),
            start=asked.start,
            override_hours=asked.overbook,
            held=asked.held,
            patient_id=now.patient_id,
            payer_id=self.request.payer_id,
            coverage_id=self.request.coverage_id,
            appointment_id=now.id,
            override_notice=asked.override or asked.start == now.start,
            duration_minutes=asked.duration_minutes or int((now.end - now.start) / timedelta(minutes=1)),
        )

    def _as_agreed(self, offer: Offer) -> Offer:
        """Keep the price that was agreed on; only another consultant's may differ."""
        if self.offer is None or offer.consultant_id != self.now().consultant_id:
            return offer
        agreed = self.offer
        kept = ("price", "listed", "tax", "covered", "coverage_id", "payer_id", "payer_name")
        return offer.model_copy(update={name: getattr(agreed, name) for name in kept})

    def _here(self) -> Place | None:
        now, offer = self.now(), self.offer
        if offer is None:
            return None
        here: dict[str, object] = {"location_id": now.location_id, "start": now.start, "end": now.end, "undoes": True}
        here["rooms"] = offer.rooms and sorted(offer.rooms, key=lambda room: room != now.room_id)
        move = _move(offer, overbook=now.overbooked).model_copy(update=here)
        return Place(move, offer, workflow.now() + UNDO_WINDOW)


def _move(offer: Offer, *, overbook: bool) -> Move:
    return Move(
        consultant_id=offer.consultant_id,
        location_id=offer.location_id,
        zone=offer.zone,
        start=offer.start,
        end=offer.end,
        occupied_from=offer.occupied_from,
        occupied_to=offer.occupied_to,
        to_version=2,
        overbooked=overbook,
        hours_overridden=not offer.within_hours,
        capacity=offer.capacity,
        rooms=offer.rooms,
    )
