"""How an activity tells refusals, which are answers, from faults, which the engine repeats."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Protocol, TypeVar

from careconnect.errors import Refusal, Unavailable
from workflows.contracts import Refused


class _CanRefuse(Protocol):
    def __init__(self, *, refused: Refused) -> None: ...


R = TypeVar("R", bound=_CanRefuse)


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
