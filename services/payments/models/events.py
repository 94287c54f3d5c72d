from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from services.payments.models.base import Base


class WebhookEvent(db.Tenanted, Base):
    """One event of a gateway that was taken in; its unique key makes a second delivery harmless.

    `accepted` is one whose effect could not be found out yet. `follow_up` names what is to come of its effect, in
    another transaction: `return` the money, since it came too late.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "gateway", "event_id"),
        sa.Index(None, "tenant_id", "created_at"),
        sa.Index(
            "ix_webhook_events_unfinished",
            "tenant_id",
            "created_at",
            postgresql_where=sa.text("outcome = 'accepted' OR follow_up IS NOT NULL"),
        ),
    )

    gateway: Mapped[str]
    event_id: Mapped[str]
    type: Mapped[str]
    reference: Mapped[UUID | None]
    outcome: Mapped[str]
    follow_up: Mapped[str | None]
