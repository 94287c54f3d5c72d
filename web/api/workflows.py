"""`/workflows/{id}`: where a process stands that somebody started."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from careconnect.auth import Actor
from careconnect.errors import Forbidden
from web.api.etags import TAGGED, Tagged
from web.api.openapi import refusals
from web.gateway.engine import WorkflowState
from web.gateway.errors import EngineUnavailable, WorkflowNotFound
from web.session import Door, caller

router = APIRouter(prefix="/workflows", tags=["workflows"])
SCOPES = {
    "appointment": "appointments:read",
    "series": "appointments:read",
    "waitlist": "appointments:read",
    "hold": "appointments:read",
    "payment": "payments:read",
    "absence": "appointments:read",
    "money": "payments:read",
    "dunning": "payments:read",
    "invoice": "payments:read",
    "reminders": "appointments:read",
}
"""What it takes to read a process, by the word that its id begins with. No other process comes of a request."""


@router.get(
    "/{workflow_id}",
    summary="Read where a process stands",
    responses={200: TAGGED, **refusals(WorkflowNotFound, EngineUnavailable)},
)
async def read(
    workflow_id: Annotated[str, Path(max_length=60, examples=["appointment-01a203f0-41cf-7a32-b1b1-67f5a0d2c111"])],
    actor: Annotated[Actor, Depends(caller)],
    gateway: Door,
    tag: Tagged,
) -> WorkflowState:
    """Give state, step, and the result or the refusal once there is one. No personal data."""
    kind, _, _ = workflow_id.partition("-")
    if kind not in SCOPES:
        raise WorkflowNotFound
    if not actor.may(SCOPES[kind]):
        raise Forbidden(f"This needs the scope {SCOPES[kind]}.", needed=SCOPES[kind])
    return tag(await gateway.workflow(actor, workflow_id))
