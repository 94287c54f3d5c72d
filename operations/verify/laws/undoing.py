"""How long the end of an appointment may be undone: so long its workflow runs and its money waits."""

from datetime import timedelta
from typing import Any

from careconnect import clock
from services.appointments.schemas import LEFT

_UNDER_WAY = timedelta(minutes=5)
_SAME_DAY = timedelta(hours=12) + _UNDER_WAY
"""Of a no-show, a completed visit, and a patient who left: until the day is over, as far as a process waits for it."""


def may_be_undone(row: Any) -> bool:
    """Tell it from the appointment's `status`, `status_since`, `cancellation_reason` and `undo_until`."""
    now = clock.now()
    if row["status"] == "cancelled" and row["cancellation_reason"] != LEFT:
        return row["undo_until"] is not None and row["undo_until"] > now - _UNDER_WAY
    return row["status"] in {"no_show", "fulfilled", "cancelled"} and row["status_since"] > now - _SAME_DAY
