"""The sandbox in which the tests run workflows: it refuses at run time what would not be the same at a replay.

The worker runs them without it (docs/decisions/0030-workflows-without-a-sandbox.md); `tests.project.test_determinism`
looks at every module besides.
"""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

# What workflows import beside the standard library: our models and activities, which do nothing when imported. Loading
# them anew for each workflow would cost tens of milliseconds; passing everything would disarm the sandbox.
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


def sandbox() -> SandboxedWorkflowRunner:
    """Make the sandbox."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH))
