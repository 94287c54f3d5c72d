"""Law 8, of series, waiting list and holds: what goes on has exactly one running workflow, what has ended has none.

A hold that became an appointment keeps its workflow until its time is up: should the booking come to nothing, the time
is held again. The held time of an offer belongs to its entry's workflow until it is booked, so it is looked for there.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from operations.verify.evidence import Evidence
from operations.verify.finding import CannotCheckError, Finding
from workflows import ids

_TELLING = {"tell_of_series"}
_OFFERS = """
SELECT offer.id, offer.entry_id, entry.status AS entry, held.status AS held
FROM waitlist_offers AS offer
LEFT JOIN waitlist_entries AS entry ON entry.tenant_id = offer.tenant_id AND entry.id = offer.entry_id
LEFT JOIN appointments AS held ON held.tenant_id = offer.tenant_id AND held.id = offer.id
WHERE offer.status = 'offered'
"""


@dataclass(frozen=True)
class Kind:
    """One kind of business object with a workflow of its own."""

    word: str
    table: str
    workflow: str
    prefix: str
    alive: tuple[str, ...]
    may_run: tuple[str, ...] = ()


KINDS = (
    Kind("series", "series", "AppointmentSeries", ids.series(UUID(int=0)), ("booking", "active")),
    Kind("hold", "holds", "SlotHold", ids.hold(UUID(int=0)), ("held",), ("used",)),
    Kind("entry", "waitlist_entries", "WaitlistEntry", ids.waitlist(UUID(int=0)), ("waiting", "offered")),
)


async def check(evidence: Evidence, engine: Client) -> Finding:
    """Compare each kind with the engine's list, and ask each difference again; then look at the open offers."""
    finding = Finding()
    for kind in KINDS:
        finding += await _compare(evidence, engine, kind)
    for row in await evidence.rows("appointments", _OFFERS):
        finding.checked += 1
        if row["entry"] != "offered" or row["held"] not in {"held", "booked"}:
            said = f"is open, its entry is {row['entry'] or 'missing'} and its time is {row['held'] or 'not held'}"
            finding.violations.append(f"offer {row['id']} of entry {row['entry_id']} {said}")
    return finding


async def _compare(evidence: Evidence, engine: Client, kind: Kind) -> Finding:
    found = await evidence.rows("appointments", f"SELECT tenant_id, id, status FROM {kind.table}")  # noqa: S608 - ours
    rows, running = {row["id"]: row for row in found}, await _list(engine, kind)
    finding = Finding(checked=len(rows))
    for key, row in rows.items():
        if row["status"] in kind.alive and key not in running and not await _runs(engine, kind, key):
            finding.violations.append(f"{kind.word} {key} is {row['status']} and no workflow cares for it")
    for key, tenant in running.items():
        wrong = _wrong(kind, rows.get(key), tenant)
        if wrong and await _runs(engine, kind, key):
            finding.violations.append(f"workflow {_name(kind, key)} {wrong}")
    return finding


def _wrong(kind: Kind, row: Any, tenant: str | None) -> str | None:
    if row is None:
        return f"runs without a row of {kind.table}"
    if row["status"] not in kind.alive + kind.may_run:
        return f"runs although the {kind.word} is {row['status']}"
    return None if tenant == str(row["tenant_id"]) else f"belongs to another tenant than its {kind.word}"


async def _list(engine: Client, kind: Kind) -> dict[UUID, str | None]:
    query, cut = f"WorkflowType = '{kind.workflow}' AND ExecutionStatus = 'Running'", len(_word(kind))
    try:
        return {
            UUID(one.id[cut:]): one.typed_search_attributes.get(ids.TENANT)
            async for one in engine.list_workflows(query, page_size=1000)
        }
    except RPCError as error:
        message = f"The workflow engine cannot list its workflows: {error.message}"
        raise CannotCheckError(message) from error


async def _runs(engine: Client, kind: Kind, key: UUID) -> bool:
    """Ask the workflow itself; all that is left to do may be to tell the patient."""
    try:
        description = await engine.get_workflow_handle(_name(kind, key)).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    pending = {one.activity_type.name for one in description.raw_description.pending_activities}
    return description.status == WorkflowExecutionStatus.RUNNING and pending != _TELLING


def _name(kind: Kind, key: UUID) -> str:
    return f"{_word(kind)}{key}"


def _word(kind: Kind) -> str:
    return kind.prefix.partition("0")[0]
