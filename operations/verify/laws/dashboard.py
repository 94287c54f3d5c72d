"""Law 9: the dashboard equals a fresh computation from the source databases as of its watermark.

A source's part of a snapshot can be compared as long as nothing has happened there since: its watermark is the source's
newest event. Where something has, a new snapshot is asked for, up to three times. Where nobody makes it, or the clinic
is too busy to be caught, the part is left out and that is said.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from temporalio.service import RPCError

from operations.verify.evidence import Evidence, Rows
from operations.verify.finding import CannotCheckError, Finding
from operations.verify.laws.figures import QUESTIONS
from workflows.schedules import refresh_dashboard

TRIES = 3
PATIENCE = 15.0
"""Seconds that a new snapshot may take."""

_SNAPSHOTS = """
SELECT tenant_id, period, location_id, zone, start_at, end_at, as_of, sources FROM snapshots
ORDER BY tenant_id, location_id, period
"""
_NEWEST = "SELECT tenant_id, max(as_of) AS as_of FROM snapshots GROUP BY tenant_id"
_WATERMARK = "SELECT coalesce(max(id), 0) FROM outbox_events WHERE tenant_id = $1"


async def check(evidence: Evidence) -> Finding:
    """Compare every part that can be compared; ask for new snapshots of tenants where something has happened since."""
    finding = Finding()
    reason = ""
    for attempt in range(TRIES + 1):
        snapshots = await evidence.rows("reports", _SNAPSHOTS)
        if not snapshots:
            return Finding(skipped="no snapshot has been made yet")
        compared, moved = await _compare(evidence, snapshots)
        found = set(finding.violations)
        finding.violations += [one for one in compared.violations if one not in found]
        finding.checked = compared.checked
        if not moved or attempt == TRIES:
            break
        reason = await _refresh(evidence, set(moved))
        if reason:
            break
    if moved:
        why = reason or "its source changed again and again"
        finding.remarks.append(f"{len(moved)} parts of snapshots not comparable: {why}")
        finding.skipped = None if finding.checked or finding.violations else why
    return finding


async def _compare(evidence: Evidence, snapshots: Rows) -> tuple[Finding, list[UUID]]:
    """Compare what can be, and name the tenant of each part that cannot."""
    finding, moved = Finding(), []
    for source, question in QUESTIONS.items():
        async with evidence.moment(source) as database:
            for snapshot in snapshots:
                figures = json.loads(snapshot["sources"]).get(source, {}).get("figures")
                watermark = await database.fetchval(_WATERMARK, snapshot["tenant_id"])
                if figures is None or figures["watermark"] != watermark:
                    moved.append(snapshot["tenant_id"])
                    continue
                fresh = json.loads(await database.fetchval(question, json.dumps(_asked(snapshot, figures))))
                finding.checked += 1
                finding.violations += [
                    f"{source}.{name} of {snapshot['period']} at {snapshot['location_id'] or 'all locations'}"
                    f" of tenant {snapshot['tenant_id']} is {figures[name]}, computed {value}"
                    for name, value in fresh.items()
                    if figures.get(name) is not None and _ordered(figures[name]) != _ordered(value)
                ]
    return finding, moved


def _asked(snapshot: Any, figures: dict[str, Any]) -> dict[str, str | None]:
    start: datetime = snapshot["start_at"]
    location = snapshot["location_id"]
    return {
        "tenant": str(snapshot["tenant_id"]),
        "location": str(location) if location else None,
        "zone": snapshot["zone"],
        "since": start.isoformat(),
        "until": snapshot["end_at"].isoformat(),
        "previous": _previous(snapshot["period"], start, ZoneInfo(snapshot["zone"])).isoformat(),
        "currency": figures.get("currency"),
    }


def _previous(period: str, start: datetime, zone: ZoneInfo) -> datetime:
    """Give the begin of the period before: of the day, the week, or the calendar month."""
    midnight = start.astimezone(zone).replace(tzinfo=None)
    if period == "month":
        before = (midnight - timedelta(days=1)).replace(day=1)
    else:
        before = midnight - timedelta(days=7 if period == "week" else 1)
    return before.replace(hour=0, minute=0, tzinfo=zone)


def _ordered(value: Any) -> Any:
    """Make lists comparable, whatever their order."""
    return sorted(json.dumps(one, sort_keys=True) for one in value) if isinstance(value, list) else value


async def _refresh(evidence: Evidence, tenants: Iterable[UUID]) -> str:
    """Have new snapshots made; say why not, if they are not."""
    before = {row["tenant_id"]: row["as_of"] for row in await evidence.rows("reports", _NEWEST)}
    try:
        engine = await evidence.engine()
        for tenant_id in tenants:
            await refresh_dashboard(engine, tenant_id)
    except CannotCheckError as error:
        return str(error)
    except RPCError as error:
        return f"no new snapshot can be asked for ({error.message})"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        now = {row["tenant_id"]: row["as_of"] for row in await evidence.rows("reports", _NEWEST)}
        if all(now[tenant_id] > before[tenant_id] for tenant_id in tenants):
            return ""
        await asyncio.sleep(0.2)
    return "no worker made a new snapshot"
