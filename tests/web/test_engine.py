"""What the engine's faults mean for who asks."""

from typing import cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from web.gateway.engine import Engine
from web.gateway.errors import EngineUnavailable, StillDeciding, WorkflowNotFound


class _Refusing:
    """A client whose calls end with one fault."""

    def __init__(self, status: RPCStatusCode) -> None:
        self.status = status

    def get_workflow_handle(self, _workflow_id: str) -> "_Refusing":
        return self

    async def execute_update(self, *_: object, **__: object) -> None:
        raise RPCError("no", self.status, b"")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (RPCStatusCode.FAILED_PRECONDITION, StillDeciding),  # its tasks were cut off three times
        (RPCStatusCode.NOT_FOUND, WorkflowNotFound),
        (RPCStatusCode.UNAVAILABLE, EngineUnavailable),
        (RPCStatusCode.RESOURCE_EXHAUSTED, EngineUnavailable),
        (RPCStatusCode.PERMISSION_DENIED, RPCError),
    ],
)
async def test_a_fault_of_the_engine_is_told_as_what_it_means(status: RPCStatusCode, meaning: type[Exception]) -> None:
    engine = Engine(cast("Client", _Refusing(status)), 1)
    with pytest.raises(meaning):
        await engine.ask("appointment-1", "cancel", "", update_id="1")
