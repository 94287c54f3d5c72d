"""Starting workflows and speaking to running ones, with the engine's faults told in our words."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from careconnect.auth import Actor
from web.gateway.errors import EngineUnavailable, StillDeciding, WorkflowNotFound
from workflows import ids

T = TypeVar("T")
_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.INTERNAL,
}


class ProcessResult(BaseModel):
    """What a process led to: ids and states. `status` is the present one of the appointment or the payment."""

    appointment_id: UUID | None = None
    reference: str | None = None
    payment_id: UUID | None = None
    status: str | None = None


class ProcessRefusal(BaseModel):
    """Why a process came to nothing."""

    code: str
    status: int
    title: str
    detail: str


class WorkflowState(BaseModel):
    """Where a process stands, without personal data. Once it is decided there is either a result or a refusal."""

    id: str
    type: str
    state: Literal["running", "completed", "failed", "canceled", "terminated", "continued_as_new", "timed_out"]
    step: str | None = Field(None, description="what a running process is at")
    result: ProcessResult | None = None
    refusal: ProcessRefusal | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None


class Engine:
    """The workflow engine as the edge uses it."""

    def __init__(self, client: Client, rpc_timeout_seconds: float) -> None:
        self.client = client
        self._timeout = timedelta(seconds=rpc_timeout_seconds)

    async def begin(
        self,
        run: Any,
        request: BaseModel,
        workflow_id: str,
        update: Any,
        argument: Any,
        *,
        into: type[T],
        update_id: str,
        attributes: list[SearchAttributePair[Any]],
        summary: str,
        again: bool = False,
    ) -> T:
        """Start a workflow, or find it running, and wait for the answer of `update`.

        A repeat with the same ids gets the first answer. With `again`, one that ended may be started anew. Else one
        that ended before it heard of the update, which was lost on its way, answers by its result: that says the same.

        Raises:
            StillDeciding: the workflow exists and has not answered in time.
            WorkflowNotFound: it was ended by force, and never answered.
            EngineUnavailable: the engine does not answer; the same request may be sent again.
        """
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
        start = WithStartWorkflowOperation(
            run,
            request,
            id=workflow_id,
            task_queue=ids.BOOKINGS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=reuse,
            search_attributes=TypedSearchAttributes(attributes),
            static_summary=summary,
        )
        asked = self.client.execute_update_with_start_workflow(
            update, argument, id=update_id, start_workflow_operation=start, rpc_timeout=self._timeout
        )
        try:
            return await self._answer(asked, workflow_id)
        except WorkflowAlreadyStartedError:
            return await self.result(workflow_id, into)

    async def signal(
        self,
        run: Any,
        request: BaseModel,
        workflow_id: str,
        signal: str,
        argument: BaseModel | None,
        *,
        attributes: list[SearchAttributePair[Any]],
        summary: str,
    ) -> None:
        """Tell a workflow something, and start it for that where it does not run.

        Raises:
            EngineUnavailable: the engine does not answer; nobody was told.
        """
        try:
            await self.client.start_workflow(
                run,
                request,
                id=workflow_id,
                task_queue=ids.BOOKINGS,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=TypedSearchAttributes(attributes),
                static_summary=summary,
                start_signal=signal,
                start_signal_args=[argument] if argument else [],
                rpc_timeout=self._timeout,
            )
        except (RPCError, RuntimeError) as error:
            raise EngineUnavailable from error

    async def nudge(self, workflow_id: str, signal: str) -> None:
        """Tell a workflow something if it runs.

        Raises:
            EngineUnavailable: the engine does not answer; nobody was told.
        """
        try:
            await self.client.get_workflow_handle(workflow_id).signal(signal, rpc_timeout=self._timeout)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise _translated(error) from error

    async def start(
        self,
        run: Any,
        request: BaseModel,
        workflow_id: str,
        *,
        attributes: list[SearchAttributePair[Any]],
        summary: str,
    ) -> None:
        """Start a workflow for which nobody waits, anew if one of its id has ended; one that runs is left to run.

        Raises:
            EngineUnavailable: the engine does not answer; the same request may be sent again.
        """
        try:
            await self.client.start_workflow(
                run,
                request,
                id=workflow_id,
                task_queue=ids.BOOKINGS,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=TypedSearchAttributes(attributes),
                static_summary=summary,
                rpc_timeout=self._timeout,
            )
        except RPCError as error:
            raise _translated(error) from error

    async def flagged(self, actor: Actor, kind: str, limit: int) -> list[WorkflowExecution]:
        """List running processes of a kind that wait for a person in the actor's tenant.

        Raises:
            EngineUnavailable: the engine does not answer.
        """
        query = (
            f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running' AND {ids.NEEDS_ATTENTION.name} = true "
            f"AND {ids.TENANT.name} = '{actor.tenant_id}'"
        )
        try:
            return [one async for one in self.client.list_workflows(query, limit=limit, rpc_timeout=self._timeout)]
        except RPCError as error:
            raise _translated(error) from error

    async def ask(self, workflow_id: str, update: Any, argument: BaseModel | str, *, update_id: str) -> Any:
        """Send an update to a running workflow and wait for its answer.

        Raises:
            WorkflowNotFound: there is none, or it has ended.
        """
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(workflow_id)
        return await self._answer(
            handle.execute_update(update, argument, id=update_id, rpc_timeout=self._timeout), workflow_id
        )

    async def result(self, workflow_id: str, into: type[T]) -> T:
        """Read what a workflow that has ended returned.

        Raises:
            WorkflowNotFound: there is none, or it returned nothing.
        """
        handle = self.client.get_workflow_handle(workflow_id, result_type=into)
        return await self._answer(handle.result(rpc_timeout=self._timeout), workflow_id)

    async def state(self, actor: Actor, workflow_id: str) -> WorkflowState:
        """Tell where a process of the actor's tenant stands.

        Raises:
            WorkflowNotFound: there is none, or it is another tenant's.
        """
        handle: WorkflowHandle[Any, Any] = self.client.get_workflow_handle(workflow_id)
        try:
            described = await handle.describe(rpc_timeout=self._timeout)
        except RPCError as error:
            raise _translated(error) from error
        if described.typed_search_attributes.get(ids.TENANT) != str(actor.tenant_id):
            raise WorkflowNotFound
        running = described.status == WorkflowExecutionStatus.RUNNING
        told = await self._progress(handle) if running else {"outcome": await self._ending(handle, described.status)}
        status = described.typed_search_attributes
        present = status.get(ids.APPOINTMENT_STATUS) or status.get(ids.PAYMENT_STATUS)
        result, refusal = _decided(told.get("outcome") or {}, present)
        return WorkflowState(
            id=workflow_id,
            type=described.workflow_type,
            state=described.status.name.lower() if described.status else "running",
            step=told.get("stage"),
            result=result,
            refusal=refusal,
            started_at=described.start_time,
            closed_at=described.close_time,
        )

    async def _progress(self, handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
        """Ask the workflow itself; without a worker there is nobody to tell, and the rest is still an answer."""
        try:
            found: dict[str, Any] = await handle.query("progress", rpc_timeout=timedelta(seconds=2))
        except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return {}
        return found

    async def _ending(
        self, handle: WorkflowHandle[Any, Any], status: WorkflowExecutionStatus | None
    ) -> dict[str, Any] | None:
        """Read what a workflow returned; one that failed returned nothing, and a number or a list is no outcome."""
        if status != WorkflowExecutionStatus.COMPLETED:
            return None
        try:
            found = await handle.result(rpc_timeout=self._timeout)
        except RPCError as error:
            raise _translated(error) from error
        return found if isinstance(found, dict) else None

    async def _answer(self, call: Awaitable[T], workflow_id: str) -> T:
        try:
            return await call
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise StillDeciding(workflow_id=workflow_id, retry_after=2) from error
        except (WorkflowUpdateFailedError, WorkflowFailureError) as error:
            raise WorkflowNotFound("The process has ended.") from error
        except RPCError as error:
            if error.status == RPCStatusCode.FAILED_PRECONDITION:
                # The engine takes no questions while a task of the workflow was cut off again and again, as when
                # workers die one after the other. The next one goes on with it.
                raise StillDeciding(workflow_id=workflow_id, retry_after=2) from error
            raise _translated(error) from error


def _decided(outcome: dict[str, Any], status: str | None) -> tuple[ProcessResult | None, ProcessRefusal | None]:
    """Take from an outcome what may be told: the refusal, or the ids of what came about."""
    if outcome.get("refused"):
        return None, ProcessRefusal.model_validate(outcome["refused"])
    appointment, payment = outcome.get("appointment") or {}, outcome.get("payment") or {}
    if not appointment and not payment:
        return None, None
    known = ProcessResult(
        appointment_id=appointment.get("id") or payment.get("appointment_id"),
        reference=appointment.get("reference"),
        payment_id=payment.get("id"),
        status=status or (appointment or payment).get("status"),
    )
    return known, None


def _translated(error: RPCError) -> Exception:
    if error.status == RPCStatusCode.NOT_FOUND:
        return WorkflowNotFound()
    if error.status in _AWAY:
        return EngineUnavailable()
    return error


def attributes(actor: Actor, **known: UUID | datetime | str | None) -> list[SearchAttributePair[Any]]:
    """Make the search attributes that a workflow starts with."""
    keys: dict[str, Any] = {
        "location_id": ids.LOCATION,
        "consultant_id": ids.CONSULTANT,
        "visit_at": ids.VISIT_AT,
        "appointment_status": ids.APPOINTMENT_STATUS,
        "payment_status": ids.PAYMENT_STATUS,
    }
    pairs: list[SearchAttributePair[Any]] = [SearchAttributePair(ids.TENANT, str(actor.tenant_id))]
    for name, value in known.items():
        if value is not None:
            pairs.append(SearchAttributePair(keys[name], value if isinstance(value, datetime) else str(value)))
    return pairs
