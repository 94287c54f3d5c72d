"""Price lists, and the organisation's own policies about money."""

from datetime import date
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from careconnect.db import Tenanted, Versioned
from careconnect.money import Money
from services.consultants import schemas
from services.consultants.models.base import Base


class PriceListEntry(Base, Tenanted, Versioned):
    """One price that holds instead of the visit type's own; see `services.consultants.prices`."""

    __tablename__ = "price_list_entries"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_type_id"], ["visit_types.tenant_id", "visit_types.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "consultant_id"], ["consultants.tenant_id", "consultants.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("price >= 0", name="price"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.Index("ix_price_list_entries_visit_type", "tenant_id", "visit_type_id", "id"),
    )

    visit_type_id: Mapped[UUID]
    consultant_id: Mapped[UUID | None]
    location_id: Mapped[UUID | None]
    payer_id: Mapped[UUID | None]
    price: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    @classmethod
    def enter(cls, tenant_id: UUID, entry_id: UUID, wanted: schemas.PriceWrite) -> Self:
        """Write a new row of the price lists."""
        entry = cls(tenant_id=tenant_id, id=entry_id)
        entry.change(wanted)
        return entry

    def change(self, wanted: schemas.PriceWrite) -> None:
        """Replace what the row says; what is booked already keeps its price."""
        self.visit_type_id, self.consultant_id = wanted.visit_type_id, wanted.consultant_id
        self.location_id, self.payer_id = wanted.location_id, wanted.payer_id
        self.price, self.currency = wanted.price.amount, wanted.price.currency
        self.valid_from, self.valid_to = wanted.valid_from, wanted.valid_to

    def same_as(self, wanted: schemas.PriceWrite) -> bool:
        """Tell whether `wanted` says what is written here."""
        told = {name: getattr(wanted, name) for name in schemas.PriceWrite.model_fields}
        return schemas.PriceWrite(**told).model_dump() == self.shown().model_dump(exclude={"id", "version"})

    def shown(self) -> schemas.Price:
        """Give the row as the wire shows it."""
        return schemas.Price(
            id=self.id,
            visit_type_id=self.visit_type_id,
            consultant_id=self.consultant_id,
            location_id=self.location_id,
            payer_id=self.payer_id,
            price=Money(amount=self.price, currency=self.currency),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            version=self.version,
        )


class MoneyPolicies(Base, Tenanted, Versioned):
    """The organisation's own policies; its one row has the tenant's id."""

    __tablename__ = "money_policies"

    payment: Mapped[dict[str, Any]]
    dunning_days: Mapped[list[int]] = mapped_column(ARRAY(sa.Integer))

    def change(self, wanted: schemas.MoneyPolicyWrite) -> None:
        """Replace them; what is booked already keeps its own."""
        self.payment = wanted.payment.model_dump(mode="json")
        self.dunning_days = sorted(set(wanted.dunning_days))

    def shown(self) -> schemas.MoneyPolicy:
        """Give them as the wire shows them."""
        return schemas.MoneyPolicy(
            payment=schemas.PaymentPolicy.model_validate(self.payment),
            dunning_days=self.dunning_days,
            version=self.version,
        )
