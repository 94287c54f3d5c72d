"""How an appointment ends before it took place, what that costs, and until when it can be taken back."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from activities.insurance import ClaimActivities
    from careconnect.auth import Actor
    from careconnect.errors import VersionConflict
    from services.appointments.errors import WrongState
    from services.appointments.schemas import LEFT, UNDO_WINDOW, Appointment, Move, Status
    from services.consultants.errors import OutsideHours
    from workflows import policies
    from workflows.contracts import (
        BookingRequest,
        CancellationRequest,
        CancelRequest,
        Changed,
        MoneyTarget,
        OfferRequest,
        Refused,
        StepRequest,
        VisitStep,
    )
    from workflows.settling import Ending, Settling
    from workflows.undo import ours

SAME_DAY = timedelta(hours=12)
"""How long the process waits for the undo of a visit's end; the service refuses it when the local day is over."""
_MOMENT = timedelta(seconds=3)
"""How long the answer to a cancellation waits for the money, which is usually on its way back by then."""
_A_WHILE = timedelta(seconds=1)
_FREED = frozenset({"cancellation", "no-show"})
"""Ends whose time may have become leave since."""
_OF_THE_CLINIC = ("prov", "maint", "meds-inc", "oth-")
"""How the reasons begin that are not the patient's: they never cost a fee."""


def is_of_the_clinic(reason: str) -> bool:
    """Tell whether a cancellation is for a reason that is the clinic's, and not the patient's."""
    return reason.startswith(_OF_THE_CLINIC)


