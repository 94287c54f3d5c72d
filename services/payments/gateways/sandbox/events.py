"""The sandbox gateway's events: how they are written and signed, and which still wait to be delivered."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field, ValidationError

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from services.payments.errors import SignatureInvalid
from services.payments.gateways import signatures
from services.payments.gateways.protocol import Event
from services.payments.models import SandboxEvent


class _Data(BaseModel):
    reference: UUID


class _Envelope(BaseModel):
    """What is in the body of an event; `account` is the tenant."""

    id: str = Field(min_length=1, max_length=255)
    type: str = Field(min_length=1, max_length=255)
    account: UUID
    created: int
    data: _Data


def secrets(master_keys: Sequence[str]) -> list[bytes]:
    """Derive the signing secrets that the gateway and we share, the one in use first."""
    return [hmac.digest(key.encode(), b"sandbox gateway events", hashlib.sha256) for key in master_keys]


def body(row: SandboxEvent) -> bytes:
    """Write an event; it tells what to look at and holds nothing of the payment itself."""
    data = {"reference": str(row.reference)}
    said = {"id": f"evt_{row.id.hex}", "type": row.type, "account": str(row.tenant_id), "data": data}
    return json.dumps(said | {"created": int(row.created_at.timestamp())}).encode()


def read(payload: bytes, signature: str, known: Sequence[bytes], now: datetime) -> Event:
    """Read an event whose signature holds.

    Raises:
        SignatureInvalid: it does not, or what was signed is not an event.
    """
    signatures.check(known, payload, signature, now)
    try:
        said = _Envelope.model_validate_json(payload)
    except ValidationError as error:
        raise SignatureInvalid("The event is malformed.") from error
    return Event(said.id, said.type, said.account, said.data.reference)


async def waiting(session: ReadSession, limit: int) -> Sequence[SandboxEvent]:
    """Read the events that were not yet delivered, oldest first."""
    statement = sa.select(SandboxEvent).where(SandboxEvent.delivered_at.is_(None))
    return (await session.scalars(statement.order_by(SandboxEvent.created_at, SandboxEvent.id).limit(limit))).all()


async def delivered(session: WriteSession, events: Sequence[UUID]) -> None:
    """Note that events were taken in."""
    await session.execute(sa.update(SandboxEvent).where(SandboxEvent.id.in_(events)).values(delivered_at=clock.now()))
