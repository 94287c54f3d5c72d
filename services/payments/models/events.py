from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from services.payments.models.base import Base


class WebhookEvent(db.Tenanted, Base):
    """One event of a gateway that was taken in; its unique key makes a second delivery harmless."""

    __tablename__ = "webhook_events"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "gateway", "event_id"),)

    gateway: Mapped[str]
    event_id: Mapped[str]
    type: Mapped[str]
    reference: Mapped[UUID]
    outcome: Mapped[str]
