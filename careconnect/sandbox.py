"""The sandbox in which workflows run."""

from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

# What workflows import beside the standard library: our models and activities, which do nothing when imported. Loading
# them anew for each workflow would cost tens of milliseconds; passing everything would disarm the determinism guards.
_PASSED_THROUGH = (
    "careconnect",
    "services",
    "activities",
    "pydantic",
    "pydantic_core",
    "sqlalchemy",
    "httpx",
    "fastapi",
)
_NO_PLACE = StorageDriverStoreContext(target=None)


class Sandbox(SandboxedWorkflowRunner):
    """Temporal's sandbox, without questions whose answer nobody hears.

    For every payload the engine's client asks the sandbox in which context it is converted, and where it could be
    stored outside. Our converter and codec treat all payloads alike and store none outside; asking took a tenth of the
    worker's time.
    """

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make the sandbox of one workflow."""
        instance = super().create_instance(det)
        instance.get_serialization_context = _no_context  # type: ignore[method-assign]
        instance.get_external_store_context = _no_place  # type: ignore[method-assign]
        return instance


def _no_context(command_info: object) -> None:  # noqa: ARG001 - the shape is given
    return None


def _no_place(command_info: object) -> StorageDriverStoreContext:  # noqa: ARG001 - the shape is given
    return _NO_PLACE


def sandbox() -> Sandbox:
    """Make the sandbox in which our workflows run."""
    return Sandbox(restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH))
