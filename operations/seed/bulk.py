"""Writing many rows at once into one service's database, as the service's own role and under row-level security.

COPY is refused where row-level security holds, so rows go in as arrays that Postgres unfolds; that is nearly as fast.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from careconnect import audit
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.crypto import MasterKey, TenantKeys
from careconnect.db import Database, new_metadata
from careconnect.ids import uuid7

Row = Mapping[str, Any]
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_PLATFORM = new_metadata()
_AUDIT, _OUTBOX = _PLATFORM.tables["audit_events"], _PLATFORM.tables["outbox_events"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: who did what to which record, when and why. `data` holds no personal data."""

    at: datetime
    actor: Actor
    action: str
    entity: str
    entity_id: UUID
    data: dict[str, Any]
    reason: str | None = None


class Writer:
    """One service's database, for one tenant."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", tenant_id: UUID, keys: TenantKeys) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.keys = keys

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Open a transaction that sees the tenant's rows."""
        async with self.connection.transaction():
            await self.connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(self.tenant_id))
            yield

    async def present(self, table: sa.Table, ids: Sequence[UUID]) -> set[UUID]:
        """Tell which of `ids` the table has; asked inside a transaction."""
        found = await self.connection.fetch(
            f'SELECT id FROM "{table.name}" WHERE tenant_id = $1 AND id = ANY($2::uuid[])',  # noqa: S608 - our table
            self.tenant_id,
            ids,
        )
        return {row["id"] for row in found}

    async def insert(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Write rows; each names the same columns, all but the tenant, with JSON as text."""
        if not rows:
            return
        names = list(rows[0])
        columns = [table.c[name] for name in names]
        values = [_values(column, rows) for column in columns]
        await self.connection.execute(_statement(table, columns), self.tenant_id, *values)

    async def tell(self, events: Iterable[Event]) -> None:
        """Write the audit events, each sealed, and the domain events, in the order of time."""
        ordered = [(event, audit.as_text(event.data)) for event in sorted(events, key=lambda event: event.at)]
        await self.insert(_AUDIT, [self._sealed(event, data) for event, data in ordered])
        await self.insert(_OUTBOX, [_told(event, data) for event, data in ordered])

    def _sealed(self, event: Event, data: str) -> dict[str, Any]:
        row: dict[str, Any] = {
            "at": event.at,
            "actor_id": event.actor.id,
            "actor_kind": event.actor.kind,
            "action": event.action,
            "entity": event.entity,
            "entity_id": event.entity_id,
            "reason": event.reason,
            "data": data,
            "request_id": None,
            "mark": uuid7(),
        }
        row["seal"] = audit.seal(self.keys.audit_key, {"tenant_id": self.tenant_id, **row}, data)
        return row


@asynccontextmanager
async def writer(settings: Settings, service: str, tenant_id: UUID) -> AsyncIterator[Writer]:
    """Connect to one service's database."""
    url = settings.database.url(service)
    database = Database(url, lambda: MasterKey(settings.master_keys))
    try:
        keys = await database.keys(tenant_id)
    finally:
        await database.dispose()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), server_settings={"application_name": "seed"})
    try:
        yield Writer(connection, tenant_id, keys)
    finally:
        await connection.close()


def _told(event: Event, data: str) -> dict[str, Any]:
    return {
        "at": event.at,
        "type": event.action,
        "entity": event.entity,
        "entity_id": event.entity_id,
        "data": data,
    }


def _statement(table: sa.Table, columns: Sequence[sa.Column[Any]]) -> str:
    names = ", ".join(f'"{column.name}"' for column in columns)
    arrays = ", ".join(f"${number}::{_carrier(column)}[]" for number, column in enumerate(columns, 2))
    values = ", ".join(f'u."{column.name}"{_cast(column)}' for column in columns)
    return (
        f'INSERT INTO "{table.name}" (tenant_id, {names}) '  # noqa: S608 - the names are our own
        f"SELECT $1::uuid, {values} FROM unnest({arrays}) AS u({names}){_in_order(table, columns)}"
    )


def _in_order(table: sa.Table, columns: Sequence[sa.Column[Any]]) -> str:
    """Take rows in the order of their key: those that belong into one page of its index come one after the other."""
    keys = [column.name for column in table.primary_key if column.name != "tenant_id"]
    if not set(keys) <= {column.name for column in columns}:
        return ""
    return " ORDER BY " + ", ".join(f'u."{key}"' for key in keys)


def _type(column: sa.Column[Any]) -> str:
    return str(column.type.compile(dialect=_DIALECT))


def _carrier(column: sa.Column[Any]) -> str:
    """Name the type that a column's values travel as: an array of arrays would be unfolded to the bottom."""
    return "text" if _folded(column) else _type(column)


def _cast(column: sa.Column[Any]) -> str:
    return f"::{_type(column)}" if _folded(column) else ""


def _folded(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, (postgresql.JSONB, sa.ARRAY))


def _values(column: sa.Column[Any], rows: Sequence[Row]) -> list[Any]:
    name = column.key
    if isinstance(column.type, sa.ARRAY):
        return ["{" + ",".join(map(str, row[name])) + "}" for row in rows]
    return [row[name] for row in rows]
