"""How gateways stand: what those who call them found, and what came in their name and was not theirs."""

from uuid import UUID

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.auth import Actor
from careconnect.db import Database, WriteSession
from services.payments.models import Base, GatewayStanding, WebhookRefusal
from services.payments.schemas import GatewayStandingWrite

EVENTS = Counter(
    "careconnect_gateway_events", "Events of gateways taken in, by what became of them", ["gateway", "outcome"]
)
REFUSED = Counter(
    "careconnect_gateway_events_refused", "Events refused, since their signature did not hold", ["gateway"]
)
_DATA_KEYS = Base.metadata.tables["data_keys"]


async def note(session: WriteSession, gateway: str, wanted: GatewayStandingWrite) -> None:
    """Keep how a gateway stands; the newest word counts, and `changed_at` is since when it says so."""
    said = {"state": wanted.state, "reason": wanted.reason, "retry_at": wanted.retry_at}
    row = insert(GatewayStanding).values(
        {"tenant_id": session.tenant_id, "gateway": gateway, "changed_at": clock.now()} | said
    )
    since = sa.case(
        (GatewayStanding.state == row.excluded.state, GatewayStanding.changed_at), else_=row.excluded.changed_at
    )
    await session.execute(
        row.on_conflict_do_update(index_elements=["tenant_id", "gateway"], set_=said | {"changed_at": since})
    )


async def refused(database: Database, gateway: str, tenant_id: UUID | None) -> None:
    """Count an event whose signature did not hold, and with the tenant that it named, if there is one.

    Anybody can call the address, so nothing is written for tenants that have never had anything to do with money, and
    one row a day for the others.
    """
    REFUSED.labels(gateway).inc()
    if tenant_id is None:
        return
    actor, moment = Actor.system(tenant_id=tenant_id), clock.now()
    async with database.read(actor) as session:
        if await session.scalar(sa.select(_DATA_KEYS.c.created_at)) is None:
            return
    row = {"tenant_id": tenant_id, "gateway": gateway, "day": moment.date(), "refused": 1, "last_at": moment}
    counted = (
        insert(WebhookRefusal)
        .values(row)
        .on_conflict_do_update(
            index_elements=["tenant_id", "gateway", "day"],
            set_={"refused": WebhookRefusal.refused + 1, "last_at": moment},
        )
    )
    async with database.write(actor) as session:
        await session.execute(counted)
