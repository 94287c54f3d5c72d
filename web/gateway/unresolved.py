"""Payments of which it is not known whether money is held or was taken: their processes insist, and people may."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from careconnect.auth import Actor
from services.payments.client import PaymentsClient
from services.payments.errors import PaymentNotFound
from services.payments.schemas import Payment
from web.gateway.engine import Engine
from workflows import ids
from workflows.payment import PaymentCapture

_MOST = 50


class Unresolved(NamedTuple):
    """One of them, since when, and what is written down of it."""

    payment_id: UUID
    since: datetime | None
    payment: Payment | None


class UnresolvedPayments:
    """Finds the processes that wait for a person, and has them ask the gateway again."""

    def __init__(self, engine: Engine, payments: PaymentsClient) -> None:
        self._engine = engine
        self._payments = payments

    async def waiting(self, actor: Actor) -> list[Unresolved]:
        """List them, the oldest first.

        Raises:
            EngineUnavailable: the engine does not answer.
        """
        found = []
        for process in await self._engine.flagged(actor, "PaymentCapture", _MOST):
            payment_id = UUID(process.id.removeprefix(ids.PAYMENT))
            found.append(Unresolved(payment_id, process.start_time, await self._known(actor, payment_id)))
        return sorted(found, key=lambda one: (one.since is None, one.since))

    async def _known(self, actor: Actor, payment_id: UUID) -> Payment | None:
        try:
            return await self._payments.get_payment(actor, payment_id)
        except PaymentNotFound:
            return None

    async def ask_again(self, actor: Actor, payment_id: UUID) -> str:
        """Have the gateway asked again now, and not when the process would; harmless where it has ended.

        Gives the id of the process.

        Raises:
            WorkflowNotFound: there is no such payment in the actor's organisation.
            EngineUnavailable: the engine does not answer.
        """
        process = ids.payment(payment_id)
        await self._engine.state(actor, process)
        await self._engine.nudge(process, PaymentCapture.ask_again.__name__)
        return process
