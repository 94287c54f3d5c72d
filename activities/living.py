"""How a step lets the engine know that it is still being taken."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import activity

R = TypeVar("R")
_EVERY = 1.0
"""Seconds; several times more often than the engine waits for it."""


async def beating(work: Coroutine[Any, Any, R]) -> R:
    """Do the work, and let the engine know meanwhile that somebody does it: a dead worker is missed within seconds."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            activity.heartbeat()
            await asyncio.wait({task}, timeout=_EVERY)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return task.result()
