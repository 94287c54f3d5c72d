"""The `Idempotency-Key` header: the same key with the same body gives the same answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Header

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, Refusal
from careconnect.ids import derived_id, uuid7

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Chosen by the caller, such as a UUID. A repeat with the same body gets the same answer; "
        "with another body it is refused (`idempotency_conflict`).",
    ),
]


def minted(kind: str, actor: Actor, key: str | None) -> UUID:
    """Mint the id of a new record: from the caller's key, so that a repeat finds the record, or else a fresh one."""
    return derived_id(kind, actor.tenant_id, actor.id, key) if key else uuid7()


@contextmanager
def told_apart(known: type[Refusal]) -> Iterator[None]:
    """Tell a caller whose key belongs to another body so, where the service says it in its own word, `known`."""
    try:
        yield
    except known as refusal:
        raise IdempotencyConflict from refusal
