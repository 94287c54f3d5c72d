import os
import signal
from collections.abc import AsyncIterator

import asyncpg
import psutil
import pytest

from careconnect.config import DATABASES
from careconnect.embedded.errors import WrongVersion
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.postgres import PostgresServer
from tests.embedded.conftest import server_on


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """Run a prepared server for the tests that only look."""
    running = server_on(DataFolder.at(tmp_path_factory.mktemp("postgres")))
    await running.start()
    await running.prepare()
    yield running
    await running.stop()


def address(server: PostgresServer, who: str, database: str | None = None) -> str:
    """Give the address of a role, at its own database or at another."""
    own = server.urls()[who].replace("+asyncpg", "")
    return own if database is None else f"{own.rpartition('/')[0] if own.count('/') > 2 else own}/{database}"


@pytest.mark.parametrize("service", DATABASES)
async def test_a_service_reaches_its_own_database(server: PostgresServer, service: str) -> None:
    connection = await asyncpg.connect(address(server, service))
    assert await connection.fetchval("SELECT current_database()") == DATABASES[service]
    await connection.close()


@pytest.mark.parametrize("service", DATABASES)
async def test_a_service_reaches_no_other_database(server: PostgresServer, service: str) -> None:
    for database in {*DATABASES.values(), "postgres"} - {DATABASES[service]}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(address(server, service, database))


async def test_a_service_owns_nothing_and_may_create_nothing(server: PostgresServer) -> None:
    connection = await asyncpg.connect(address(server, "patients"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE mine (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE SCHEMA mine")
    await connection.close()


async def test_only_the_auditor_goes_round_row_level_security_and_nobody_of_ours_is_superuser(
    server: PostgresServer,
) -> None:
    connection = await asyncpg.connect(address(server, "auditor", DATABASES["patients"]))
    roles = await connection.fetch(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname ~ '^careconnect'"
    )
    await connection.close()
    assert [role["rolname"] for role in roles if role["rolbypassrls"]] == ["careconnect_auditor"]
    assert not any(role["rolsuper"] for role in roles)


async def test_the_auditor_reads_what_the_owner_made_and_changes_nothing(server: PostgresServer) -> None:
    owner = await asyncpg.connect(address(server, "owner", DATABASES["reports"]))
    await owner.execute("CREATE TABLE law (id int)")
    auditor = await asyncpg.connect(address(server, "auditor", DATABASES["reports"]))
    assert await auditor.fetchval("SELECT count(*) FROM law") == 0
    await auditor.execute("SET default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.execute("INSERT INTO law VALUES (1)")
    await auditor.close()
    await owner.close()


async def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(address(server, "patients"), password="guess")


async def test_every_database_can_exclude_ranges_and_search_similar_text(server: PostgresServer) -> None:
    for service in DATABASES:
        connection = await asyncpg.connect(address(server, service))
        found = {row["extname"] for row in await connection.fetch("SELECT extname FROM pg_extension")}
        await connection.close()
        assert {"btree_gist", "pg_trgm"} <= found


async def test_preparing_again_changes_nothing(server: PostgresServer) -> None:
    before = server.urls()
    await server.prepare()
    assert server.urls() == before


async def test_what_was_committed_survives_kill_9(folder: DataFolder) -> None:
    server = server_on(folder)
    await server.start()
    await server.prepare()
    owner = await asyncpg.connect(address(server, "owner", DATABASES["payments"]))
    await owner.execute("CREATE TABLE ledger AS SELECT 42 AS amount")
    owner.terminate()
    assert server.child
    os.kill(server.child.pid, signal.SIGKILL)
    await server.child.wait()
    await server.start()
    owner = await asyncpg.connect(address(server, "owner", DATABASES["payments"]))
    assert await owner.fetchval("SELECT amount FROM ledger") == 42
    await owner.close()
    await server.stop()


async def test_a_start_ends_the_server_that_a_killed_start_left_behind(folder: DataFolder) -> None:
    left = server_on(folder)
    await left.start()
    following = server_on(folder)
    await following.start()
    assert left.child
    # How it ended is not told: whoever waited for it to be gone may have taken its exit code.
    await left.child.wait()
    assert not psutil.pid_exists(left.child.pid)
    await following.stop()


async def test_files_of_another_postgres_are_refused_with_what_to_do(folder: DataFolder) -> None:
    server = server_on(folder)
    folder.pgdata.mkdir()
    (folder.pgdata / "PG_VERSION").write_text("17\n")
    with pytest.raises(WrongVersion, match=r"written by Postgres 17.*restore into a new data folder"):
        await server.launch()
