"""One embedded instance, from an empty folder to ready, and down again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

from careconnect.embedded import databases, environment, parts, ports, version
from careconnect.embedded.environment import InstancePorts
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.keys import create_credentials, create_keys, database_passwords
from careconnect.embedded.runtime import ProcessRecord, Runtime, State
from careconnect.embedded.supervisor import Supervisor

WEB_PORT = 8080
TEMPORAL_PORT = 7233
UI_OFFSET = 1000
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Options:
    """What `careconnect up` was asked for; a port of None means the usual one."""

    folder: DataFolder
    port: int | None = None
    temporal_port: int | None = None
    seed: bool = True


class Instance:
    """Everything of one data folder, supervised by this process. `say` tells a person what happens."""

    def __init__(self, options: Options, caller: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.folder = options.folder
        self.options = options
        self.caller = caller
        self.say = say
        self.before = Runtime.read(self.folder)
        self.before.end_leftovers()
        self.stamp = self._read_stamp()
        self.ports = choose_ports(options, caller, self.before.ports)
        self.settings = self._write_settings()
        self.runtime = Runtime(
            state="starting",
            supervisor=ProcessRecord.of(os.getpid()),
            urls=self.urls(),
            ports=asdict(self.ports),
        )
        self.supervisor = Supervisor(self.folder, self.runtime, say)

    async def run(self) -> None:
        """Start, stay until asked to stop (SIGTERM, SIGINT), stop. Raises `CannotStart` when it does not come up."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, asked.set)
        self._enter("starting")
        try:
            if await _unless(asked, self._start()):
                self._enter("ready")
                self.say(self.announcement())
                await asked.wait()
        except Exception as error:
            self.runtime.reason = str(error)
            raise
        finally:
            await self._stop()
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)

    def urls(self) -> dict[str, str]:
        """Give the addresses for people and programs: pages, REST, and the engine's gRPC address."""
        web = environment.public_url(self.ports, self.caller)
        return {"web": web, "api": f"{web}/api/v1", "temporal": self.settings["CARECONNECT_TEMPORAL__ADDRESS"]}

    def announcement(self) -> str:
        """Say where everything is."""
        return announcement(self.folder, self.runtime.urls)

    def _read_stamp(self) -> version.Stamp:
        """Read what wrote the folder; a folder without databases is a new one."""
        stamp = version.Stamp.read(self.folder)
        has_databases = environment.postgres_is_external(self.caller) or (self.folder.pgdata / "PG_VERSION").exists()
        return stamp if has_databases else version.Stamp()

    def _write_settings(self) -> dict[str, str]:
        create_keys(self.folder)
        passwords = database_passwords(self.folder, databases.ROLES)
        settings = environment.build(self.folder, self.ports, passwords, self.caller)
        settings.setdefault("CARECONNECT_TEMPORAL__ADDRESS", "")
        environment.save(self.folder, settings)
        return settings

    async def _start(self) -> None:
        create_credentials(self.folder, self.runtime.urls)
        await self.supervisor.start(*parts.stores(self.folder, self.ports, self.caller))
        await self._migrate()
        await self._seed()
        await self.supervisor.start(*parts.processes(self.folder, self.ports, self.settings))

    async def _stop(self) -> None:
        failed = self.runtime.reason
        self._enter("stopping")
        if not failed:
            self.say("Stopping.")
        await self.supervisor.stop(*parts.EDGE_AND_WORKERS)
        await self.supervisor.stop("temporal", "postgres")
        self.runtime.supervisor = None
        self._enter("failed" if failed else "stopped")

    async def _migrate(self) -> None:
        """Bring the databases to this version's schema, when the stamp does not say that they have it."""
        known = version.known_migrations()
        if self.stamp.migrations == known and not environment.postgres_is_external(self.caller):
            return
        self.say("Preparing the databases.")
        await parts.run_once(self.folder, self.settings, "migrate")
        self._restamp(migrations=known, product=version.product())

    async def _seed(self) -> None:
        """Fill a new instance with demo data, or, where that was declined, with an owner who can sign in.

        Asked once in the life of a folder, and tried again at the next start when it failed.
        """
        if self.stamp.seed:
            return
        self.say("Writing the demo data." if self.options.seed else "Preparing the first sign-in.")
        how_much = [] if self.options.seed else ["--minimal"]
        await parts.run_once(self.folder, self.settings, "seed", "--data", str(self.folder.root), *how_much)
        self._restamp(seed="done" if self.options.seed else "declined")

    def _restamp(self, **changes: object) -> None:
        self.stamp = self.stamp.model_copy(update=changes)
        self.stamp.write(self.folder)

    def _enter(self, state: State) -> None:
        self.runtime.state = state
        self.runtime.write(self.folder)


def choose_ports(options: Options, caller: Mapping[str, str], before: Mapping[str, int]) -> InstancePorts:
    """Choose every port: those asked for or usual must be free; the rest are the last start's if possible."""
    web = options.port or int(caller.get("CARECONNECT_WEB__PORT") or WEB_PORT)
    ports.require_free(web, "--port", caller.get("CARECONNECT_WEB__HOST") or ports.LOOPBACK)
    temporal = options.temporal_port or TEMPORAL_PORT
    if not environment.temporal_is_external(caller):
        ports.require_free(temporal, "--temporal-port")
    chosen = {"web": web, "temporal": temporal}
    preferred = {"temporal_ui": temporal + UI_OFFSET, **before}
    rest = ("temporal_http", "temporal_ui", "temporal_metrics", "postgres", "smtp", "worker_health", "worker_2_health")
    for name in rest:
        chosen[name] = ports.pick(preferred.get(name), chosen.values())
    return InstancePorts(**chosen)


def announcement(folder: DataFolder, urls: Mapping[str, str]) -> str:
    """Say where an instance is reached."""
    return (
        "Care-Connect is ready.\n"
        f"  Pages          {urls['web']}/\n"
        f"  REST           {urls['api']}/docs\n"
        f"  Console        {urls['web']}/console\n"
        f"  Temporal       {urls['temporal']}\n"
        f"  First sign-in  {folder.credentials}"
    )


async def _unless(asked: asyncio.Event, work: Awaitable[None]) -> bool:
    """Do the work, unless somebody asks to stop first. Tells whether it was done."""
    doing = asyncio.ensure_future(work)
    asking = asyncio.ensure_future(asked.wait())
    await asyncio.wait({doing, asking}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    if doing.done():
        doing.result()
        return True
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)
    return False
