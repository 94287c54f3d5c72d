"""A time held while a form is filled in: until a booking takes it over, it is given back, or its time is up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.consultants import ConsultantActivities
    from activities.holding import HoldActivities
    from activities.slots import SlotActivities
    from careconnect.auth import Actor
    from services.consultants.schemas import Offer
    from workflows import ids, policies
    from workflows.alternatives import NEAREST_FREE_HELP, nearest_free
    from workflows.contracts import (
        Alternatives,
        AlternativesRequest,
        EndHold,
        ExtendHold,
        HoldAsk,
        HoldOutcome,
        HoldProgress,
        HoldStanding,
        HoldWanted,
        OfferRequest,
        PlaceHold,
        Refused,
    )
    from workflows.undo import regardless

R = TypeVar("R")
EXTENSION = timedelta(minutes=10)
"""How much longer an extended hold lasts."""
_TRIES = 5
_OWN_SCOPES = frozenset({"appointments:read", "appointments:write"})


@workflow.defn(name="SlotHold")
class SlotHold:
    """One hold, until it ends. Its id is `hold-{uuid}`.

    That a booking took the time over is decided where the time is kept, in one transaction, and not told here: ending
    such a hold changes nothing. Should the booking come to nothing, the time is held again for what was left.
    """

    @workflow.init
    def __init__(self, request: HoldWanted) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.own = Actor.workflow(request.actor.tenant_id, "hold", _OWN_SCOPES)
        self.outcome: HoldOutcome | None = None
        self.until = workflow.now()
        self.extending = 0
        self.released_by: Actor | None = None
        self.over = False

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: HoldWanted) -> HoldOutcome:
        """Hold the time, wait, give it back."""
        self.outcome = await regardless(self._place())
        if self.outcome.hold:
            await regardless(self._stand(self.outcome.hold.expires_at))
            await regardless(self._end())
        self.over = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.outcome

    async def _place(self) -> HoldOutcome:
        made = HoldStanding(refused=_NOBODY_IS_FREE)
        for slot in await self._candidates():
            made = await self._hold(slot)
            if made.hold or (made.refused and made.refused.code not in NEAREST_FREE_HELP):
                break
        refused = await self._with_alternatives(made.refused) if made.refused else None
        return HoldOutcome(hold=made.hold, refused=refused, request_hash=self.request.request_hash)

    async def _candidates(self) -> list[OfferRequest]:
        """List whom to ask: the consultant who is wanted, or whoever is free then."""
        if self.request.consultant_id:
            return [self._offer_wanted(self.request.consultant_id, self.request.location_id)]
        found: Alternatives = await self._local(SlotActivities.at_start, self._around(limit=_TRIES))
        return [self._offer_wanted(slot.consultant_id, slot.location_id) for slot in found.slots]

    async def _hold(self, wanted: OfferRequest) -> HoldStanding:
        offered = await self._local(ConsultantActivities.offer, wanted)
        if offered.offer is None:
            return HoldStanding(refused=offered.refused)
        return await self._occupy(offered.offer)

    async def _occupy(self, offer: Offer) -> HoldStanding:
        asked = PlaceHold(
            actor=self.request.actor,
            hold_id=self.request.hold_id,
            patient_id=self.request.patient_id,
            offer=offer,
            hold_seconds=self.request.hold_seconds,
            request_hash=self.request.request_hash,
        )
        made: HoldStanding = await self._local(HoldActivities.place, asked)
        if made.hold and self.request.consultant_id is None:
            found = [ids.CONSULTANT.value_set(str(made.hold.consultant_id))]
            workflow.upsert_search_attributes([*found, ids.LOCATION.value_set(str(made.hold.location_id))])
        return made

    async def _stand(self, until: datetime) -> None:
        """Wait until the time is up or given back; an extension under way is let end first."""
        self.until = until
        while self.released_by is None and (left := self.until - workflow.now()) > timedelta():
            reached = self.until
            try:
                await workflow.wait_condition(
                    lambda reached=reached: self.released_by is not None or self.until != reached,  # type: ignore[misc]
                    timeout=left,
                    timeout_summary="the hold runs out",
                )
            except TimeoutError:
                await workflow.wait_condition(lambda: not self.extending)

    async def _end(self) -> None:
        how: Literal["released", "expired"] = "released" if self.released_by else "expired"
        ending = EndHold(actor=self.released_by or self.own, hold_id=self.request.hold_id, how=how)
        await workflow.execute_local_activity_method(HoldActivities.end, ending, **policies.WITHOUT_END)

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.update
    async def hold(self, _request_hash: str) -> HoldOutcome:
        """Wait until the time is held, or is not to be had. The update's id is the idempotency key."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        assert self.outcome is not None  # noqa: S101 - the line above waited for it
        return self.outcome

    @workflow.update
    async def extend(self, asked: HoldAsk) -> HoldStanding:
        """Hold it for longer, once."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        extension = ExtendHold(
            actor=asked.actor,
            hold_id=self.request.hold_id,
            extension_id=workflow.uuid4(),
            seconds=int(EXTENSION.total_seconds()),
        )
        self.extending += 1
        try:
            extended: HoldStanding = await self._local(HoldActivities.extend, extension)
        finally:
            self.extending -= 1
        if extended.hold:
            self.until = extended.hold.expires_at
        return extended

    @workflow.update
    async def release(self, asked: HoldAsk) -> None:
        """Give the time back, and wait until it is free."""
        self.released_by = self.released_by or asked.actor
        await workflow.wait_condition(lambda: self.over)

    @workflow.query
    def progress(self) -> HoldProgress:
        """Tell where the hold stands."""
        stage: Literal["holding", "held", "done"] = "done" if self.over else "held"
        return HoldProgress(stage=stage if self.outcome else "holding", outcome=self.outcome)

    # Small steps ------------------------------------------------------------------------------------------------------

    def _offer_wanted(self, consultant_id: Any, location_id: Any) -> OfferRequest:
        return OfferRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=consultant_id,
            location_id=location_id,
            start=self.request.start,
            patient_id=self.request.patient_id,
        )

    def _around(self, limit: int) -> AlternativesRequest:
        return AlternativesRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=self.request.consultant_id,
            location_id=self.request.location_id,
            start=self.request.start,
            patient_id=self.request.patient_id,
            limit=limit,
        )

    async def _with_alternatives(self, refused: Refused) -> Refused:
        if refused.code not in NEAREST_FREE_HELP:
            return refused
        nearest = [slot.model_dump(mode="json") for slot in await nearest_free(self._around(limit=_TRIES))]
        return refused.model_copy(update={"extra": {**refused.extra, "alternatives": nearest}})

    async def _local(self, step: Callable[[Any, Any], Any], request: Any) -> Any:
        return await workflow.execute_local_activity_method(step, request, **policies.SHORT)


_NOBODY_IS_FREE = Refused(
    code="slot_taken", status=409, title="That time has just been taken", detail="Nobody is free at that time."
)
