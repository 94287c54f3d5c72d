"""Steps that end outside, at a card gateway: quick as a rule, and now and then not at all."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows import policies
    from workflows.undo import refusal_code

P = TypeVar("P")
R = TypeVar("R")


async def outside(step: Callable[[Any, P], Awaitable[R]], request: P, **options: Any) -> R:
    """Take a step at once while the outside is quick, else from the queue, with the activity's `options`.

    A step in place holds one of the worker's few places for workflows: a gateway that hangs would soon have them all.
    Both tries carry the same business key, so one that was cut off half-way is found again, not repeated.
    """
    try:
        found: R = await workflow.execute_local_activity_method(step, request, **policies.INLINE)
    except FailureError as error:
        if is_cancelled_exception(error) or refusal_code(error):
            raise
    else:
        return found
    return await workflow.execute_activity_method(step, request, **options)
