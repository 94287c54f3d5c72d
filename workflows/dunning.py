"""What is due is recalled: a reminder with a payment link, some mornings after the visit, until it is paid."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.dunning import DunningActivities
    from workflows import policies
    from workflows.contracts import DunningRequest, DunningStep, DunningTurn, Refused, ReminderAsk
    from workflows.undo import ours

_ANOTHER_DAY = timedelta(days=1)


@workflow.defn(name="InvoiceDunning")
class InvoiceDunning:
    """Recalls one invoice. Its id is `dunning-{invoice uuid}`; the payments service knows what was sent.

    Each turn asks that service first, so that nobody is reminded of what was paid, let go or paused in the meantime.
    """

    @workflow.init
    def __init__(self, request: DunningRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.turn = DunningTurn()
        self.looks = 0
        self.changing = asyncio.Lock()

    @workflow.run
    async def run(self, request: DunningRequest) -> int:
        """Send what is due, wait for the next, and end when there is none; tell how many went out."""
        while True:
            seen = self.looks
            async with self.changing:
                self.turn = await self._take_turn()
            if self.turn.next_at is None and seen == self.looks:
                break
            await self._until(self.turn.next_at, seen)
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(request)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.turn.sent

    async def _take_turn(self) -> DunningTurn:
        step = DunningStep(**dict(self.request), at=workflow.now())
        try:
            found: DunningTurn = await workflow.execute_activity_method(
                DunningActivities.turn, step, summary="remind if it is due", **policies.MESSAGE
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            workflow.logger.warning("reminder_failed")
            return self.turn.model_copy(update={"next_at": workflow.now() + _ANOTHER_DAY})
        return found

    async def _until(self, at: datetime | None, seen: int) -> None:
        """Wait for the next reminder's time, or until somebody has changed something."""
        left = max(at - workflow.now(), timedelta(0)) if at else timedelta(0)
        try:
            await workflow.wait_condition(lambda: self.looks != seen, timeout=left, timeout_summary="the next reminder")
        except TimeoutError:
            workflow.logger.debug("reminder_is_due")

    @workflow.signal
    def look(self) -> None:
        """Hear that something has changed: paused, resumed, paid, or let go."""
        self.looks += 1

    @workflow.update
    async def remind(self, asked: ReminderAsk) -> DunningTurn:
        """Send the next reminder at once."""
        async with self.changing:
            step = DunningStep(**dict(self.request), at=workflow.now(), reminder_id=asked.reminder_id)
            try:
                found: DunningTurn = await workflow.execute_activity_method(
                    DunningActivities.remind, step, summary="remind now", **policies.OFFER
                )
            except BaseException as error:
                if not ours(error):
                    raise
                found = DunningTurn(refused=_NOT_SENT)
        self.looks += 1
        return found

    @workflow.query
    def progress(self) -> dict[str, Any]:
        """Tell where it stands."""
        return {"stage": "waiting" if self.turn.next_at else "done", "sent": self.turn.sent, "next": self.turn.next_at}


_NOT_SENT = Refused(
    code="message_not_sent",
    status=503,
    title="The reminder could not be sent",
    detail="The reminder could not be handed over. Try again in a moment.",
    extra={"retry_after": 30},
)
