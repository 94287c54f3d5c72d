"""The tenants' accounts at card gateways: read for every payment, changed by who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from careconnect import clock
from careconnect.auth import Actor
from careconnect.db import Database, ReadSession, WriteSession
from careconnect.errors import FieldError
from services.payments.errors import GatewayKeysMissing
from services.payments.models import GatewayAccount, GatewayStanding, WebhookEvent, WebhookRefusal
from services.payments.schemas import GatewayAccountWrite
from services.payments.states import GatewayKind

_LIFE = timedelta(seconds=10)
"""How long another process may still use an account as it was before a change."""
_REMEMBERED = 4096


@dataclass(frozen=True)
class Access:
    """What it takes to speak with a gateway as one tenant: the keys, opened."""

    kind: GatewayKind
    secret_key: str
    webhook_secrets: tuple[str, ...]
    active: bool
    version: int


class Accounts:
    """Reads the accounts, and remembers them for a moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[datetime, dict[GatewayKind, Access]]] = {}

    async def of(self, actor: Actor) -> dict[GatewayKind, Access]:
        """Give the tenant's accounts, with their keys."""
        read_at, found = self._known.get(actor.tenant_id, (None, {}))
        if read_at is None or clock.now() - read_at > _LIFE:
            found = await self._read(actor)
            self._known[actor.tenant_id] = (clock.now(), found)
            if len(self._known) > _REMEMBERED:
                self._known.pop(next(iter(self._known)))
        return found

    def forget(self, tenant_id: UUID) -> None:
        """Read the tenant's accounts anew the next time."""
        self._known.pop(tenant_id, None)

    async def _read(self, actor: Actor) -> dict[GatewayKind, Access]:
        async with self._database.read(actor) as session:
            rows = (await session.scalars(sa.select(GatewayAccount))).all()
        if not rows:
            return {}  # the tenant may not even exist: an address that anybody can call names it
        keys = await self._database.keys(actor.tenant_id)
        return {
            row.kind: Access(
                kind=row.kind,
                secret_key=keys.open(row.secret_key) if row.secret_key else "",
                webhook_secrets=tuple(row.secrets(keys)),
                active=row.active,
                version=row.version,
            )
            for row in rows
        }


async def change(session: WriteSession, kind: GatewayKind, wanted: GatewayAccountWrite) -> GatewayAccount:
    """Set the tenant's account at `kind`; an active one takes the place of the other.

    Raises:
        VersionConflict: it was changed since it was read.
        GatewayKeysMissing: it is to be used, and has no keys.
    """
    keys = await session.tenant_keys()
    rows = {row.kind: row for row in await session.scalars(sa.select(GatewayAccount).with_for_update())}
    row = rows.get(kind) or GatewayAccount.open(session.tenant_id, kind)
    row.expect(wanted.version)
    if wanted.active:
        for other in rows.values():
            other.active = other is row and other.active
        await session.flush()  # only one may be active at any moment
    row.change(wanted, keys)
    if missing := row.missing():
        wrong = [FieldError(field=name, code="required", message="Set it.") for name in missing]
        raise GatewayKeysMissing(errors=wrong)
    session.add(row)
    await session.flush()
    session.record("gateway_account.changed", "gateway_account", row.id, data=row.facts() | _touched(wanted))
    return row


def _touched(wanted: GatewayAccountWrite) -> dict[str, bool]:
    return {f"new_{name}": getattr(wanted, name) is not None for name in ("secret_key", "webhook_secret")}


@dataclass(frozen=True)
class Overview:
    """What is known of one tenant's gateways, for people."""

    accounts: Sequence[GatewayAccount]
    standings: dict[str, GatewayStanding]
    events: dict[str, int]
    refused: dict[str, int]


async def overview(session: ReadSession) -> Overview:
    """Read how the tenant's gateways stand, and how many events of today came and were refused."""
    midnight = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    came = sa.select(WebhookEvent.gateway, sa.func.count()).where(WebhookEvent.created_at >= midnight)
    bad = sa.select(WebhookRefusal.gateway, WebhookRefusal.refused).where(WebhookRefusal.day == midnight.date())
    return Overview(
        accounts=(await session.scalars(sa.select(GatewayAccount))).all(),
        standings={row.gateway: row for row in await session.scalars(sa.select(GatewayStanding))},
        events={row[0]: row[1] for row in await session.execute(came.group_by(WebhookEvent.gateway))},
        refused={row[0]: row[1] for row in await session.execute(bad)},
    )
