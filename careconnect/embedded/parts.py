"""The parts of an embedded instance: how each is started and when it is ready."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from careconnect.embedded import environment, ports
from careconnect.embedded.child import Child, Launch, rotate, tail
from careconnect.embedded.environment import InstancePorts
from careconnect.embedded.errors import CannotStart, NotReady
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.postgres import PostgresServer
from careconnect.embedded.probe import answers
from careconnect.embedded.supervisor import Part
from careconnect.embedded.temporal import TemporalPorts, TemporalServer

READY_SECONDS = 90.0
POLL_SECONDS = 0.05
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})
WORKERS = ("worker", "worker_2")
EDGE_AND_WORKERS = ("edge", *WORKERS)
COMMAND = (sys.executable, "-P", "-m", "careconnect.cli")


def stores(folder: DataFolder, at: InstancePorts, caller: Mapping[str, str]) -> list[Part]:
    """Give Postgres and Temporal, each unless the caller brings its own."""
    parts = []
    if not environment.postgres_is_external(caller):
        postgres = PostgresServer(folder.root, at.postgres)
        parts.append(Part("postgres", postgres.launch, postgres.ready, postgres.prepare, postgres.answers))
    if not environment.temporal_is_external(caller):
        listens = TemporalPorts(at.temporal, at.temporal_http, at.temporal_ui, at.temporal_metrics)
        temporal = TemporalServer(folder.root, listens, environment.public_url(at, caller))
        parts.append(Part("temporal", temporal.launch, temporal.ready, temporal.prepare, temporal.answers))
    return parts


def processes(folder: DataFolder, at: InstancePorts, settings: Mapping[str, str]) -> list[Part]:
    """Give the edge, with all services inside, and the workers: Python uses one processor in each."""
    host = settings["CARECONNECT_WEB__HOST"]
    near = ports.LOOPBACK if host in EVERYWHERE else host
    return [
        _process(folder, settings, "edge", "web", lambda path: answers(at.web, path, near)),
        *(_worker(folder, settings, name, getattr(at, f"{name}_health")) for name in WORKERS),
    ]


async def run_once(folder: DataFolder, settings: Mapping[str, str], *arguments: str) -> None:
    """Run a command of the product to its end. Raises `CannotStart` with the end of its log when it fails."""
    log = folder.logs / f"{arguments[0]}.log"
    rotate(log)
    child = await Child.start(Launch((*COMMAND, *arguments), log, environment.for_child(settings)))
    try:
        code = await child.wait()
    except asyncio.CancelledError:
        await child.stop()
        raise
    if code:
        raise CannotStart(f"`careconnect {arguments[0]}` failed; {log} says:\n{tail(log)}")


def _worker(folder: DataFolder, settings: Mapping[str, str], name: str, health: int) -> Part:
    own = {**settings, "CARECONNECT_WORKER__HEALTH_PORT": str(health)}
    return _process(folder, own, name, "worker", lambda path: answers(health, path))


def _process(
    folder: DataFolder, settings: Mapping[str, str], name: str, command: str, says: Callable[[str], Awaitable[bool]]
) -> Part:
    log = folder.logs / f"{name}.log"

    async def launch() -> Launch:
        rotate(log)
        return Launch((*COMMAND, command), log, environment.for_child(settings))

    async def ready(child: Child) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await says("/readyz"):
                    if not child.running:
                        raise NotReady(f"The {name} stopped while starting; {log} says:\n{tail(log)}")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise NotReady(f"The {name} was not ready after {READY_SECONDS:.0f} s; see {log}.") from error

    return Part(name, launch, ready, answers=lambda: says("/healthz"))
