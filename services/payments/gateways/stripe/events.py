"""Stripe's events: what is signed, and which payment of ours it is about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from services.payments.errors import SignatureInvalid
from services.payments.gateways import signatures
from services.payments.gateways.protocol import Event
from services.payments.gateways.stripe import words


class _Data(BaseModel):
    object: dict[str, Any]


class _Envelope(BaseModel):
    id: str = Field(min_length=1, max_length=255)
    type: str = Field(min_length=1, max_length=255)
    data: _Data


def read(payload: bytes, signature: str, known: Sequence[bytes], now: datetime, tenant_id: UUID) -> Event:
    """Read an event that a secret of this tenant's signed.

    The SDK's own check refuses old signatures only; ours those from the future too, by the platform's clock, and takes
    two secrets while they are rolled over.

    Raises:
        SignatureInvalid: the signature does not hold, or what was signed is not an event.
    """
    signatures.check(known, payload, signature, now)
    try:
        said = _Envelope.model_validate_json(payload)
    except ValidationError as error:
        raise SignatureInvalid("The event is malformed.") from error
    return Event(said.id, said.type, tenant_id, _reference(said.data.object, tenant_id))


def _reference(thing: Mapping[str, Any], tenant_id: UUID) -> UUID | None:
    return words.reference_of(thing) if words.reference_of(thing, words.TENANT) == tenant_id else None
