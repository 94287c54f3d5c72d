"""What happened, by whom: audit events and domain events, written in the transaction of the change they tell of.

An audit event (FHIR AuditEvent) answers who did or read what, when and why. A domain event (outbox) tells the other
services. Neither holds personal data. The tables refuse UPDATE, DELETE and TRUNCATE, and each audit event carries an
HMAC over its content and over a mark of its own, so that one that was changed or copied behind the database's back is
found. Checkpoints (`careconnect.checkpoints`) tell when some were removed or renumbered.
"""

import hmac
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, MetaData, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

as_text = json.JSONEncoder(sort_keys=True).encode
"""Write an event's data as they are sealed. Made once: `json.dumps` would make an encoder for each event."""


def audit_table(metadata: MetaData) -> Table:
    """Define `audit_events` in a service's metadata."""
    return Table(
        "audit_events",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("actor_id", Uuid, nullable=False),
        Column("actor_kind", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("entity", Text, nullable=False),
        Column("entity_id", Uuid, nullable=False),
        Column("reason", Text),
        Column("data", JSONB, nullable=False),
        Column("request_id", Text),
        Column("seal", LargeBinary, nullable=False),
        Column("mark", Uuid),
        Index("ix_audit_events_entity", "tenant_id", "entity", "entity_id", "id"),
        Index("ix_audit_events_at", "tenant_id", "at", "id"),
        Index("uq_audit_events_mark", "tenant_id", "mark", unique=True, postgresql_where=text("mark IS NOT NULL")),
    )


def checkpoints_table(metadata: MetaData) -> Table:
    """Define `audit_checkpoints`: by tenant and number, how far the events were counted and sealed as a whole."""
    return Table(
        "audit_checkpoints",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("up_to", BigInteger, nullable=False),
        Column("seen", BigInteger, nullable=False),
        Column("count", BigInteger, nullable=False),
        Column("seal", LargeBinary, nullable=False),
    )


def outbox_table(metadata: MetaData) -> Table:
    """Define `outbox_events` in a service's metadata."""
    return Table(
        "outbox_events",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("entity", Text, nullable=False),
        Column("entity_id", Uuid, nullable=False),
        Column("data", JSONB, nullable=False),
        Index("ix_outbox_events_entity", "tenant_id", "entity", "entity_id", "id"),
    )


def data_keys_table(metadata: MetaData) -> Table:
    """Define `data_keys`: the tenants' data keys, wrapped by the master key."""
    return Table(
        "data_keys",
        metadata,
        Column("tenant_id", Uuid, primary_key=True),
        Column("wrapped", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
    )


def seal(key: bytes, row: dict[str, Any], data: str | None = None) -> bytes:
    """Compute the HMAC of an audit event over everything that it says; events of before had no `mark`.

    `data` is the row's, as `as_text` writes it, where that was done already.
    """
    said = [
        str(row["tenant_id"]),
        _instant(row["at"]),
        str(row["actor_id"]),
        row["actor_kind"],
        row["action"],
        row["entity"],
        str(row["entity_id"]),
        row["reason"],
        as_text(row["data"]) if data is None else data,
        row["request_id"],
    ]
    if row.get("mark") is not None:
        said.append(str(row["mark"]))
    return hmac.digest(key, json.dumps(said).encode(), "sha256")


def change(action: str, entity: str, entity_id: UUID, data: dict[str, Any], reason: str | None) -> dict[str, Any]:
    """Shape what one call of `record` says, before the session adds who, when and where."""
    return {"action": action, "entity": entity, "entity_id": entity_id, "data": data, "reason": reason}


def as_json(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shape rows for `jsonb_to_recordset`: ids and instants as text, the seal in hexadecimal."""
    return [
        row
        | {name: str(row[name]) for name in ("tenant_id", "actor_id", "entity_id", "mark")}
        | {"at": row["at"].isoformat(), "seal": row["seal"].hex()}
        for row in rows
    ]


def _instant(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"
