"""Law 3: no hold outlives its expiry by more than a minute, and no offer of a held time its quarter of an hour.

A time that is held while a form is filled in has a row among the holds too, which has to end with it.
"""

from datetime import timedelta

from careconnect import clock
from operations.verify.evidence import Evidence
from operations.verify.finding import Finding

GRACE = timedelta(minutes=1)

_OUTLIVED = "SELECT reference, hold_expires_at FROM appointments WHERE status = 'held' AND hold_expires_at < $1"
_OFFERED = "SELECT id, expires_at FROM waitlist_offers WHERE status = 'offered' AND expires_at < $1"
_KEPT = "SELECT id, expires_at FROM holds WHERE status = 'held' AND expires_at < $1"
_HELD = "SELECT count(*) FROM appointments WHERE status = 'held'"


async def check(evidence: Evidence) -> Finding:
    """Look for holds that nobody gave back."""
    finding = Finding(checked=await evidence.count("appointments", _HELD))
    for row in await evidence.rows("appointments", _OUTLIVED, clock.now() - GRACE):
        finding.violations.append(
            f"{row['reference']} is held since its hold ran out at {row['hold_expires_at']:%Y-%m-%d %H:%M:%SZ}"
        )
    for row in await evidence.rows("appointments", _KEPT, clock.now() - GRACE):
        finding.violations.append(
            f"hold {row['id']} is open since it ran out at {row['expires_at']:%Y-%m-%d %H:%M:%SZ}"
        )
    for row in await evidence.rows("appointments", _OFFERED, clock.now() - GRACE):
        finding.violations.append(
            f"offer {row['id']} is open since it ran out at {row['expires_at']:%Y-%m-%d %H:%M:%SZ}"
        )
    return finding
