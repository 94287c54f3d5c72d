"""Whether a tenant's audit events are those that its checkpoints cover."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from careconnect.checkpoints import Digest, seal
from careconnect.crypto import TenantKeys


class Chain:
    """One tenant's checkpoints in one service; its events pass by once, in the order of their numbers."""

    def __init__(self, tenant_id: UUID, keys: TenantKeys | None, checkpoints: Sequence[Any]) -> None:
        self.tenant_id = tenant_id
        self.keys = keys
        self._left = list(reversed(checkpoints))
        self._before: Any = None
        self._digest = Digest()
        self._wrong: list[str] = []

    def pass_by(self, number: int, event_seal: bytes) -> None:
        """Take in the next event."""
        while self._left and self._left[-1]["up_to"] < number:
            self._compare()
        if self._left:
            self._digest.add(number, event_seal)

    def end(self) -> list[str]:
        """Compare what is left, and tell what does not fit."""
        while self._left:
            self._compare()
        return self._wrong

    def _compare(self) -> None:
        """Compare what has passed by since the checkpoint before with what the next one says of it."""
        made, before, passed = self._left.pop(), self._before, self._digest
        self._before, self._digest = made, Digest()
        whose = f"checkpoint {made['number']} of the audit of tenant {self.tenant_id}"
        expected = before["number"] + 1 if before else 1
        if made["number"] != expected:
            self._wrong.append(f"{whose} follows none with the number {expected}")
        elif passed.count != made["count"]:
            self._wrong.append(f"{whose} covers {made['count']} events, and {passed.count} are there")
        elif not self._fits(made, passed, before["seal"] if before else b""):
            self._wrong.append(f"{whose} does not fit its events: they were renumbered or exchanged")

    def _fits(self, made: Any, passed: Digest, before: bytes) -> bool:
        return self.keys is not None and seal(self.keys.audit_key, made, passed.value(), before) == made["seal"]
