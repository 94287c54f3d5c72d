"""A patient who waits: offered one freed time after the other, each held for a quarter of an hour, until one suits."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.consultants import ConsultantActivities
    from activities.openings import Openings
    from activities.processes import Processes
    from activities.telling import Telling
    from activities.waiting import WaitlistActivities
    from careconnect.auth import Actor
    from services.consultants.schemas import Offer
    from workflows import ids, policies
    from workflows.contracts import (
        Answered,
        BookingOutcome,
        BookingRequest,
        CloseEntry,
        CloseOffer,
        HoldOffer,
        Joined,
        Leaving,
        OfferAnswer,
        OfferMade,
        OfferMessage,
        OfferRequest,
        OfferTime,
        PaymentChoice,
        Refused,
        Slot,
        WaitProgress,
        WaitRequest,
        WatchRequest,
    )
    from workflows.undo import ours, regardless

P = TypeVar("P")
R = TypeVar("R")
STANDS = timedelta(minutes=15)
"""How long an offer stands."""
MARGIN = timedelta(minutes=1)
"""How much longer its time is held: an answer in the last second has still to be booked."""
_OWN_SCOPES = frozenset(
    {"appointments:read", "appointments:write", "patients:read", "consultants:read", "catalogue:read"}
)


@workflow.defn(name="WaitlistEntry")
class WaitlistEntry:
    """One patient on the waiting list, until there is a visit or no more waiting. Its id is `waitlist-{uuid}`."""

    @workflow.init
    def __init__(self, request: WaitRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.own = Actor.workflow(request.actor.tenant_id, "waitlist", _OWN_SCOPES)
        self.joined: Joined | None = None
        self.slot: Slot | None = None
        self.made: OfferMade | None = None
        self.number = 0
        self.offer_id: UUID | None = None
        self.terms: Offer | None = None
        self.answer_: OfferAnswer | None = None
        self.answers: dict[UUID, Answered] = {}
        self.leaving = False
        self.over = False

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: WaitRequest) -> Joined:
        """Join, have free times looked for, take one offer after the other."""
        self.joined = await regardless(self._join())
        if self.joined.refused is None:
            await regardless(self._wait())
        self.over = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.joined

    async def _join(self) -> Joined:
        joined = await self._local(WaitlistActivities.join, self.request)
        if joined.refused:
            return joined.model_copy(update={"request_hash": self.request.request_hash})
        await self._local(Openings.watch, WatchRequest(tenant_id=self.own.tenant_id))
        return joined

    async def _wait(self) -> None:
        booked = False
        while not booked and await self._slot_or_end():
            booked = await self._serve()
        if not booked:
            ended: Literal["left", "lapsed"] = "left" if self.leaving else "lapsed"
            closing = CloseEntry(actor=self.own, entry_id=self.request.entry_id, status=ended)
            await workflow.execute_local_activity_method(WaitlistActivities.close, closing, **policies.WITHOUT_END)

    async def _slot_or_end(self) -> bool:
        try:
            await workflow.wait_condition(
                lambda: self.slot is not None or self.leaving,
                timeout=max(self.request.until - workflow.now(), timedelta(0)),
                timeout_summary="the waiting ends",
            )
        except TimeoutError:
            return False
        return not self.leaving

    async def _serve(self) -> bool:
        """Offer one time: hold it, tell the patient, wait for the answer; tell whether there is a visit."""
        offer_id = await self._hold()
        if offer_id is None:
            return False
        telling = asyncio.create_task(self._tell(offer_id))
        try:
            await workflow.wait_condition(
                lambda: self.answer_ is not None or self.leaving, timeout=STANDS, timeout_summary="the offer passes"
            )
        except TimeoutError:
            workflow.logger.info("offer_passed")
        telling.cancel()
        return await self._conclude(offer_id)

    async def _tell(self, offer_id: UUID) -> None:
        message = OfferMessage(tenant_id=self.own.tenant_id, entry_id=self.request.entry_id, offer_id=offer_id)
        try:
            await workflow.execute_activity_method(Telling.offer, message, summary="the offer", **policies.OFFER)
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.warning("offer_not_told")

    async def _hold(self) -> UUID | None:
        """Hold the time under the offer's id; one that was taken meanwhile is no fault, and the next one may suit."""
        assert self.slot is not None  # noqa: S101 - `_slot_or_end` waited for it
        slot, self.number, self.answer_ = self.slot, self.number + 1, None
        wanted = OfferRequest(
            actor=self.own,
            visit_type_id=self.request.visit_type_id,
            consultant_id=slot.consultant_id,
            location_id=slot.location_id,
            start=slot.start,
        )
        offered = await self._local(ConsultantActivities.offer, wanted)
        made = OfferMade(refused=offered.refused)
        if offered.offer:
            self.terms = offered.offer
            holding = HoldOffer(
                actor=self.own,
                entry_id=self.request.entry_id,
                offer_id=ids.offer_of(self.request.entry_id, self.number),
                patient_id=self.request.patient_id,
                terms=offered.offer,
                hold_seconds=int((STANDS + MARGIN).total_seconds()),
                expires_at=workflow.now() + STANDS,
            )
            made = await self._local(WaitlistActivities.offer, holding)
        self.offer_id, self.slot, self.made = made.offer_id, None, made
        return made.offer_id

    async def _conclude(self, offer_id: UUID) -> bool:
        answer, answered = self.answer_, Answered(refused=_PASSED)
        status: Literal["accepted", "declined", "lapsed", "withdrawn"] = "withdrawn" if self.leaving else "lapsed"
        if answer and answer.accept:
            answered = await self._book(offer_id, answer)
            status = "withdrawn" if answered.refused else "accepted"
        elif answer:
            answered, status = Answered(), "declined"
        closing = CloseOffer(actor=self.own, entry_id=self.request.entry_id, offer_id=offer_id, status=status)
        await workflow.execute_local_activity_method(WaitlistActivities.close_offer, closing, **policies.WITHOUT_END)
        self.answers[offer_id], self.offer_id = answered, None
        return status == "accepted"

    async def _book(self, offer_id: UUID, answer: OfferAnswer) -> Answered:
        """Hand the hold over: the booking has the offer's id and finds its time held."""
        who = answer.actor.model_copy(update={"scopes": answer.actor.scopes | _OWN_SCOPES})
        booking = self._booking(offer_id, who)
        outcome: BookingOutcome = await workflow.execute_activity_method(
            Processes.book, booking, summary="the visit", **policies.ASK
        )
        return Answered(appointment=outcome.appointment, refused=outcome.refused)

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.update
    async def join(self, _request_hash: str) -> Joined:
        """Wait until the patient has a place. The update's id is the idempotency key."""
        await workflow.wait_condition(lambda: self.joined is not None)
        assert self.joined is not None  # noqa: S101 - the line above waited for it
        return self.joined

    @workflow.update
    async def offer(self, free: OfferTime) -> OfferMade:
        """Take a free time from the matching, unless one is on offer already; answer once it is held, or is not."""
        if self.joined is None or self.over or self.leaving or self.slot is not None or self.offer_id is not None:
            return OfferMade()
        self.slot, self.made = free.slot, None
        await workflow.wait_condition(lambda: self.made is not None or self.over)
        return self.made or OfferMade()

    @workflow.update
    async def answer(self, answer: OfferAnswer) -> Answered:
        """Accept or decline the offer; the first answer counts."""
        if answer.offer_id not in self.answers:
            if answer.offer_id != self.offer_id:
                return Answered(refused=_PASSED)
            self.answer_ = self.answer_ or answer
            await workflow.wait_condition(lambda: answer.offer_id in self.answers)
        return self.answers[answer.offer_id]

    @workflow.update
    async def leave(self, _leaving: Leaving) -> None:
        """Take the patient from the list; an offer under way is withdrawn."""
        self.leaving = True
        await workflow.wait_condition(lambda: self.over)

    @workflow.query
    def progress(self) -> WaitProgress:
        """Tell where the entry stands."""
        stage: Literal["joining", "waiting", "offering", "done"] = "offering" if self.offer_id else "waiting"
        if self.joined is None or self.over:
            stage = "joining" if self.joined is None else "done"
        return WaitProgress(stage=stage, outcome=self.joined, offer_id=self.offer_id)

    # Small steps ------------------------------------------------------------------------------------------------------

    def _booking(self, appointment_id: UUID, actor: Actor) -> BookingRequest:
        """Describe the visit; it is paid at the desk, since nobody asks for a card by this way."""
        assert self.terms is not None  # noqa: S101 - there is an offer
        terms = self.terms
        return BookingRequest(
            appointment_id=appointment_id,
            actor=actor,
            patient_id=self.request.patient_id,
            consultant_id=terms.consultant_id,
            visit_type_id=self.request.visit_type_id,
            location_id=terms.location_id,
            start=terms.start,
            payment=PaymentChoice(method="at_desk"),
            request_hash=str(self.request.entry_id),
        )

    async def _local(self, step: Callable[[Any, P], Awaitable[R]], request: P) -> R:
        found: R = await workflow.execute_local_activity_method(step, request, **policies.SHORT)
        return found


_PASSED = Refused(
    code="offer_over",
    status=409,
    title="This offer has passed",
    detail="This offer has passed. You are still on the waiting list.",
)
