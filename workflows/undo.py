"""Compensation: what was begun is undone in reverse, each undo harmless when its step never happened."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows import policies

R = TypeVar("R")
Undo = Callable[[], Awaitable[object]]


class Undos:
    """The undos of the steps so far. Register one before its step: a step may have happened although it failed."""

    def __init__(self) -> None:
        self._undos: list[tuple[str, Undo]] = []
        self.may_heal = False

    def add(self, step: str, undo: Undo) -> None:
        """Register how `step` is undone."""
        self._undos.append((step, undo))

    async def run(self) -> list[str]:
        """Undo all steps, the last one first, and go on after one that fails; tell which failed.

        Those stay for another try; `may_heal` says whether one can succeed without a person.
        """
        failed: list[tuple[str, Undo]] = []
        self.may_heal = False
        for step, undo in reversed(self._undos):
            try:
                await within(policies.UNDOING, undo())
            except BaseException as error:
                if not ours(error):
                    raise
                workflow.logger.error("undo_failed", extra={"step": step})
                failed.append((step, undo))
                self.may_heal = self.may_heal or refusal_code(error) is None
        self._undos = failed[::-1]
        return [step for step, _ in failed]


def ours(error: BaseException) -> bool:
    """Tell a step that failed or was cancelled from a bug.

    A bug must fail the workflow task and wait for its mend, with everything as it is; it must not refund people.
    """
    return isinstance(error, FailureError) or is_cancelled_exception(error)


def refusal_code(error: BaseException) -> str | None:
    """Tell with which code a step was refused for good; None if another try may succeed."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return cause.type if isinstance(cause, ApplicationError) and cause.non_retryable else None


async def within(limit: timedelta, step: Awaitable[R]) -> R:
    """Take `step`, and fail where it takes longer than `limit`, its repetitions included."""
    try:
        return await asyncio.wait_for(step, limit.total_seconds())
    except TimeoutError as error:
        message = "it took too long"
        raise ApplicationError(message, type="took_too_long") from error


async def regardless(work: Coroutine[Any, Any, R]) -> R:
    """Finish `work` although the workflow is cancelled meanwhile: what is done by half helps nobody."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            workflow.logger.info("cancelled_meanwhile")
    return task.result()
