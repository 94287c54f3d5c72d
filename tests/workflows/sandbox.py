"""The sandbox in which workflows run, as in the worker, which nothing may import."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED = (
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
    """Make it."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED))
