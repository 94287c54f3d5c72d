"""A whole instance, as far as verify looks at one, and the ways to damage it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError

from careconnect.config import Settings
from operations.verify.__main__ import verify
from operations.verify.finding import Verdict
from workflows import ids

_CONSTRAINT = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1"
_INDEX = "SELECT indexdef FROM pg_indexes WHERE indexname = $1"


@dataclass
class Instance:
    """An instance; `plant` writes behind the product's back."""

    settings: Settings
    superusers: dict[str, asyncpg.Connection]
    engine: Client
    _started: list[str] = field(default_factory=list)
    _undos: list[tuple[str, str]] = field(default_factory=list)

    async def plant(self, service: str, statement: str, *values: Any) -> None:
        """Write as the superuser, whom neither triggers nor row-level security stop."""
        await self.superusers[service].execute(statement, *values)

    async def disarm(self, service: str, statement: str, undo: str) -> None:
        """Take a law out of a schema, until the test ends; the rows are gone before `undo` runs."""
        await self.superusers[service].execute(statement)
        self._undos.append((service, undo))

    async def lift(self, service: str, table: str, name: str) -> None:
        """Take a constraint or a unique index out of a table, until the test ends; it comes back as it stood."""
        law = await self.ask(service, _CONSTRAINT, name)
        gone = f"ALTER TABLE {table} DROP CONSTRAINT {name}" if law else f"DROP INDEX {name}"
        back = f"ALTER TABLE {table} ADD CONSTRAINT {name} {law}" if law else await self.ask(service, _INDEX, name)
        await self.disarm(service, gone, f"TRUNCATE {table}; {back}")

    async def ask(self, service: str, question: str, *values: Any) -> Any:
        """Ask for one value."""
        return await self.superusers[service].fetchval(question, *values)

    async def law(self, number: int, patience: float = 0) -> Verdict:
        """Examine one law."""
        (verdict,) = await verify(self.settings, patience, {number})
        assert verdict.unreadable is None, verdict.unreadable
        return verdict

    async def violations(self, number: int) -> list[str]:
        """Give what is said against one law."""
        return (await self.law(number)).finding.violations

    async def start_workflow(self, appointment_id: UUID, tenant_id: UUID, *, attention: bool = False) -> None:
        """Start the workflow of an appointment; with no worker it stays as it is."""
        await self.start("AppointmentBooking", ids.appointment(appointment_id), tenant_id, attention=attention)

    async def start(self, workflow: str, name: str, tenant_id: UUID, *, attention: bool = False) -> None:
        """Start a workflow; with no worker it stays as it is."""
        attributes: list[SearchAttributePair[Any]] = [
            SearchAttributePair(ids.TENANT, str(tenant_id)),
            SearchAttributePair(ids.NEEDS_ATTENTION, attention),
        ]
        await self.engine.start_workflow(
            workflow,
            id=name,
            task_queue=ids.BOOKINGS,
            search_attributes=TypedSearchAttributes(attributes),
        )
        self._started.append(name)

    async def end_workflow(self, appointment_id: UUID) -> None:
        """End the workflow of an appointment."""
        await self.end(ids.appointment(appointment_id))

    async def end(self, name: str) -> None:
        """End a workflow."""
        await self.engine.get_workflow_handle(name).terminate()

    def keep_workflows(self) -> None:
        """Let those that were started so far run on when others are ended."""
        self._started.clear()

    async def end_workflows(self) -> None:
        """End all that were started; some have ended already."""
        for name in self._started:
            try:
                await self.engine.get_workflow_handle(name).terminate()
            except RPCError as error:
                assert "already completed" in str(error)  # noqa: PT017 - ended by the test itself
        self._started.clear()

    async def mend(self) -> None:
        """Bring the schemas back."""
        while self._undos:
            service, undo = self._undos.pop()
            await self.superusers[service].execute(undo)
