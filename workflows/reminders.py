"""What one appointment's patient is told while it waits: that it is booked, then durable timers that move with it."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.notifications import NotificationActivities
    from workflows import policies
    from workflows.contracts import MessageRequest, MessageResult, Moved, RemindersRequest
    from workflows.undo import ours


@workflow.defn(name="AppointmentReminders")
class AppointmentReminders:
    """Sends what the visit type's policy asks for. Its id is `reminders-{appointment uuid}`."""

    @workflow.init
    def __init__(self, request: RemindersRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.version = request.version
        self.start = request.start
        self.stopped = False
        self.sent: list[str] = []

    @workflow.run
    async def run(self, _request: RemindersRequest) -> list[str]:
        """Wait for each reminder's time and send it; begin again when the appointment moves, end when it ends."""
        if self.request.confirm:
            await self._confirm()
        version, due = 0, list[tuple[datetime, int]]()
        while not self.stopped:
            if version != self.version:
                version, due = self.version, self._due()
            if not due:
                if not await self._moved_before_visit():
                    break
                continue
            at, hours = due[0]
            if await self._changed_before(at, f"reminder {hours} h before"):
                continue
            due.pop(0)
            if makes_sense(workflow.now(), self.start, due):
                await self._send(hours)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.sent

    async def _confirm(self) -> None:
        """Tell of the booking with the first task, which spares the engine a step; from the queue if that fails."""
        message = self._message("booking_confirmation", version=self.request.version)
        try:
            result = await workflow.execute_local_activity_method(
                NotificationActivities.tell, message, **policies.AT_ONCE
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            result = await self._told(message, message.template)
        self.sent.append(f"{message.template}: {result.statuses}")

    def _due(self) -> list[tuple[datetime, int]]:
        """List the reminders that lie ahead; one whose time has passed is left out, not sent late."""
        moments = ((self.start - timedelta(hours=hours), hours) for hours in self.request.offsets_hours)
        return sorted(moment for moment in moments if moment[0] > workflow.now())

    async def _changed_before(self, at: datetime, what: str) -> bool:
        version = self.version
        try:
            await workflow.wait_condition(
                lambda: self.stopped or self.version != version,
                timeout=max(at - workflow.now(), timedelta(0)),
                timeout_summary=what,
            )
        except TimeoutError:
            return False
        return True

    async def _moved_before_visit(self) -> bool:
        """With nothing left to send, stay until the visit, in case it is moved."""
        left = self.start - workflow.now()
        return left > timedelta(0) and await self._changed_before(self.start, "the visit begins")

    async def _send(self, hours: int) -> None:
        message = self._message("reminder", version=self.version, hours=hours)
        result = await self._told(message, f"{hours} h before")
        self.sent.append(f"{hours} h before version {message.version}: {result.statuses}")

    def _message(self, template: str, *, version: int, hours: int | None = None) -> MessageRequest:
        return MessageRequest(
            tenant_id=self.request.tenant_id,
            appointment_id=self.request.appointment_id,
            template=template,
            version=version,
            offset_hours=hours,
        )

    async def _told(self, message: MessageRequest, summary: str) -> MessageResult:
        """Send a message by way of the queue, for as long as it makes sense."""
        try:
            found: MessageResult = await workflow.execute_activity_method(
                NotificationActivities.tell, message, summary=summary, **policies.MESSAGE
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            workflow.logger.warning("message_failed", extra={"template": message.template})
            return MessageResult(statuses={"all": "failed"})
        return found

    @workflow.signal
    def moved(self, moved: Moved) -> None:
        """Hear that the appointment was moved: the reminders move with it."""
        if moved.version > self.version:
            self.version, self.start = moved.version, moved.start

    @workflow.signal
    def stop(self) -> None:
        """Hear that the appointment will not take place."""
        self.stopped = True

    @workflow.query
    def upcoming(self) -> list[datetime]:
        """Tell when reminders are still to be sent."""
        return [] if self.stopped else [at for at, _ in self._due()]


def makes_sense(now: datetime, start: datetime, later: list[tuple[datetime, int]]) -> bool:
    """Tell whether a reminder is sent now: not once the visit has begun, nor when the next one is due as well."""
    return now < start and not (later and later[0][0] <= now)
