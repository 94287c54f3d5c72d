from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from services.payments.models.base import Base


class KeptCard(db.Tenanted, Base):
    """A card that the gateway keeps for a later charge; here is what the gateway calls it, sealed, and no number."""

    __tablename__ = "kept_cards"
    __table_args__ = (sa.Index(None, "tenant_id", "patient_id"),)

    patient_id: Mapped[UUID]
    gateway: Mapped[str]
    name: Mapped[bytes | None]
    request_hash: Mapped[bytes]
    forgotten_at: Mapped[datetime | None]

    def forget(self) -> bool:
        """Charge it no more; false if it was forgotten before."""
        changed = self.forgotten_at is None
        self.name, self.forgotten_at = None, self.forgotten_at or clock.now()
        return changed
