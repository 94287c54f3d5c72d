"""Whether a payment link was paid: looked up at its gateway, for who cannot wait until the gateway tells of it."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession
from services.payments import schemas
from services.payments.collection import events, links
from services.payments.collection.till import Till
from services.payments.errors import LinkNotFound
from services.payments.gateways.protocol import Event
from services.payments.models import PaymentLink


async def look(till: Till, link_id: UUID) -> schemas.PaymentLink:
    """Give the link as it stands; what was paid by it is taken in as by the gateway's own event, once.

    Raises:
        LinkNotFound: there is none.
        GatewayUnavailable, GatewayUnknown: the gateway does not say.
    """
    keys = await till.keys()
    async with till.read() as session:
        row = await _row(session, link_id)
    if row.paid_at is None and row.closed_at is None:
        charge = await (await till.gateway(row.gateway)).find(link_id)
        if charge and charge.status == "captured":
            event = Event(f"look_{link_id.hex}", "link.looked_at", till.actor.tenant_id, link_id)
            await events.take_in(till, row.gateway, event)
            async with till.read() as session:
                row = await _row(session, link_id)
    return links.shown(row, keys.open(row.url))


async def _row(session: ReadSession, link_id: UUID) -> PaymentLink:
    row: PaymentLink | None = await session.scalar(sa.select(PaymentLink).where(PaymentLink.id == link_id))
    if row is None:
        raise LinkNotFound
    return row
