"""The databases and roles of an instance: each service reaches its own database and no other, and owns nothing."""

import asyncio
from collections.abc import Mapping

import asyncpg

from careconnect.config import DATABASES

SUPERUSER = "postgres"
OWNER = "careconnect_owner"
AUDITOR = "careconnect_auditor"
EXTENSIONS = ("btree_gist", "pg_trgm")
PREPARED = "careconnect: prepared, layout 1"
CONNECTIONS_AT_ONCE = 4


def role_of(service: str) -> str:
    """Give the role a service signs in with."""
    return f"careconnect_{service}"


ROLES = (SUPERUSER, OWNER, AUDITOR, *map(role_of, DATABASES))


def urls(port: int, passwords: Mapping[str, str], host: str = "127.0.0.1") -> dict[str, str]:
    """SQLAlchemy addresses by service name, and `owner` and `auditor` without a database name."""

    def address(role: str) -> str:
        return f"postgresql+asyncpg://{role}:{passwords[role]}@{host}:{port}"

    return {service: f"{address(role_of(service))}/{database}" for service, database in DATABASES.items()} | {
        "owner": address(OWNER),
        "auditor": address(AUDITOR),
    }


async def prepare(host: str, port: int, passwords: Mapping[str, str]) -> None:
    """Create what is missing of roles, databases and extensions, and set every role's password. Harmless to repeat."""
    admin = await connect(host, port, passwords, "postgres")
    try:
        await _roles(admin, passwords)
        found = await admin.fetch(
            "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = $1", PREPARED
        )
        missing = [database for database in DATABASES.values() if database not in {row["datname"] for row in found}]
        if missing:
            await admin.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
            for database in missing:
                await _create_database(admin, database)
    finally:
        await admin.close()
    places = asyncio.Semaphore(CONNECTIONS_AT_ONCE)

    async def fill(service: str, database: str) -> None:
        async with places:
            await _fill_database(host, port, passwords, service, database)

    await asyncio.gather(*(fill(service, name) for service, name in DATABASES.items() if name in missing))


async def connect(host: str, port: int, passwords: Mapping[str, str], database: str) -> asyncpg.Connection:
    """Connect as the superuser."""
    return await asyncpg.connect(
        host=host, port=port, user=SUPERUSER, password=passwords[SUPERUSER], database=database, ssl=False
    )


async def _roles(admin: asyncpg.Connection, passwords: Mapping[str, str]) -> None:
    existing = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    async with admin.transaction():
        for role in ROLES:
            if role not in existing:
                await admin.execute(f"CREATE ROLE {role}")
            if role != SUPERUSER:
                rights = "BYPASSRLS" if role == AUDITOR else "NOBYPASSRLS"
                await admin.execute(f"ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB {rights}")
                await admin.execute(f"ALTER ROLE {role} PASSWORD '{passwords[role]}'")
        await admin.execute(f"GRANT pg_read_all_data TO {AUDITOR}")
        await admin.execute(f"ALTER ROLE {AUDITOR} SET default_transaction_read_only = on")


async def _create_database(admin: asyncpg.Connection, database: str) -> None:
    if not await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database):
        await admin.execute(f"CREATE DATABASE {database} OWNER {OWNER}")


async def _fill_database(host: str, port: int, passwords: Mapping[str, str], service: str, database: str) -> None:
    """Extensions and rights; the comment, written last in the same transaction, says that all of it happened."""
    connection = await connect(host, port, passwords, database)
    try:
        async with connection.transaction():
            for extension in EXTENSIONS:
                await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
            await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
            await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {role_of(service)}, {AUDITOR}")
            await connection.execute(f"GRANT USAGE ON SCHEMA public TO {role_of(service)}")
            await connection.execute(f"COMMENT ON DATABASE {database} IS '{PREPARED}'")
    finally:
        await connection.close()
