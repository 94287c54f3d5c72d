"""The money check as the edge sees it: asked for, read, and its orphans dismissed."""

from uuid import UUID

from careconnect.auth import Actor
from services.payments.client import PaymentsClient
from services.payments.schemas import MoneyChecks, Orphan, RemedyWrite
from web.gateway.engine import Engine, attributes
from workflows import ids
from workflows.contracts import MoneyCheckRequest
from workflows.money_check import MoneyCheck


class MoneyCheckProcess:
    """Starts money checks, one at a time for an organisation."""

    def __init__(self, engine: Engine, payments: PaymentsClient) -> None:
        self._engine = engine
        self._payments = payments

    async def begin(self, actor: Actor) -> str:
        """Have the money checked now, and name the process; one that runs already is that process."""
        workflow_id = ids.money_check(actor.tenant_id)
        request = MoneyCheckRequest(tenant_id=actor.tenant_id, cause="request")
        await self._engine.start(
            MoneyCheck.run, request, workflow_id, attributes=attributes(actor), summary="Money check, asked for"
        )
        return workflow_id

    async def newest(self, actor: Actor) -> MoneyChecks:
        """Read the newest check that has ended, and the one that runs."""
        return await self._payments.money_checks(actor)

    async def waiting(self, actor: Actor, limit: int = 50) -> list[Orphan]:
        """List the orphans that wait for a person, the newest first."""
        return (await self._payments.orphans(actor, limit=limit)).items

    async def remedy(self, actor: Actor, orphan_id: UUID, wanted: RemedyWrite) -> Orphan:
        """Do something about an orphan; a repeat is harmless."""
        return await self._payments.remedy_orphan(actor, orphan_id, wanted)

    async def dismiss(self, actor: Actor, orphan_id: UUID, reason: str) -> Orphan:
        """Take an orphan from Attention as it is."""
        return await self._payments.dismiss_orphan(actor, orphan_id, reason)
