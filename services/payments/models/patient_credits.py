from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base


class PatientCredit(Base):
    """What a patient has paid and does not owe for anything yet; Postgres keeps it from falling below nothing."""

    __tablename__ = "patient_credits"
    __table_args__ = (sa.CheckConstraint("balance >= 0", name="ck_patient_credits_balance"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    balance: Mapped[int]
