"""Keeps parts alive: starts them, restarts one that dies, and stops all of them in order."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psutil

from careconnect.embedded.child import Child, Launch
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.liveness import Patience, until_it_hangs
from careconnect.embedded.runtime import PartRecord, ProcessRecord, Runtime

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
HEALTHY_SECONDS = 30.0


@dataclass
class BackOff:
    """How long to wait before the next start: doubling, and short again after a healthy life. Seconds."""

    first: float = FIRST_DELAY
    longest: float = LONGEST_DELAY
    healthy: float = HEALTHY_SECONDS
    following: float = 0.0

    def after(self, lived: float) -> float:
        """Give the wait after a part that lived this long."""
        if lived >= self.healthy or not self.following:
            self.following = self.first
        wait = self.following
        self.following = min(self.following * 2, self.longest)
        return wait


async def nothing() -> None:
    """Need no preparation."""


@dataclass(frozen=True)
class Part:
    """A process to keep alive: how to start it, when it is ready, what to set up once it is, whether it still answers.

    One that is silent for many probes in a row hangs (`liveness`), and is ended as if it had died.
    """

    name: str
    launch: Callable[[], Awaitable[Launch]]
    ready: Callable[[Child], Awaitable[None]]
    prepare: Callable[[], Awaitable[None]] = nothing
    answers: Callable[[], Awaitable[bool]] | None = None


class Supervisor:
    """Runs parts and writes how they fare into the folder. All its methods belong to one event loop."""

    def __init__(
        self,
        folder: DataFolder,
        runtime: Runtime,
        say: Callable[[str], None],
        *,
        patience: Patience = Patience(),
    ) -> None:
        self.patience = patience
        self.folder = folder
        self.runtime = runtime
        self.say = say
        self._children: dict[str, Child] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._reasons: dict[str, str] = {}

    async def start(self, *parts: Part) -> None:
        """Start parts side by side and return when all are ready.

        Raises `CannotStart` when one of them does not come up the first time; later deaths are healed quietly.
        """
        starts = [asyncio.ensure_future(self._first_start(part)) for part in parts]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def stop(self, *names: str) -> None:
        """Stop parts side by side and keep them stopped."""
        await asyncio.gather(*(self._stop(name) for name in names))

    def note(self, name: str, **changes: object) -> None:
        """Change what is recorded of a part."""
        known = self.runtime.parts.get(name, PartRecord())
        self.runtime.parts[name] = known.model_copy(update=changes)
        self.runtime.write(self.folder)

    async def _first_start(self, part: Part) -> None:
        self.note(part.name, state="starting", restarts=0, last_exit=None)
        await self._bring_up(part)
        self._keepers[part.name] = asyncio.create_task(self._keep(part), name=f"keep {part.name}")

    async def _bring_up(self, part: Part) -> None:
        child = await Child.start(await part.launch())
        self._children[part.name] = child
        self.note(part.name, process=_record(child))
        await part.ready(child)
        await part.prepare()
        self.note(part.name, state="ready")

    async def _keep(self, part: Part) -> None:
        back_off = BackOff()
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            code = await self._until_it_ends(part)
            wait = back_off.after(clock() - began)
            restarts = self.runtime.parts[part.name].restarts + 1
            reason = self._reasons.pop(part.name, "")
            self.note(part.name, state="restarting", process=None, restarts=restarts, last_exit=code, reason=reason)
            self.say(f"{part.name} ended with {code}; starting it again in {wait:.1f} s")
            await asyncio.sleep(wait)
            await self._try_again(part)

    async def _until_it_ends(self, part: Part) -> int:
        child = self._children[part.name]
        watching = asyncio.create_task(self._watch(part, child))
        try:
            return await child.wait()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, part: Part, child: Child) -> None:
        """End a process that lives and does not answer any more: nobody else would notice."""
        if part.answers is None:
            return

        def tell(silent: bool) -> None:
            before = self.runtime.parts[part.name].state
            now = "silent" if silent else "ready"
            if before in {"ready", "silent"} and before != now:
                self.note(part.name, state=now)

        seconds = await until_it_hangs(part.answers, tell, self.patience)
        self._reasons[part.name] = f"did not answer for {seconds:.0f} s"
        self.say(f"{part.name} has not answered for {seconds:.0f} s ({_standing(child)}) and is ended")
        await child.stop()

    async def _try_again(self, part: Part) -> None:
        """Bring a part up; if that fails the child is ended, and the keeper sees one more death and waits."""
        try:
            await self._bring_up(part)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is said, and the part is tried again
            self.say(f"{part.name} did not come up: {error}")
            await self._children[part.name].stop()
        else:
            self.say(f"{part.name} is ready again")

    async def _stop(self, name: str) -> None:
        keeper = self._keepers.pop(name, None)
        if keeper:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        child = self._children.pop(name, None)
        if child is None:
            return
        self.note(name, state="stopping")
        code = await child.stop()
        self.note(name, state="stopped", process=None, last_exit=code)


def _record(child: Child) -> ProcessRecord | None:
    with contextlib.suppress(psutil.Error):
        return ProcessRecord.of(child.pid)
    return None


def _standing(child: Child) -> str:
    """Tell what the system says of a process: stopped, waiting for the disk, asleep."""
    with contextlib.suppress(psutil.Error):
        return f"its process is {psutil.Process(child.pid).status()}"
    return "its process is gone"