class Cancelling(Settling):
    """Cancels, and brings back. While an end can be undone, no money moves and nobody is told."""

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.undo_until: datetime | None = None
        self._told = True

    async def cancel_it(self, asked: CancellationRequest) -> Changed:
        """Free the time; the money follows when it can no longer be undone."""
        if self.now().status == Status.CANCELLED:
            return self._waived_since(asked) or self._as_it_ended(Changed(appointment=self.now()))
        if refused := self.stale(asked.expected_version):
            return Changed(refused=refused)
        late = self.is_late()
        fee = self.fee() if late and not is_of_the_clinic(asked.reason) else None
        request = CancelRequest(
            actor=asked.actor,
            appointment_id=self.request.appointment_id,
            reason=asked.reason,
            late=late,
            waived=bool(fee) and asked.waive_fee,
            undoable=asked.undoable,
        )
        changed = self.take_over(await self.local(AppointmentActivities.cancel, request))
        if changed.refused:
            return changed
        fee = None if asked.waive_fee else fee
        # Before anything is waited for: the process looks at these as soon as the appointment has ended.
        self.ending, self._told = Ending(asked.reason, "cancellation", fee), not asked.notify
        self.undo_until = workflow.now() + UNDO_WINDOW if asked.undoable else None
        await self.stop_reminders()
        if not asked.undoable:
            self.tell_of_cancellation()
        return self._as_it_ended(changed)

    def _waived_since(self, asked: CancellationRequest) -> Changed | None:
        """Let go the fee of a cancellation that can be undone still; what was kept for good is given back by a refund.

        Processes that were asked before this was so go on as they began.
        """
        fee = self.ending.keep if self.ending and asked.waive_fee else None
        if not fee or self.ending is None or not workflow.patched("waived-while-it-can-be-undone"):
            return None
        if self.undo_until is None:
            return Changed(refused=Refused.of(WrongState("The fee was kept; give it back on the invoice.")))
        self.ending = replace(self.ending, keep=None)
        return None

    async def step_of_ending(self, step: VisitStep, asked: StepRequest) -> Changed:
        """Note that the visit ended, or that it did not, and until when that can be changed."""
        before = self.now().status
        if step.undo and step.verb in _FREED and (refused := await self.works_no_more(step.actor, self.now())):
            return Changed(refused=refused)
        changed = self.take_over(await self.local(AppointmentActivities.step, asked))
        if changed.refused:
            return changed
        now = self.now().status
        if step.undo:
            self._bring_back(before)
        elif step.verb == "no-show":
            self.undo_until = self.undo_until if before == now else workflow.now() + SAME_DAY
            waived = step.waive_fee or (before == now and self._was_waived())
            self.ending = Ending("no_show", "no_show", None if waived else self.no_show_fee())
        elif before == now:
            workflow.logger.info("ended_before")
        elif step.verb == "departure":
            self.undo_until, self.ending = workflow.now() + SAME_DAY, Ending(LEFT, "cancellation")
        elif step.undoable:
            self.undo_until = workflow.now() + SAME_DAY
        if now == Status.FULFILLED and before != now:
            self.draft_claims()
        return self._as_it_ended(changed)

    def _was_waived(self) -> bool:
        """Tell whether somebody has waived the fee, which a repeat by somebody else does not bring back.

        Processes that were asked before this was so go on as they began.
        """
        free = self.ending is not None and self.ending.keep is None
        return free and workflow.patched("waived-stays-waived")

    async def was_undone(self) -> bool:
        """Wait as long as the end of the visit can be undone, and tell whether that happened."""
        if self.undo_until is None:
            return False
        try:
            await workflow.wait_condition(
                lambda: self.undo_until is None,
                timeout=max(self.undo_until - workflow.now(), timedelta()),
                timeout_summary="undo",
            )
        except TimeoutError:
            return False
        return True

    async def money_is_settled_soon(self) -> None:
        """Give the money a moment, where it moves at once."""
        if self.undo_until:
            return
        try:
            await workflow.wait_condition(lambda: self.money_settled or bool(self.failed_steps), timeout=_MOMENT)
        except TimeoutError:
            workflow.logger.info("money_takes_longer")

    async def works_no_more(self, actor: Actor, place: Move | Appointment) -> Refused | None:
        """Refuse to go back to a time at which the consultant is away by now, unless nobody asked for hours before."""
        if place.hours_overridden or not workflow.patched("undos-ask-for-hours"):
            return None
        wanted = OfferRequest(
            actor=actor,
            visit_type_id=self.now().visit_type_id,
            consultant_id=place.consultant_id,
            location_id=place.location_id,
            start=place.start,
            held=True,
            duration_minutes=int((place.end - place.start) / timedelta(minutes=1)),
        )
        refused = (await self.local(ConsultantActivities.offer, wanted)).refused
        return refused if refused and refused.code == OutsideHours.code else None

    def stale(self, expected: int | None) -> Refused | None:
        """Refuse what was asked of the appointment as it was before somebody else changed it."""
        now = self.now().version
        return None if expected in {None, now} else Refused.of(VersionConflict(version=now))

    def tell_of_cancellation(self) -> None:
        """Tell the patient, once, if that was asked for."""
        if not self._told and self.now().status == Status.CANCELLED:
            self._told = True
            self.tell("cancellation")

    def draft_claims(self) -> None:
        """Have the payer's share claimed of a visit that took place, without anybody waiting for it."""
        if self.offer and self.offer.coverage_id:
            self.messages.append(asyncio.create_task(self._draft_claims()))

    async def _draft_claims(self) -> None:
        target = MoneyTarget(actor=self.own, appointment_id=self.request.appointment_id)
        try:
            await workflow.execute_local_activity_method(ClaimActivities.draft, target, **policies.WITHOUT_END)
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.warning("claim_not_drafted")

    def _as_it_ended(self, changed: Changed) -> Changed:
        fee = self.ending.keep if self.ending else None
        return changed.model_copy(update={"undo_until": self.undo_until, "fee": fee or None})

    def _bring_back(self, ended: Status) -> None:
        self.undo_until, self.ending, self._told = None, None, True
        if ended == Status.CANCELLED and self.offer and self.reminder_times():
            self.messages.append(asyncio.create_task(self._remind_again()))

    async def _remind_again(self) -> None:
        """Let reminders be sent again, as soon as the process that was told to stop is gone."""
        while not await self.start_reminders() and self.now().status == Status.BOOKED:
            await workflow.sleep(_A_WHILE)
