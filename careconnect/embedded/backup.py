"""One archive of everything an instance must not lose.

The databases and the engine must fit together: a workflow that is ahead of its rows, or behind them, is a booking in
doubt. So the edge and the worker are held still (SIGSTOP) for the moment in which all snapshots are taken; what comes
out is what a power cut in that moment would have left, which the product is built to go on from.
"""

import asyncio
import contextlib
import io
import json
import os
import signal
import sqlite3
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg

from careconnect import clock
from careconnect.config import DATABASES
from careconnect.embedded import databases, environment, ports
from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import PRIVATE_FILE, DataFolder, read_json
from careconnect.embedded.keys import database_passwords
from careconnect.embedded.parts import EDGE_AND_WORKERS
from careconnect.embedded.postgres import INSTALL, MAJOR, PostgresServer
from careconnect.embedded.runtime import Runtime, held, is_running
from careconnect.embedded.temporal import database_file

FORMAT = 1
MANIFEST = "manifest.json"
WHOLE = ("keys", "mailbox", "temporal/version.json", "credentials.json", "version.json")


def back_up(folder: DataFolder, target: Path) -> None:
    """Write an archive. A stopped instance is backed up as well; its Postgres runs for as long as that takes.

    Raises `CannotStart` when there is nothing to back up, or the databases are somebody else's to back up.
    """
    if not (folder.pgdata / "PG_VERSION").exists():
        raise CannotStart(f"{folder.root} holds no databases: name an instance with --data DIR, or back up your own.")
    if target.exists():
        raise CannotStart(f"{target} exists already: choose another name.")
    asyncio.run(_back_up(folder, target.absolute()))


async def _back_up(folder: DataFolder, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".careconnect-backup-") as room:
        async with _postgres_port(folder) as port:
            await _copy_databases(folder, port, Path(room))
        _pack(folder, Path(room), target)


@contextlib.asynccontextmanager
async def _postgres_port(folder: DataFolder) -> AsyncIterator[int]:
    """Give the port of the instance's Postgres, started for this if need be."""
    if is_running(folder):
        yield Runtime.read(folder).ports["postgres"]
        return
    with held(folder):
        server = PostgresServer(folder.root)
        await server.start()
        try:
            yield server.port
        finally:
            await server.stop()


async def _copy_databases(folder: DataFolder, port: int, room: Path) -> None:
    """Take all snapshots in one moment, then write the dumps from them while the instance goes on."""
    passwords = database_passwords(folder, databases.ROLES)
    async with contextlib.AsyncExitStack() as stack:
        connections = {name: await _connect(stack, port, passwords, name) for name in DATABASES.values()}
        with _still(folder):
            snapshots = {name: await _snapshot(connection) for name, connection in connections.items()}
            _copy_engine(database_file(folder), room / "temporal.db")
        for name, snapshot in snapshots.items():
            arguments = ("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={room / name}.dump", name)
            await run_client(port, passwords, *arguments)


async def run_client(port: int, passwords: dict[str, str], program: str, *arguments: str) -> None:
    """Run one of Postgres's client programs as the superuser. Raises `CannotStart` with what it said when it fails."""
    process = await asyncio.create_subprocess_exec(
        str(INSTALL / "bin" / program),
        *arguments,
        env={
            "PATH": os.defpath,
            "PGHOST": ports.LOOPBACK,
            "PGPORT": str(port),
            "PGUSER": databases.SUPERUSER,
            "PGPASSWORD": passwords[databases.SUPERUSER],
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    said = (await process.communicate())[1].decode(errors="replace").strip()
    if process.returncode:
        raise CannotStart(f"{program} failed: {said}")


async def _connect(
    stack: contextlib.AsyncExitStack, port: int, passwords: dict[str, str], database: str
) -> asyncpg.Connection:
    connection = await databases.connect(ports.LOOPBACK, port, passwords, database)
    stack.push_async_callback(connection.close)
    return connection


async def _snapshot(connection: asyncpg.Connection) -> str:
    """Open a transaction that stays, and give the name under which pg_dump sees the same."""
    await connection.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return str(await connection.fetchval("SELECT pg_export_snapshot()"))


@contextlib.contextmanager
def _still(folder: DataFolder) -> Iterator[None]:
    """Hold the writing parts still. They go on even when this process fails in between."""
    parts = Runtime.read(folder).parts if is_running(folder) else {}
    records = [parts[name].process for name in EDGE_AND_WORKERS if name in parts]
    processes = [process for record in records if record and (process := record.find())]
    try:
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def _copy_engine(source: Path, copy: Path) -> None:
    if not source.exists():
        return
    with contextlib.closing(sqlite3.connect(source)) as live, contextlib.closing(sqlite3.connect(copy)) as file:
        live.backup(file)


def _pack(folder: DataFolder, room: Path, target: Path) -> None:
    draft = room / "archive.tar"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            _add_manifest(folder, archive)
            for dump in sorted(room.glob("*.dump")):
                archive.add(dump, f"databases/{dump.name}")
            if (room / "temporal.db").exists():
                archive.add(room / "temporal.db", "temporal/temporal.db")
            for name in WHOLE:
                if (folder.root / name).exists():
                    archive.add(folder.root / name, name)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(target)


def _add_manifest(folder: DataFolder, archive: tarfile.TarFile) -> None:
    content = {
        "format": FORMAT,
        "made_at": clock.now().isoformat(),
        "postgres": MAJOR,
        "version": read_json(folder.version),
        "web": read_json(folder.environment).get(f"{environment.PREFIX}WEB__PUBLIC_URL", ""),
    }
    data = json.dumps(content, indent=2).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
