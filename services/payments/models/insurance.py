from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from careconnect.crypto import TenantKeys
from careconnect.money import Money
from services.payments.errors import CoverageNotValid, PayerRetired, wrong_currency
from services.payments.insurance import schemas
from services.payments.insurance.cover import Cover
from services.payments.models.base import Base, Word


class Payer(db.Tenanted, db.Versioned, Base):
    """Somebody who pays for patients. A retired one covers no new visits and still settles its claims."""

    __tablename__ = "payers"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "code"),)

    name: Mapped[str]
    code: Mapped[str]
    status: Mapped[schemas.PayerStatus] = mapped_column(Word(schemas.PayerStatus))

    @classmethod
    def enter(cls, payer_id: UUID, wanted: schemas.PayerWrite) -> "Payer":
        """Make one."""
        return cls(id=payer_id, name=wanted.name, code=wanted.code, status=wanted.status)

    def same_as(self, wanted: schemas.PayerWrite) -> bool:
        """Tell whether a repeat asks for what is here."""
        return (self.name, self.code, self.status) == (wanted.name, wanted.code, wanted.status)

    def change(self, wanted: schemas.PayerReplacement) -> None:
        """Replace all of it, from the version that was read."""
        self.expect(wanted.version)
        self.name, self.code, self.status = wanted.name, wanted.code, wanted.status

    def admit(self) -> None:
        """Let it cover something new.

        Raises:
            PayerRetired: it does not.
        """
        if self.status != schemas.PayerStatus.active:
            raise PayerRetired

    def shown(self) -> schemas.Payer:
        """Write it for the wire."""
        return schemas.Payer.model_validate(self, from_attributes=True)


class Coverage(db.Tenanted, db.Versioned, Base):
    """What a payer pays for a patient: a rate in basis points, or up to an amount per visit. The number is sealed."""

    __tablename__ = "coverages"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "payer_id"], ["payers.tenant_id", "payers.id"]),
        sa.Index(None, "tenant_id", "patient_id", "id"),
        sa.Index(None, "tenant_id", "payer_id"),
        sa.CheckConstraint("(rate IS NULL) <> (amount IS NULL)", name="ck_coverages_terms"),
    )

    patient_id: Mapped[UUID]
    payer_id: Mapped[UUID]
    policy_number: Mapped[bytes]
    rate: Mapped[int | None]
    amount: Mapped[int | None]
    currency: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    @classmethod
    def enter(cls, coverage_id: UUID, wanted: schemas.CoverageWrite, keys: TenantKeys) -> "Coverage":
        """Make one."""
        row = cls(id=coverage_id, patient_id=wanted.patient_id, payer_id=wanted.payer_id)
        row._say(wanted, keys)
        return row

    def _say(self, wanted: schemas.CoverageTerms, keys: TenantKeys) -> None:
        self.policy_number = keys.seal(wanted.policy_number)
        self.rate, self.amount = wanted.rate, wanted.amount.amount if wanted.amount else None
        self.currency = wanted.amount.currency if wanted.amount else None
        self.valid_from, self.valid_to = wanted.valid_from, wanted.valid_to

    def same_as(self, wanted: schemas.CoverageTerms, keys: TenantKeys) -> bool:
        """Tell whether a repeat asks for what is here."""
        return (
            keys.open(self.policy_number) == wanted.policy_number
            and (self.rate, self.valid_from, self.valid_to) == (wanted.rate, wanted.valid_from, wanted.valid_to)
            and self._money() == wanted.amount
        )

    def change(self, wanted: schemas.CoverageReplacement, keys: TenantKeys) -> None:
        """Replace its terms, from the version that was read; invoices keep theirs."""
        self.expect(wanted.version)
        self._say(wanted, keys)

    def covers(self, payer: Payer, day: date, currency: str) -> Cover:
        """Give what is paid of a visit on `day`.

        Raises:
            PayerRetired: the payer covers no new visits.
            CoverageNotValid: it begins later, or has ended.
            InvalidInput: it is an amount in another currency.
        """
        payer.admit()
        if not (self.valid_from or date.min) <= day <= (self.valid_to or date.max):
            raise CoverageNotValid
        if self.currency and self.currency != currency:
            raise wrong_currency(currency, "coverage_id")
        return Cover(rate=self.rate, fixed=self.amount)

    def shown(self, payer: Payer, keys: TenantKeys) -> schemas.Coverage:
        """Write it for the wire, with its number."""
        said: dict[str, Any] = {name: getattr(self, name) for name in ("id", "patient_id", "payer_id", "rate")}
        said |= {"valid_from": self.valid_from, "valid_to": self.valid_to, "version": self.version}
        said |= {"amount": self._money(), "payer_name": payer.name, "policy_number": keys.open(self.policy_number)}
        return schemas.Coverage.model_validate(said)

    def _money(self) -> Money | None:
        if self.amount is None or self.currency is None:
            return None
        return Money(amount=self.amount, currency=self.currency)
