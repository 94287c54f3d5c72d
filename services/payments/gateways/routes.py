"""Which gateway a payment, a kept card or a link goes through: chosen before anything is sent, and never again.

Were it chosen at each call, a call whose answer was lost would be repeated at another gateway once the tenant has
changed its account, and charge twice.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession, table_of
from services.payments.models import GatewayRoute

_ROUTES = table_of(GatewayRoute)
_CHOOSE = insert(_ROUTES).on_conflict_do_nothing().returning(_ROUTES.c.gateway)


async def choose(session: WriteSession, reference: UUID, gateway: str) -> str:
    """Write down that `reference` goes through `gateway`, unless it was chosen before; give the one that counts."""
    row = {"tenant_id": session.tenant_id, "reference": reference, "gateway": gateway, "chosen_at": clock.now()}
    return await session.scalar(_CHOOSE, row) or await chosen(session, reference) or gateway


async def chosen(session: ReadSession, reference: UUID) -> str | None:
    """Read which gateway `reference` goes through; None if nothing was ever to be sent under it."""
    found: str | None = await session.scalar(sa.select(GatewayRoute.gateway).where(GatewayRoute.reference == reference))
    return found
