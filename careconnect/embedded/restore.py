"""A new data folder from an archive that `backup` wrote."""

import asyncio
import json
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from careconnect.config import DATABASES
from careconnect.embedded.backup import FORMAT, MANIFEST, run_client
from careconnect.embedded.errors import CannotStart, WrongVersion
from careconnect.embedded.folder import DataFolder, write_private
from careconnect.embedded.postgres import MAJOR, PostgresServer
from careconnect.embedded.version import Stamp

DUMPS = "databases"
ROOMS = frozenset({"keys", "mailbox", "temporal", "credentials.json", "version.json"})


def restore(folder: DataFolder, source: Path) -> None:
    """Fill an empty folder from an archive; on failure nothing of it is left.

    Raises `CannotStart` when the folder is not empty, and `WrongVersion` when this version cannot read the archive.
    """
    if folder.root.exists() and any(folder.root.iterdir()):
        raise CannotStart(f"{folder.root} is not empty: choose a new folder with --data DIR.")
    try:
        with tarfile.open(source) as archive:
            _require_readable(archive, source)
            folder.create()
            try:
                _fill(folder, archive)
            except BaseException:
                shutil.rmtree(folder.root)
                raise
    except tarfile.TarError as error:
        raise CannotStart(f"{source} is not a whole archive ({error}): take another one.") from error


def _require_readable(archive: tarfile.TarFile, source: Path) -> None:
    entry = archive.extractfile(MANIFEST) if MANIFEST in archive.getnames() else None
    if entry is None:
        raise CannotStart(f"{source} was not written by `careconnect backup`.")
    manifest = json.load(entry)
    if manifest["format"] != FORMAT or manifest["postgres"] != MAJOR:
        raise WrongVersion(
            f"{source} was written by another version (format {manifest['format']}, Postgres {manifest['postgres']}): "
            "restore it with that one."
        )


def _fill(folder: DataFolder, archive: tarfile.TarFile) -> None:
    with tempfile.TemporaryDirectory(dir=folder.root, prefix=".restore-") as room:
        for member in archive.getmembers():
            path = PurePosixPath(member.name)
            if member.isfile() and ".." not in path.parts and path.parts[0] in {DUMPS, *ROOMS}:
                _extract(archive, member, (Path(room) if path.parts[0] == DUMPS else folder.root) / path)
        Stamp.read(folder)
        asyncio.run(_load(folder, Path(room) / DUMPS))


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = archive.extractfile(member)
    if content is None:
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(target, b"")
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)


async def _load(folder: DataFolder, dumps: Path) -> None:
    server = PostgresServer(folder.root)
    await server.start()
    try:
        await server.prepare()
        for name in DATABASES.values():
            arguments = ("--exit-on-error", "--single-transaction", f"--dbname={name}", str(dumps / f"{name}.dump"))
            await run_client(server.port, server.passwords(), "pg_restore", *arguments)
    finally:
        await server.stop()
