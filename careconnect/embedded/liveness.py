"""Whether a part that lives still answers: what hangs is silent for long, while the machine is not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

PROBE_SECONDS = 5.0
SILENT_PROBES = 9
NOTED_PROBES = 2
LATE_SECONDS = 15.0


@dataclass(frozen=True)
class Patience:
    """How often a part is asked, in seconds; after how many probes without an answer it is noted, and hangs.

    A probe that takes `late` seconds more than the wait before it counts for nothing: not the part stood still but the
    whole machine, which slept or swapped. Each kind of probe gives up sooner than that.
    """

    between: float = PROBE_SECONDS
    noted: int = NOTED_PROBES
    probes: int = SILENT_PROBES
    late: float = LATE_SECONDS


async def until_it_hangs(
    answers: Callable[[], Awaitable[bool]], tell: Callable[[bool], None], patience: Patience
) -> float:
    """Ask again and again; return once the part hangs, with the seconds since it last answered.

    `tell` hears after each probe whether the part has been silent for longer than a hiccup.
    """
    clock = asyncio.get_running_loop().time
    silent, since = 0, clock()
    while silent < patience.probes:
        began = clock()
        await asyncio.sleep(patience.between)
        if await answers():
            silent, since = 0, clock()
        elif clock() - began < patience.between + patience.late:
            silent += 1
        tell(silent >= patience.noted)
    return clock() - since
