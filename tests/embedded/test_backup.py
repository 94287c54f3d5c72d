import sqlite3
import tarfile
from pathlib import Path

import asyncpg
import pytest

from careconnect.config import DATABASES
from careconnect.embedded.backup import back_up
from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.keys import create_keys
from careconnect.embedded.restore import restore
from careconnect.embedded.temporal import database_file
from tests.embedded.conftest import server_on

PATIENTS = DATABASES["patients"]


async def in_patients(folder: DataFolder, statement: str) -> object:
    """Run a statement as the owner, on a server that runs for that alone."""
    server = server_on(folder)
    await server.start()
    await server.prepare()
    owner = await asyncpg.connect(f"{server.urls()['owner'].replace('+asyncpg', '')}/{PATIENTS}")
    result: object = await owner.fetchval(statement)
    await owner.close()
    await server.stop()
    return result


async def test_a_restored_instance_has_the_rows_the_engine_and_the_keys(folder: DataFolder, tmp_path: Path) -> None:
    create_keys(folder)
    with sqlite3.connect(database_file(folder)) as engine:
        engine.execute("CREATE TABLE executions AS SELECT 7 AS id")
    engine.close()
    await in_patients(folder, "CREATE TABLE patients AS SELECT 42 AS id")

    import asyncio  # noqa: PLC0415 - the commands run a loop of their own

    await asyncio.to_thread(back_up, folder, tmp_path / "archive.tar")
    copy = DataFolder.at(tmp_path / "copy")
    await asyncio.to_thread(restore, copy, tmp_path / "archive.tar")

    assert await in_patients(copy, "SELECT id FROM patients") == 42
    with sqlite3.connect(database_file(copy)) as engine:
        assert engine.execute("SELECT id FROM executions").fetchone() == (7,)
    engine.close()
    assert (copy.keys / "master.key").read_bytes() == (folder.keys / "master.key").read_bytes()
    assert (tmp_path / "archive.tar").stat().st_mode & 0o777 == 0o600


def test_an_archive_is_not_restored_over_an_instance(folder: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="is not empty"):
        restore(folder, tmp_path / "archive.tar")


def test_a_file_that_is_no_archive_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tar", "w") as other:
        other.add(__file__, "something.py")
    target = DataFolder.at(tmp_path / "copy")
    with pytest.raises(CannotStart, match="not written by"):
        restore(target, tmp_path / "other.tar")
    assert not target.root.exists()


def test_there_is_nothing_to_back_up_in_an_empty_folder(folder: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="holds no databases"):
        back_up(folder, tmp_path / "archive.tar")
