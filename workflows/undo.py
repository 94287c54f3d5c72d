"""Compensation: what was begun is undone in reverse, each undo harmless when its step never happened."""

from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

Undo = Callable[[], Awaitable[object]]


class Undos:
    """The undos of the steps so far. Register one before its step: a step may have happened although it failed."""

    def __init__(self) -> None:
        self._undos: list[tuple[str, Undo]] = []

    def add(self, step: str, undo: Undo) -> None:
        """Register how `step` is undone."""
        self._undos.append((step, undo))

    async def run(self) -> list[str]:
        """Undo all steps, the last one first, and go on after one that fails; tell which failed."""
        failed = []
        while self._undos:
            step, undo = self._undos.pop()
            try:
                await undo()
            except BaseException as error:
                if not ours(error):
                    raise
                workflow.logger.error("undo_failed", extra={"step": step})
                failed.append(step)
        return failed


def ours(error: BaseException) -> bool:
    """Tell a step that failed or was cancelled from a bug.

    A bug must fail the workflow task and wait for its mend, with everything as it is; it must not refund people.
    """
    return isinstance(error, FailureError) or is_cancelled_exception(error)
