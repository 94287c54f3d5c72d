from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base


class EndedVisit(Base):
    """An appointment that took place, or will not any more: what is invoiced for it from then on is earned at once."""

    __tablename__ = "ended_visits"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(primary_key=True)
    took_place: Mapped[bool]
    ended_at: Mapped[datetime]
