"""Carries a request's id and trace context through the workflow engine, so that one id is found from door to audit.

A header travels beside the arguments: from the client that starts or moves a process, through the workflow, to each of
its activities and children. It is one small payload, is not encrypted, since it holds nothing personal, and is no part
of what a replay compares. What a process does by itself carries the id of the request that moved it last.
"""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Interceptor as ClientInterceptor,
)
from temporalio.client import (
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.worker import (
    ActivityInboundInterceptor,
    ContinueAsNewInput,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    SignalChildWorkflowInput,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.worker import (
    Interceptor as WorkerInterceptor,
)
from temporalio.workflow import ActivityHandle, ChildWorkflowHandle

from careconnect.telemetry import begin_request, request_id, traceparent

HEADER = "careconnect-request"
Headers = Mapping[str, Payload]


class Propagation(ClientInterceptor, WorkerInterceptor):
    """Given to a client, it serves that client and every worker that is made with it."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the shape is given
        """Write the header at each call that starts or moves a process."""
        return _Client(next)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Read the header where an activity begins."""
        return _Activity(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002
        """Pass the header on inside of workflows."""
        return _Workflow


class _Client(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        input.headers = _with_request(input.headers)
        return await super().start_workflow(input)

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        input.headers = _with_request(input.headers)
        await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        input.headers = _with_request(input.headers)
        return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        begun, moved = input.start_workflow_input, input.update_workflow_input
        begun.headers = moved.headers = _with_request(begun.headers)
        return await super().start_update_with_start_workflow(replace(input, _on_start_error=_told_by_the_call))


def _told_by_the_call(_: BaseException) -> None:
    """Leave an error to the call that meets it: the handle that it is kept for as well is asked for by nobody here."""


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        carried = input.headers.get(HEADER)
        if carried:
            begin_request(*json.loads(carried.data))
        else:
            # Nobody asked, as with what a schedule starts: then the process itself is what ties its steps together.
            begin_request(activity.info().workflow_run_id, None)
        return await super().execute_activity(input)


_own: ContextVar[Headers | None] = ContextVar("own_request", default=None)
"""The header of the update or signal whose handler runs in this task; None in the process itself."""


class _Carried:
    """The header of the request that moved a process last."""

    def __init__(self) -> None:
        self.latest: Headers = {}

    def take(self, headers: Headers) -> None:
        """Remember a request's header, if it came with one."""
        if HEADER in headers:
            self.latest = {HEADER: headers[HEADER]}

    def onto(self, headers: Headers) -> Headers:
        """Add the header to what is sent on."""
        known = _own.get() or self.latest
        return {**headers, **known} if known else headers


class _Workflow(WorkflowInboundInterceptor):
    def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002
        super().__init__(next)
        self._carried = _Carried()

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Sending(outbound, self._carried))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        if not self._carried.latest:  # a process that rested begins with what woke it
            self._carried.take(input.headers)
        return await super().execute_workflow(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        self._within(input.headers)
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        self._within(input.headers)
        return await super().handle_update_handler(input)

    def _within(self, headers: Headers) -> None:
        """Carry a request's header in its handler, and from then on in the process."""
        self._carried.take(headers)
        if HEADER in headers:
            _own.set({HEADER: headers[HEADER]})


class _Sending(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, carried: _Carried) -> None:  # noqa: A002
        super().__init__(next)
        self._carried = carried

    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002
        input.headers = self._carried.onto(input.headers)
        return super().start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> ActivityHandle[Any]:  # noqa: A002
        input.headers = self._carried.onto(input.headers)
        return super().start_local_activity(input)

    async def start_child_workflow(self, input: StartChildWorkflowInput) -> ChildWorkflowHandle[Any, Any]:  # noqa: A002
        input.headers = self._carried.onto(input.headers)
        return await super().start_child_workflow(input)

    async def signal_child_workflow(self, input: SignalChildWorkflowInput) -> None:  # noqa: A002
        input.headers = self._carried.onto(input.headers)
        await super().signal_child_workflow(input)

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:  # noqa: A002
        input.headers = self._carried.onto(input.headers)
        await super().signal_external_workflow(input)

    def continue_as_new(self, input: ContinueAsNewInput) -> None:  # type: ignore[override]  # noqa: A002
        input.headers = self._carried.onto(input.headers)
        super().continue_as_new(input)


def _with_request(headers: Headers) -> Headers:
    """Add the id and the trace context of the request that is being answered; without one there is nothing to add."""
    known = request_id.get()
    if known is None:
        return headers
    said = json.dumps([known, traceparent.get()], separators=(",", ":")).encode()
    return {**headers, HEADER: Payload(metadata={"encoding": b"json/plain"}, data=said)}
