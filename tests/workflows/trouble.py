"""What makes made-up services behave as real ones do on a bad day."""

import asyncio
from collections.abc import Awaitable, Callable

from temporalio.exceptions import ApplicationError

from careconnect.errors import Unavailable

Trouble = Callable[[], Awaitable[None]]


class Troubled:
    """Something that is asked, remembers what it was asked, and meets the trouble that a test prepared for a step."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.trouble: dict[str, list[Trouble]] = {}
        self.changed = asyncio.Event()

    async def meet(self, step: str) -> None:
        """Note that `step` was asked for, and meet what waits for it, once per asking."""
        self.calls.append(step)
        self.changed.set()
        waiting = self.trouble.get(step)
        if waiting:
            await waiting.pop(0)()

    def on(self, step: str, *troubles: Trouble) -> None:
        """Prepare trouble for the next askings of `step`."""
        self.trouble.setdefault(step, []).extend(troubles)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that was asked makes `condition` true."""
        async with asyncio.timeout(30):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def count(self, step: str) -> int:
        """Count how often `step` was asked for."""
        return self.calls.count(step)


def refusing(refusal: Exception) -> Trouble:
    """Say no."""

    async def refuse() -> None:
        raise refusal

    return refuse


async def fine() -> None:
    """Meet no trouble, this time."""


async def silence() -> None:
    """Answer as something that is down."""
    raise Unavailable


async def for_good() -> None:
    """Fail as an activity does whose time is up, without the wait."""
    message = "it took too long"
    raise ApplicationError(message, non_retryable=True)


async def hanging() -> None:
    """Never answer."""
    await asyncio.Event().wait()
