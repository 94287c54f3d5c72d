"""The one clock of the platform."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware and in UTC.

    Nothing else in the product asks the machine for the time, so a test that replaces this function moves all of it.
    Workflows ask the engine instead (`workflow.now()`), because they are replayed.
    """
    return datetime.now(UTC)
