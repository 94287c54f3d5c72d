"""Law 8: every occupying appointment has exactly one running workflow, every ended one has none.

The engine's list follows its state with a delay, so each difference is asked again of the workflow itself. An ended
appointment keeps its workflow as long as its end may be undone, its last message is under way, or its workflow waits
for a person. A time on offer to somebody who waits belongs to the workflow of the waiting list, and one that is held
while a form is filled in to that of the hold (see `lists`). An appointment whose workflow waits for a person is listed
as needing attention.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from operations.verify.evidence import Evidence
from operations.verify.finding import CannotCheckError, Finding
from operations.verify.laws import lists
from operations.verify.laws.undoing import may_be_undone
from workflows import ids

BATCH = 20_000
OCCUPYING = ("held", "booked", "arrived", "checked_in")

_RUNNING = "WorkflowType = 'AppointmentBooking' AND ExecutionStatus = 'Running'"
_OCCUPYING = """
SELECT tenant_id, id, reference, status, status_since, cancellation_reason, undo_until,
       needs_attention FROM appointments
WHERE status IN ('held', 'booked', 'arrived', 'checked_in') AND NOT EXISTS (
  SELECT FROM waitlist_offers AS offer
  WHERE offer.tenant_id = appointments.tenant_id AND offer.id = appointments.id AND offer.status = 'offered')
AND NOT EXISTS (
  SELECT FROM holds AS kept
  WHERE kept.tenant_id = appointments.tenant_id AND kept.id = appointments.id AND kept.status = 'held')
"""
_THESE = """
SELECT tenant_id, id, reference, status, status_since, cancellation_reason, undo_until,
       needs_attention FROM appointments
WHERE id = ANY($1::uuid[])
"""
_ALL = "SELECT count(*) FROM appointments"


@dataclass(frozen=True)
class Running:
    """A running workflow, as the engine lists it."""

    tenant_id: UUID | None
    needs_attention: bool


async def check(evidence: Evidence) -> Finding:
    """Compare the appointments with the engine's list, and ask each difference again."""
    engine = await evidence.engine()
    finding = Finding(checked=await evidence.count("appointments", _ALL))
    rows = {row["id"]: row for row in await evidence.rows("appointments", _OCCUPYING)}
    running = await _list(engine)
    others = [key for key in running if key not in rows]
    for begin in range(0, len(others), BATCH):
        found = await evidence.rows("appointments", _THESE, others[begin : begin + BATCH])
        rows |= {row["id"]: row for row in found}
    for key in rows.keys() - running.keys():
        if rows[key]["status"] in OCCUPYING and not await _runs(engine, key):
            finding.violations.append(f"{rows[key]['reference']} is {rows[key]['status']} and no workflow cares for it")
    for key, workflow in running.items():
        wrong = _wrong(rows.get(key), workflow)
        if wrong and await _runs(engine, key):
            finding.violations.append(f"workflow {ids.appointment(key)} {wrong}")
    finding += await lists.check(evidence, engine)
    return finding


async def _list(engine: Client) -> dict[UUID, Running]:
    found = {}
    prefix = ids.appointment(UUID(int=0)).partition("0")[0]
    try:
        async for one in engine.list_workflows(_RUNNING, page_size=1000):
            tenant = one.typed_search_attributes.get(ids.TENANT)
            attention = bool(one.typed_search_attributes.get(ids.NEEDS_ATTENTION))
            found[UUID(one.id.removeprefix(prefix))] = Running(UUID(tenant) if tenant else None, attention)
    except RPCError as error:
        message = f"The workflow engine cannot list its workflows: {error.message}"
        raise CannotCheckError(message) from error
    return found


async def _runs(engine: Client, appointment_id: UUID) -> bool:
    try:
        description = await engine.get_workflow_handle(ids.appointment(appointment_id)).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return description.status == WorkflowExecutionStatus.RUNNING and not _only_tells(description)


def _only_tells(description: WorkflowExecutionDescription) -> bool:
    """Whether all that is left to do is to tell the patient."""
    pending = description.raw_description.pending_activities
    ended = description.typed_search_attributes.get(ids.APPOINTMENT_STATUS) in {"cancelled", "fulfilled", "no_show"}
    return ended and {one.activity_type.name for one in pending} == {"tell_patient"}


def _wrong(row: Any, workflow: Running) -> str | None:
    """Say what is wrong with a running workflow and its appointment, if anything is."""
    if row is None:
        return "runs without an appointment"
    waits_for_person = workflow.needs_attention and row["needs_attention"] is not None
    if row["status"] not in OCCUPYING and not waits_for_person and not may_be_undone(row):
        return f"runs although {row['reference']} is {row['status']}"
    if workflow.tenant_id != row["tenant_id"]:
        return f"belongs to another tenant than {row['reference']}"
    if workflow.needs_attention and row["needs_attention"] is None:
        return f"waits for a person and {row['reference']} is not listed as needing attention"
    return None
