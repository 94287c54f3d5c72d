"""Database sessions: one request is one transaction of one tenant, and it is committed at the edge."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from fastapi import Depends, Request
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from careconnect import audit, clock
from careconnect.auth import Actor, authenticate
from careconnect.crypto import MasterKey, TenantKeys
from careconnect.errors import Refusal, VersionConflict
from careconnect.ids import uuid7
from careconnect.telemetry import request_id

_NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def new_metadata() -> sa.MetaData:
    """Start a service's metadata: the naming convention, and the tables that every service has."""
    metadata = sa.MetaData(naming_convention=_NAMES)
    audit.audit_table(metadata)
    audit.outbox_table(metadata)
    audit.data_keys_table(metadata)
    audit.checkpoints_table(metadata)
    return metadata


class Base:
    """What every service's declarative base shares: `class Base(db.Base, DeclarativeBase)`."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: sa.Uuid(),
        datetime: sa.DateTime(timezone=True),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(sa.Text()),
        list[int]: ARRAY(sa.Integer()),
        list[UUID]: ARRAY(sa.Uuid()),
    }


def _now() -> datetime:
    return clock.now()  # looked up at each call, so that a test may set the clock


class Tenanted:
    """A row of one tenant: its key leads with the tenant, which the session fills in."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-20)
    created_at: Mapped[datetime] = mapped_column(default=_now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now, sort_order=91)


class Versioned:
    """A row with optimistic locking: the version rises with every change, and a stale change is refused."""

    version: Mapped[int] = mapped_column(nullable=False, sort_order=92)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    def expect(self, version: int | None) -> None:
        """Refuse a change that was made from an older reading.

        Raises:
            VersionConflict: `version` is given and is not the present one.
        """
        if version is not None and version != self.version:
            raise VersionConflict(current_version=self.version)


def table_of(entity: type[Any]) -> sa.Table:
    """Give the table of an entity, for statements that take none of the ORM's ways."""
    table: sa.Table = entity.__table__
    return table


class _Connection(asyncpg.Connection):  # type: ignore[misc, unused-ignore]
    """A connection whose transactions begin with the words of their session: one message instead of two."""

    first_words = ""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - the shape is given
        """Run a command; where it begins a transaction, with the session's first words."""
        if query.startswith("BEGIN"):
            query, self.first_words = query + self.first_words, ""
        status: str = await super().execute(query, *args, timeout=timeout)
        return status


def _forget_words(connection: Any, _record: object) -> None:
    """Let no words of a session that asked nothing stay for whoever uses the connection next."""
    if connection is not None:
        connection.driver_connection.first_words = ""


class _TenantSession(Session):
    """Sets the tenant for row-level security as the first word of every transaction, and fills it into new rows."""


@event.listens_for(_TenantSession, "after_begin")
def _set_tenant(session: Session, _transaction: object, connection: sa.Connection) -> None:
    """Prepare the words: nothing was sent yet, the driver begins the transaction with the first statement."""
    if connection.in_nested_transaction():
        return
    tenant: UUID = session.info["actor"].tenant_id
    driver = connection.connection.driver_connection
    assert isinstance(driver, _Connection)  # noqa: S101 - every engine of `Database` makes them
    driver.first_words = (
        f"SELECT set_config('app.tenant_id', '{tenant}', true), "
        f"set_config('transaction_read_only', '{session.info['mode']}', true)"
    )


@event.listens_for(_TenantSession, "before_flush")
def _fill_tenant(session: Session, _context: object, _instances: object) -> None:
    for row in session.new:
        if getattr(row, "tenant_id", row) is None:
            row.tenant_id = session.info["actor"].tenant_id


class ReadSession(AsyncSession):
    """A transaction that Postgres lets only read."""

    @property
    def actor(self) -> Actor:
        """Who asks."""
        actor: Actor = self.info["actor"]
        return actor

    @property
    def tenant_id(self) -> UUID:
        """Whose data this transaction sees."""
        return self.actor.tenant_id

    async def tenant_keys(self) -> TenantKeys:
        """Give the keys that seal and open the tenant's personal data."""
        database: Database = self.info["database"]
        return await database.keys(self.tenant_id)


