"""How an activity tells refusals, which are answers, from faults, which the engine repeats."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Protocol, TypeVar

from temporalio.exceptions import ApplicationError

from careconnect.errors import Refusal, Unavailable
from workflows.contracts import Refused


class _CanRefuse(Protocol):
    def __init__(self, *, refused: Refused) -> None: ...


R = TypeVar("R", bound=_CanRefuse)
A = TypeVar("A")


def refusing(
    shape: type[R],
) -> Callable[[Callable[..., Coroutine[Any, Any, R]]], Callable[..., Coroutine[Any, Any, R]]]:
    """Answer with `shape(refused=...)` where the service refuses; let faults through, since they may heal."""

    def wrap(step: Callable[..., Coroutine[Any, Any, R]]) -> Callable[..., Coroutine[Any, Any, R]]:
        @wraps(step)
        async def answered(*args: Any) -> R:
            try:
                return await step(*args)
            except Unavailable:
                raise
            except Refusal as refusal:
                return shape(refused=Refused.of(refusal))

        return answered

    return wrap


def insisting(step: Callable[..., Coroutine[Any, Any, A]]) -> Callable[..., Coroutine[Any, Any, A]]:
    """Fail for good where the service refuses what ought to be possible: a person has to look; faults may heal.

    The failure's type is the refusal's code, and its words are those of the kind of refusal, not of the case.
    """

    @wraps(step)
    async def answered(*args: Any) -> A:
        try:
            return await step(*args)
        except Unavailable:
            raise
        except Refusal as refusal:
            raise ApplicationError(refusal.title, type=refusal.code, non_retryable=True) from refusal

    return answered
