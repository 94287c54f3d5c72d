"""Law 2: every appointment lies inside its consultant's hours at that location, unless overridden with a reason.

The past counts as well as the future. What cannot be judged is left out and counted as a remark: hours, opening times
and holidays that were changed after the time was taken leave appointments where they are, on purpose. The first hours
that a consultant is ever given are no change; an exception counts as changed only for the times that it ever covered.
"""

import json
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from operations.verify.evidence import Evidence, Rows
from operations.verify.finding import Finding
from operations.verify.laws import clocks, locations
from operations.verify.laws.overlaps import UNREMARKED, without_reason
from operations.verify.laws.working_time import OUTSIDE, OUTSIDE_ON_DAYS_OF_CLOCK_CHANGE

Consultant = tuple[UUID, UUID]

_BLOCKS = """
SELECT coalesce(json_agg(block), '[]') FROM (
  SELECT tenant_id, consultant_id, location_id, zone, weekday, starts, ends, valid_from, valid_to FROM schedule_blocks
) AS block
"""
_EXCEPTIONS = """
SELECT coalesce(json_agg(exception), '[]') FROM (
  SELECT tenant_id, consultant_id, kind, starts_at, ends_at, location_id FROM schedule_exceptions
) AS exception
"""
_CHANGES = """
SELECT tenant_id, entity_id, at, action, data FROM audit_events
WHERE entity = 'consultant'
  AND action IN ('schedule.replaced', 'schedule_exception.entered', 'schedule_exception.removed')
  OR action IN ('location_calendar.replaced', 'holiday_policy.replaced')
ORDER BY id
"""
_JUDGED = """
SELECT count(*) FROM appointments
WHERE NOT hours_overridden AND status IN ('held', 'booked', 'arrived', 'checked_in', 'fulfilled', 'no_show')
"""
_OVERRIDDEN = f"{UNREMARKED} AND appointment.hours_overridden"

_OF_PLACES = {"location_calendar.replaced", "holiday_policy.replaced"}


async def check(evidence: Evidence) -> Finding:
    """Compute the working time anew, by questions that share nothing with the code that offers times."""
    schedules = [await _document(evidence, question) for question in (_BLOCKS, _EXCEPTIONS)]
    schedules += await locations.opening_and_closing(evidence)
    finding = Finding(checked=await evidence.count("appointments", _JUDGED))
    outside = await evidence.rows("appointments", OUTSIDE, *schedules)
    outside += await evidence.rows("appointments", OUTSIDE_ON_DAYS_OF_CLOCK_CHANGE, *schedules)
    changes = Changes(await evidence.rows("consultants", _CHANGES)) if outside else Changes([])
    unjudged = 0
    for row in outside:
        if changes.concern(row):
            unjudged += 1
        else:
            finding.violations.append(f"{row['reference']} is outside the hours of consultant {row['consultant_id']}")
    if unjudged:
        finding.checked -= unjudged
        finding.remarks.append(f"{unjudged:,} not judged: the hours were changed after the time was taken")
    overridden = await evidence.rows("appointments", _OVERRIDDEN)
    finding.violations += [
        f"{reference} is outside hours without a reason" for reference in await without_reason(evidence, overridden)
    ]
    finding.remarks += await clocks.remarks(evidence)
    return finding


class Changes:
    """When which consultant's working time was changed, from the consultants' audit events, oldest first."""

    def __init__(self, events: Rows) -> None:
        self.replaced: dict[Consultant, list[datetime]] = defaultdict(list)
        self.closed: dict[tuple[UUID, UUID], datetime] = {}
        self.last: dict[tuple[Consultant, str], datetime] = {}
        self.spans: dict[tuple[Consultant, str], list[tuple[datetime, datetime]]] = defaultdict(list)
        for event in events:
            who = (event["tenant_id"], event["entity_id"])
            if event["action"] in _OF_PLACES:
                self.closed[who] = event["at"]
            elif event["action"] == "schedule.replaced":
                self.replaced[who].append(event["at"])
            else:
                self._exception(who, event["at"], json.loads(event["data"]))

    def concern(self, row: Any) -> bool:
        """Tell whether the working time around an appointment was changed after its time was taken."""
        who, taken = (row["tenant_id"], row["consultant_id"]), row["taken_at"]
        for place in (row["location_id"], row["tenant_id"]):
            if self.closed.get((row["tenant_id"], place), taken) > taken:
                return True
        if any(at > taken for at in self.replaced[who][1:]):
            return True
        return any(
            at > taken and any(starts < row["end_at"] and row["start_at"] < ends for starts, ends in self.spans[key])
            for key, at in self.last.items()
            if key[0] == who
        )

    def _exception(self, who: Consultant, at: datetime, said: dict[str, str]) -> None:
        key = (who, said["exception_id"])
        self.last[key] = at
        self.spans[key].append((datetime.fromisoformat(said["starts_at"]), datetime.fromisoformat(said["ends_at"])))


async def _document(evidence: Evidence, question: str) -> str:
    return str((await evidence.rows("consultants", question))[0][0])