class WriteSession(ReadSession):
    """A transaction that changes something, and says so in the audit and in the outbox."""

    def record(
        self,
        action: str,
        entity: str,
        entity_id: UUID,
        *,
        data: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Note a change: an audit event and a domain event, committed with it.

        `action` names it (`appointment.booked`); `data` holds ids, codes, states and amounts, never personal data.
        """
        self.info["events"].append(audit.change(action, entity, entity_id, data or {}, reason))

    def record_access(
        self,
        action: str,
        entity: str,
        entity_id: UUID,
        *,
        data: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Note that somebody read a record, or several whose ids `data` holds: an audit event and nothing else."""
        self.info["accesses"].append(audit.change(action, entity, entity_id, data or {}, reason))

    async def commit(self) -> None:
        """Write the buffered events and commit; only the edge of the request calls it."""
        await self.flush()
        events, accesses = self.info["events"], self.info["accesses"]
        if events or accesses:
            await self._write_events(events, accesses)
        await super().commit()
        events.clear()
        accesses.clear()

    async def _write_events(self, events: list[dict[str, Any]], accesses: list[dict[str, Any]]) -> None:
        keys = await self.tenant_keys()
        moment, actor = clock.now(), self.actor
        place = {
            "tenant_id": actor.tenant_id,
            "at": moment,
            "actor_id": actor.id,
            "actor_kind": actor.kind,
            "request_id": request_id.get(),
        }
        rows = [place | said for said in events + accesses]
        for row in rows:
            row["mark"] = uuid7()
            row["seal"] = audit.seal(keys.audit_key, row)
        await self.execute(_WRITE_EVENTS, {"audit": audit.as_json(rows), "told": len(events)})


# Both tables in one statement: each change pays for this once.
_WRITE_EVENTS = sa.text("""
WITH said AS (
  SELECT * FROM ROWS FROM (jsonb_to_recordset(:audit) AS (
    tenant_id uuid, "at" timestamptz, actor_id uuid, actor_kind text, action text, entity text, entity_id uuid,
    reason text, data jsonb, request_id text, seal text, mark uuid)) WITH ORDINALITY
    AS said(tenant_id, "at", actor_id, actor_kind, action, entity, entity_id, reason, data, request_id, seal, mark,
      number)
), audited AS (
  INSERT INTO audit_events
    (tenant_id, "at", actor_id, actor_kind, action, entity, entity_id, reason, data, request_id, seal, mark)
  SELECT tenant_id, "at", actor_id, actor_kind, action, entity, entity_id, reason, data, request_id,
    decode(seal, 'hex'), mark
  FROM said ORDER BY number
)
INSERT INTO outbox_events (tenant_id, "at", type, entity, entity_id, data)
SELECT tenant_id, "at", action, entity, entity_id, data FROM said WHERE number <= :told ORDER BY number
""").bindparams(sa.bindparam("audit", type_=JSONB), sa.bindparam("told", type_=sa.BigInteger))


_PLATFORM = new_metadata()
_DATA_KEYS = _PLATFORM.tables["data_keys"]


class Database:
    """One service's Postgres: its connections, its sessions and its tenants' keys."""

    def __init__(self, url: str, master: Callable[[], MasterKey], *, pool_size: int = 8, overflow: int = 16) -> None:
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=overflow,
            pool_timeout=5,
            hide_parameters=True,  # they are personal data, and errors are logged
            connect_args={
                "timeout": 5,
                "command_timeout": 30,
                "server_settings": {"application_name": "careconnect"},
                "connection_class": _Connection,
            },
        )
        event.listen(self.engine.sync_engine, "checkin", _forget_words)
        self._master = master
        self._keys: dict[UUID, TenantKeys] = {}

    @asynccontextmanager
    async def read(self, actor: Actor, *, snapshot: bool = False) -> AsyncIterator[ReadSession]:
        """Open a reading transaction; with `snapshot`, all its statements see one moment."""
        async with ReadSession(self.engine, **self._shape(actor, "on")) as session:
            if snapshot:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @asynccontextmanager
    async def write(self, actor: Actor) -> AsyncIterator[WriteSession]:
        """Open a changing transaction: committed when the block ends well, rolled back when it does not."""
        # Loaded before the transaction: one that waits for a lock must not need a second connection to finish.
        await self.keys(actor.tenant_id)
        async with self._writing(actor) as session:
            yield session

    @asynccontextmanager
    async def _writing(self, actor: Actor) -> AsyncIterator[WriteSession]:
        async with WriteSession(self.engine, **self._shape(actor, "off")) as session:
            yield session
            await session.commit()

    async def keys(self, tenant_id: UUID) -> TenantKeys:
        """Give the tenant's keys; the first call for a new tenant makes its data key."""
        known = self._keys.get(tenant_id)
        if known is None:
            known = self._keys[tenant_id] = await self._load_keys(tenant_id)
        return known

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises what the driver raises."""
        async with self.engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    def _shape(self, actor: Actor, read_only: str) -> dict[str, Any]:
        info = {"actor": actor, "mode": read_only, "database": self, "events": [], "accesses": []}
        return {"expire_on_commit": False, "info": info, "sync_session_class": _TenantSession}

    async def _load_keys(self, tenant_id: UUID) -> TenantKeys:
        master = self._master()
        fresh = master.wrap(TenantKeys.fresh(), tenant_id)
        async with self._writing(Actor.system(tenant_id=tenant_id)) as session:
            wrapped = await session.scalar(sa.select(_DATA_KEYS.c.wrapped))
            if wrapped is None:
                offer = {"tenant_id": tenant_id, "wrapped": fresh, "created_at": clock.now()}
                await session.execute(insert(_DATA_KEYS).values(offer).on_conflict_do_nothing())
                wrapped = await session.scalar(sa.select(_DATA_KEYS.c.wrapped))
        if wrapped is None:
            message = "the tenant's data key was written and cannot be read: check row-level security on data_keys"
            raise RuntimeError(message)
        return TenantKeys(tenant_id, master.unwrap(wrapped, tenant_id))


async def _read(request: Request) -> AsyncIterator[ReadSession]:
    database: Database = request.app.state.database
    async with database.read(authenticate(request)) as session:
        yield session


async def _write(request: Request) -> AsyncIterator[WriteSession]:
    database: Database = request.app.state.database
    async with database.write(authenticate(request)) as session:
        yield session


# "function": the transaction ends before the answer leaves, so nobody is told of a change that was not committed.
Read = Annotated[ReadSession, Depends(_read, scope="function")]
Write = Annotated[WriteSession, Depends(_write, scope="function")]


@contextmanager
def objection(refusals: Mapping[str, type[Refusal] | Callable[[], Refusal]]) -> Iterator[None]:
    """Translate Postgres' objection, by the name of the constraint, into the refusal that it means.

    Raises:
        Refusal: as `refusals` says; an objection that it does not name is a bug and goes on as it is.
    """
    try:
        yield
    except IntegrityError as error:
        refusal = refusals.get(constraint(error) or "")
        if refusal is None:
            raise
        raise refusal() from error


def constraint(error: IntegrityError) -> str | None:
    """Tell which constraint objected."""
    name: str | None = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return name
