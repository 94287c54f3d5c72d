"""Changes that are asked for again: the same key of the caller's gives the same answer, and another body none."""

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.ids import derived_id, uuid7


class Repeat(NamedTuple):
    """Which change is asked for, under which key of the caller's; without a key each asking is one of its own."""

    change: str = ""
    key: str | None = None

    def change_id(self, actor: Actor, record_id: UUID) -> UUID:
        """Give the id of the update of a process: the engine answers the same id with the same answer."""
        if self.key is None:
            return uuid7()
        return derived_id("change", actor.tenant_id, actor.id, record_id, self.change, self.key)


def fingerprint(asked: BaseModel, why: Mapping[str, str] | None = None) -> str:
    """Tell whether a repeated change is the same one, its reasons included."""
    said = asked.model_dump_json(exclude={"actor", "request_hash", "remark_ids"}) + json.dumps(
        why or {}, sort_keys=True
    )
    return hashlib.sha256(said.encode()).hexdigest()[:32]
