"""A circuit breaker per tenant and gateway: who does not answer is left alone for a while, and everybody is told so.

Each worker process counts for itself. What it finds is noted with the tenant's gateway, for people, and as a metric.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from prometheus_client import Gauge
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import Context, OpenedState

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Refusal, Unavailable
from services.payments.client import PaymentsClient
from services.payments.errors import GatewayHeldOff, GatewayKeysRefused, GatewayUnavailable, GatewayUnknown
from services.payments.schemas import GatewayStandingWrite
from services.payments.schemas.gateways import BreakerState

R = TypeVar("R")
log = structlog.get_logger()
FAULTS = (GatewayUnavailable, GatewayUnknown, GatewayKeysRefused)
"""What says that a gateway does not work. A declined card says that it does; our own service's faults say nothing."""
THRESHOLD = 3
"""Faults in a row after which a gateway is left alone."""
REST = timedelta(seconds=30)
"""For how long; after that one success lets everybody through again, and one fault starts the next rest."""
_LIFE = timedelta(seconds=30)
_LATELY = timedelta(minutes=15)
_WORDS: dict[str, BreakerState] = {"closed": "closed", "opened": "open", "half-opened": "half_open"}
Standing = tuple[str, float | None]
HELD_OFF = Gauge("careconnect_gateway_held_off", "1 while a gateway is left alone", ["tenant", "gateway"])


def held_off() -> list[str]:
    """Name the gateways that this process leaves alone at the moment, each with its tenant."""
    samples = next(iter(HELD_OFF.collect())).samples
    return sorted(f"{one.labels['gateway']} of {one.labels['tenant']}" for one in samples if one.value)


class Breakers:
    """The circuit breakers of one process."""

    def __init__(self, payments: PaymentsClient, faults: int = THRESHOLD) -> None:
        self._payments = payments
        self._factory = AsyncCircuitBreakerFactory(default_threshold=faults, default_ttl=REST.total_seconds())
        self._gateways: dict[UUID, tuple[datetime, str]] = {}
        self._trouble: dict[UUID, datetime] = {}

    async def call(self, tenant_id: UUID, step: Callable[[], Awaitable[R]], gateway: str | None = None) -> R:
        """Take a step that ends at the tenant's gateway (or at `gateway`), unless that is left alone.

        Raises:
            GatewayHeldOff: it is; the step was not taken, and `retry_after` says when it will be.
        """
        gateway = gateway or await self._used_by(tenant_id)
        context = (await self._factory.get_breaker(f"{tenant_id} {gateway}")).context
        before = (context.state, context.opened_at)
        try:
            context.handle_new_request()
        except OpenedState as opened:
            left = opened.opened_at + REST.total_seconds() - clock.now().timestamp()
            raise GatewayHeldOff(retry_after=max(1, math.ceil(left))) from None
        try:
            found = await step()
        except FAULTS as fault:
            context.handle_exception(fault)
            self._trouble[tenant_id] = clock.now()
            await self._tell(tenant_id, gateway, context, before, fault.code)
            raise
        except (Unavailable, asyncio.CancelledError):
            raise
        except Refusal:
            context.handle_end_request()
            await self._tell(tenant_id, gateway, context, before)
            raise
        context.handle_end_request()
        await self._tell(tenant_id, gateway, context, before)
        return found

    def saw_trouble(self, tenant_id: UUID) -> bool:
        """Tell whether a gateway of the tenant did not answer lately, as far as this process knows."""
        last = self._trouble.get(tenant_id)
        return last is not None and clock.now() - last < _LATELY

    async def _used_by(self, tenant_id: UUID) -> str:
        known = self._gateways.get(tenant_id)
        if known is None or clock.now() - known[0] > _LIFE:
            reader = Actor.system("payments:read", tenant_id=tenant_id)
            found = next(one.kind for one in await self._payments.gateway_accounts(reader) if one.active)
            known = self._gateways[tenant_id] = (clock.now(), found)
        return known[1]

    async def _tell(
        self, tenant_id: UUID, gateway: str, context: Context, before: Standing, reason: str | None = None
    ) -> None:
        """Note a change of state where people and machines look; that it cannot be noted stops no payment."""
        context.messages.clear()
        if (context.state, context.opened_at) == before:
            return
        is_open = context.state == "opened"
        HELD_OFF.labels(str(tenant_id), gateway).set(is_open)
        since = datetime.fromtimestamp(context.opened_at, UTC) if is_open and context.opened_at else None
        wanted = GatewayStandingWrite(
            state=_WORDS[context.state], reason=reason if is_open else None, retry_at=since + REST if since else None
        )
        log.warning("gateway_standing", gateway=gateway, state=wanted.state, reason=wanted.reason)
        try:
            await self._payments.note_standing(Actor.system("payments:write", tenant_id=tenant_id), gateway, wanted)
        except Refusal as refusal:
            log.warning("standing_not_noted", gateway=gateway, code=refusal.code)
