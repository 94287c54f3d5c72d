"""The tenants' accounts at card gateways, and what is known of how those stand."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from careconnect.crypto import TenantKeys
from careconnect.ids import derived_id
from services.payments.models.base import Base
from services.payments.schemas import GatewayAccountWrite
from services.payments.states import GatewayKind

_KEPT_SECRETS = 2
"""How many webhook secrets are accepted: the one in use, and the one before it while the gateway rolls over."""


class GatewayAccount(db.Tenanted, db.Versioned, Base):
    """A tenant's account at a gateway; both secrets are sealed with the tenant's keys, at most one is active."""

    __tablename__ = "gateway_accounts"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "kind"),
        sa.Index("ix_gateway_accounts_active", "tenant_id", unique=True, postgresql_where=sa.text("active")),
    )

    kind: Mapped[GatewayKind]
    secret_key: Mapped[bytes | None]
    publishable_key: Mapped[str]
    webhook_secrets: Mapped[bytes | None]
    active: Mapped[bool]

    @classmethod
    def open(cls, tenant_id: UUID, kind: GatewayKind) -> "GatewayAccount":
        """Make an account without keys, which nothing goes through yet."""
        key = derived_id("gateway account", tenant_id, kind)
        return cls(tenant_id=tenant_id, id=key, kind=kind, publishable_key="", active=False, version=1)

    def change(self, wanted: GatewayAccountWrite, keys: TenantKeys) -> None:
        """Take over what is given; a secret that is left out stays. A webhook secret still accepts its predecessor."""
        if wanted.secret_key is not None:
            self.secret_key = keys.seal(wanted.secret_key.get_secret_value())
        if wanted.publishable_key is not None:
            self.publishable_key = wanted.publishable_key
        if wanted.webhook_secret is not None:
            given, known = wanted.webhook_secret.get_secret_value(), self.secrets(keys)
            kept = [given, *(one for one in known if one != given)][:_KEPT_SECRETS]
            self.webhook_secrets = keys.seal(kept)
        self.active = wanted.active

    def missing(self) -> list[str]:
        """Name what an account needs before it is used."""
        if not self.active or self.kind == GatewayKind.sandbox:
            return []
        known = {"secret_key": self.secret_key, "webhook_secret": self.webhook_secrets}
        return [name for name, value in known.items() if not value]

    def secrets(self, keys: TenantKeys) -> list[str]:
        """Open the webhook secrets, the one in use first."""
        known: list[str] = keys.open(self.webhook_secrets) if self.webhook_secrets else []
        return known

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without any key."""
        return {"kind": self.kind, "active": self.active, "has_secret_key": self.secret_key is not None}


class GatewayCall(Base):
    """One call to an outside gateway: written before it is sent, so that a lost answer is known to be one."""

    __tablename__ = "gateway_calls"
    __table_args__ = (sa.Index("ix_gateway_calls_reference", "tenant_id", "gateway", "reference"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[UUID]
    request_hash: Mapped[bytes]
    gateway_id: Mapped[str | None]
    sent_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class GatewayRoute(Base):
    """Which gateway a reference of ours goes through; see `services.payments.gateways.routes`."""

    __tablename__ = "gateway_routes"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str]
    chosen_at: Mapped[datetime]


class GatewayStanding(Base):
    """Whether calls to a gateway go through, as whoever called it last has said."""

    __tablename__ = "gateway_standings"
    __table_args__ = (sa.CheckConstraint("state IN ('closed', 'half_open', 'open')", name="state"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class WebhookRefusal(Base):
    """How many events of one UTC day were refused, since no secret of the tenant's had signed them."""

    __tablename__ = "webhook_refusals"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    refused: Mapped[int]
    last_at: Mapped[datetime]
