"""The scripts of the containers do what the embedded mode does."""

import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from careconnect.auth import Tokens
from careconnect.config import DATABASES
from careconnect.crypto import MasterKey, TenantKeys
from careconnect.embedded import databases
from careconnect.embedded.postgres import INSTALL, PostgresServer
from careconnect.embedded.temporal import RETENTION, SEARCH_ATTRIBUTES
from careconnect.ids import uuid7
from careconnect.temporal import EncryptionCodec
from tests.project.checkout import ROOT
from web.oauth import AccessTokens

ROLES = """
SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls, rolconfig,
       pg_has_role(rolname, 'pg_read_all_data', 'usage') AS reads_all
FROM pg_roles WHERE rolname LIKE 'careconnect%' ORDER BY rolname
"""
CONNECT = """
SELECT datname, pg_get_userbyid(datdba) AS owner, rolname, has_database_privilege(rolname, datname, 'CONNECT') AS may
FROM pg_database, pg_roles
WHERE rolname LIKE 'careconnect%' AND (datname LIKE 'careconnect%' OR datname IN ('postgres', 'template1'))
ORDER BY datname, rolname
"""
INSIDE = """
SELECT (SELECT array_agg(extname ORDER BY extname) FROM pg_extension) AS extensions,
       (SELECT array_agg(rolname ORDER BY rolname) FROM pg_roles
        WHERE rolname LIKE 'careconnect%' AND has_schema_privilege(rolname, 'public', 'CREATE')) AS creators
"""


@pytest.fixture(scope="module")
async def made_by_script(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """Run a Postgres whose roles and databases the containers' script has made."""
    server = PostgresServer(tmp_path_factory.mktemp("container"), settings={"fsync": "off"})
    await server.start()
    try:
        run_script(server.port, server.passwords())
        yield server
    finally:
        await server.stop()


def run_script(port: int, passwords: dict[str, str]) -> None:
    """Give the script what the container gives it."""
    asked = {f"{service.upper()}_PASSWORD": passwords[databases.role_of(service)] for service in DATABASES}
    asked |= {"OWNER_PASSWORD": passwords[databases.OWNER], "AUDITOR_PASSWORD": passwords[databases.AUDITOR]}
    where = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGPASSWORD": passwords[databases.SUPERUSER]}
    path = {"PATH": f"{INSTALL / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    environment = path | where | asked | {"TEMPORAL_PASSWORD": "engine"}
    subprocess.run([ROOT / "infra/postgres/init.sh"], env=environment, check=True)  # noqa: S603 - our own script


async def told(server: PostgresServer, question: str, database: str = "postgres") -> list[dict[str, Any]]:
    """Ask a server as its superuser."""
    admin = await databases.connect("127.0.0.1", server.port, server.passwords(), database)
    try:
        return [dict(row) for row in await admin.fetch(question)]
    finally:
        await admin.close()


@pytest.mark.parametrize("question", [ROLES, CONNECT], ids=["roles", "rights to connect"])
async def test_the_containers_postgres_has_the_embedded_ones_roles_and_rights(
    postgres: PostgresServer, made_by_script: PostgresServer, question: str
) -> None:
    expected = await told(postgres, question)
    assert expected
    assert await told(made_by_script, question) == expected


@pytest.mark.parametrize("database", DATABASES.values())
async def test_each_of_its_databases_has_the_same_extensions_and_lets_the_same_roles_create(
    postgres: PostgresServer, made_by_script: PostgresServer, database: str
) -> None:
    assert await told(made_by_script, INSIDE, database) == await told(postgres, INSIDE, database)


async def test_the_engine_signs_in_to_its_own_databases_only(made_by_script: PostgresServer) -> None:
    def at(database: str) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": made_by_script.port, "user": "temporal", "database": database}

    for database in ("temporal", "temporal_visibility"):
        connection = await asyncpg.connect(**at(database), password="engine")
        await connection.execute("CREATE TABLE mine (id int)")
        await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(**at("careconnect_patient_db"), password="engine")


def test_the_containers_engine_gets_the_embedded_ones_retention_and_search_attributes() -> None:
    script = (ROOT / "infra/temporal/namespace.sh").read_text()
    assert dict(re.findall(r"^attribute (\w+) (\w+)$", script, re.MULTILINE)) == SEARCH_ATTRIBUTES
    assert f"\nRETENTION={RETENTION}\n" in script


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the keys and passwords of an installation from containers."""
    folder = tmp_path_factory.mktemp("installation")
    subprocess.run([ROOT / "infra/compose/keys", folder], check=True, capture_output=True)  # noqa: S603 - our own
    return folder


async def test_the_generated_keys_are_the_ones_that_the_processes_take(keys: Path) -> None:
    folder = keys / "secrets"
    tenant, data_key = uuid7(), TenantKeys.fresh()
    master = MasterKey((folder / "master.key").read_text().split())
    assert master.unwrap(master.wrap(data_key, tenant), tenant) == data_key
    assert EncryptionCodec((folder / "codec.key").read_text().split(), "careconnect")
    assert Tokens.from_file(folder / "internal.pem")
    assert AccessTokens(folder / "oauth.pem", "https://clinic.example").jwks()["keys"]


def test_every_password_is_generated_and_a_repeat_changes_nothing(keys: Path) -> None:
    written = (keys / ".env").read_text()
    passwords = re.findall(r"^\w+_PASSWORD=(.*)$", written, re.MULTILINE)
    assert len(set(passwords)) == len(passwords) == len(DATABASES) + 4
    assert all(len(password) == 48 for password in passwords)
    secrets = {file.name: file.read_bytes() for file in (keys / "secrets").iterdir()}
    subprocess.run([ROOT / "infra/compose/keys", keys], check=True, capture_output=True)  # noqa: S603 - our own
    assert (keys / ".env").read_text() == written
    assert {file.name: file.read_bytes() for file in (keys / "secrets").iterdir()} == secrets
    assert (keys / "secrets").stat().st_mode & 0o777 == 0o700
