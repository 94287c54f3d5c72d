"""How long the activities may take and how they are repeated. A refusal is never repeated; it is an answer."""

from datetime import timedelta
from typing import Any, TypedDict

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

from workflows.ids import BACKGROUND

QUICKLY = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), backoff_coefficient=2, maximum_interval=timedelta(seconds=2)
)


class LocalOptions(TypedDict, total=False):
    """Options of a local activity."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy


class Options(LocalOptions, total=False):
    """Options of an activity."""

    task_queue: str
    heartbeat_timeout: timedelta
    cancellation_type: ActivityCancellationType


SHORT: LocalOptions = {"start_to_close_timeout": timedelta(seconds=5), "retry_policy": QUICKLY}
"""A call to one of our services, repeated until it answers: its database may be starting."""

GATEWAY: Options = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": QUICKLY,
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}
"""A call that ends at the card gateway, repeated within the limit that the caller adds."""

UNDO: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
}
"""A compensation: repeated without end, since nothing else ends in a good state."""

MESSAGE: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(hours=2),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
}
"""A message: two hours later it would only confuse."""

FIGURES: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(seconds=20),
    "schedule_to_close_timeout": timedelta(seconds=30),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
}
"""One service's figures for the dashboard; a service that stays silent greys its part."""

REFUND_WINDOW = timedelta(days=30)
"""How long a settled payment's workflow waits for refunds; a later refund starts it again."""


def within(options: Options, limit: timedelta) -> dict[str, Any]:
    """Bound an activity, its repetitions included, to `limit`."""
    return {**options, "schedule_to_close_timeout": limit}
