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
    """Options of a local activity. A limit over all tries is not among them: it would be passed over between tries."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    local_retry_threshold: timedelta


class Options(TypedDict, total=False):
    """Options of an activity."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    task_queue: str
    heartbeat_timeout: timedelta
    cancellation_type: ActivityCancellationType


BETWEEN_TRIES = timedelta(seconds=1)
"""Longer pauses between local tries become timers of the workflow, so that it hears what is asked meanwhile."""

SHORT: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=5),
    "retry_policy": QUICKLY,
    "local_retry_threshold": BETWEEN_TRIES,
}
"""A call to one of our services, repeated until it answers: its database may be starting."""

GLANCE: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=3),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
"""A call whose answer is a courtesy; without it the other answer goes out all the same."""

GATEWAY: Options = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": QUICKLY,
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}
"""A call that ends at the card gateway, repeated within the limit that the caller adds."""

RELEASE: Options = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}
"""Giving money back at the gateway: it has to happen, and only a refusal ends the tries."""

WITHOUT_END: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=15),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
    "local_retry_threshold": BETWEEN_TRIES,
}
"""What has to happen: only a refusal ends the tries, since nothing else leads to a good state."""

UNDOING = timedelta(seconds=30)
"""How long the other compensations wait for one; after that it is tried again every `HEAL_EVERY`."""

HEAL_EVERY = timedelta(minutes=5)
"""How often what failed is tried again by itself, while the appointment is under Attention."""

HEAL_AT_LEAST_EVERY = timedelta(hours=12)
"""How rarely a refused release is tried again in the end: what a gateway refuses for good must not fill a history."""

COLLECTING = timedelta(minutes=10)
"""How long a try to collect from a card at the desk may take: as long as a hold lasts."""

DUE = timedelta(hours=2)
"""How long a try to collect what has become due may take, so that a gateway that is out of order is no refusal."""

RENEW_AFTER = timedelta(days=6)
"""How long reserved money waits before it is reserved anew: a reservation stands seven days."""

INLINE: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=1.5),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
"""A first try in place, at something outside that is usually quick; what takes longer must not hold a worker's slot."""

AT_ONCE: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=5),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
"""A first try in place that nobody waits for: longer, since one that is cut off is made again from the queue."""

OTHERS: Options = {
    "start_to_close_timeout": timedelta(seconds=40),
    "schedule_to_close_timeout": timedelta(minutes=15),
    "heartbeat_timeout": timedelta(seconds=5),
    "retry_policy": QUICKLY,
}
"""A step through another appointment's own process; one that does not answer must not stop the others."""

MESSAGE: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(hours=2),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
}
"""A message: two hours later it would only confuse."""

ASK: Options = {
    "start_to_close_timeout": timedelta(seconds=30),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
}
"""A question to another process, repeated until it answers; its id makes the repeat harmless."""

OFFER: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
}
"""A message about an offer that stands for a quarter of an hour: later than this it would come too late."""

MATCHING: Options = {
    "start_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": timedelta(seconds=20),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
}
"""One look for free times; the next one comes soon."""
TELLING: Options = {**MESSAGE, "heartbeat_timeout": timedelta(seconds=5)}
"""A message whose sender says that it lives: what a dead worker had in hand is sent by the next within seconds."""

FIGURES: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(seconds=20),
    "schedule_to_close_timeout": timedelta(seconds=30),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
}
"""One service's figures for the dashboard; a service that stays silent greys its part."""

SWEEP: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(seconds=50),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3),
}
"""A turn of the sweep; what it does not get done is there at the next."""

COMPARING: Options = {
    "task_queue": BACKGROUND,
    "start_to_close_timeout": timedelta(minutes=30),
    "schedule_to_close_timeout": timedelta(hours=1),
    "heartbeat_timeout": timedelta(seconds=90),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1), maximum_attempts=10
    ),
}
"""A part of the money check, page by page; after a restart it goes on where its last heartbeat says."""

REFUND_WINDOW = timedelta(days=30)
"""How long a settled payment's workflow waits for refunds; a later refund starts it again."""


def within(options: Options, limit: timedelta) -> dict[str, Any]:
    """Bound an activity, its repetitions included, to `limit`."""
    return {**options, "schedule_to_close_timeout": limit}
