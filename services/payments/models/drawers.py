from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import clock, db
from careconnect.money import Money
from services.payments import ledger
from services.payments.errors import DrawerClosed, DrawerDiffers, DrawerTooEmpty, DrawerUnclosed, wrong_currency
from services.payments.models.base import Base
from services.payments.schemas import DrawerClosing, DrawerWrite, MovementWrite


class CashDrawer(db.Tenanted, db.Versioned, Base):
    """The cash of one person during one shift at one location; a person has at most one open at a time.

    `opening` and `counted` are what was counted at either end, `expected` is what should have been there at the end:
    Postgres lets neither change afterwards, nor cash be taken into a drawer that is closed. Reason and note are sealed.
    """

    __tablename__ = "cash_drawers"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "id", "currency"),
        sa.Index(
            "uq_cash_drawers_open", "tenant_id", "person_id", unique=True, postgresql_where=sa.text("closed_at IS NULL")
        ),
        sa.Index(None, "tenant_id", "opened_at", "id"),
        sa.Index(None, "tenant_id", "person_id", "opened_at", "id"),
    )

    person_id: Mapped[UUID]
    location_id: Mapped[UUID]
    currency: Mapped[str]
    opening: Mapped[int]
    opening_count: Mapped[list[Any] | None] = mapped_column(JSONB)
    opened_at: Mapped[datetime]
    request_hash: Mapped[bytes]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    expected: Mapped[int | None]
    counted: Mapped[int | None]
    closing_count: Mapped[list[Any] | None] = mapped_column(JSONB)
    reason: Mapped[bytes | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    review_note: Mapped[bytes | None]

    @classmethod
    def open_for(cls, person_id: UUID, drawer_id: UUID, wanted: DrawerWrite) -> "CashDrawer":
        """Open a drawer with what was counted into it."""
        counted = wanted.opening.total
        return cls(
            id=drawer_id,
            person_id=person_id,
            location_id=wanted.location_id,
            currency=counted.currency,
            opening=counted.amount,
            opening_count=wanted.opening.kept(),
            opened_at=clock.now(),
            request_hash=wanted.fingerprint(),
        )

    def close(self, closer: UUID, wanted: DrawerClosing, expected: int, reason: bytes | None) -> list[ledger.Booking]:
        """Close it with what was counted; the difference, where there is one, is booked.

        Raises:
            DrawerClosed: it is closed.
            DrawerDiffers: what was counted is not what should be there, and nobody says why.
        """
        if self.closed_at:
            raise DrawerClosed
        counted = wanted.counted.total
        if counted.currency != self.currency:
            raise wrong_currency(self.currency, "counted")
        if counted.amount != expected and reason is None:
            raise DrawerDiffers(expected=expected, counted=counted.amount, difference=counted.amount - expected)
        self.closed_at, self.closed_by = clock.now(), closer
        self.expected, self.counted = expected, counted.amount
        self.closing_count, self.reason = wanted.counted.kept(), reason
        return [ledger.drawer_closed(self.id, self.currency, counted.amount - expected)]

    def review(self, reviewer: UUID, note: bytes | None) -> None:
        """Note that somebody looked at how it was closed; the last look counts.

        Raises:
            DrawerUnclosed: it is still open.
        """
        if not self.closed_at:
            raise DrawerUnclosed
        self.reviewed_at, self.reviewed_by, self.review_note = clock.now(), reviewer, note

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        said = {"person_id": str(self.person_id), "location_id": str(self.location_id), "currency": self.currency}
        return said | {"opening": self.opening, "expected": self.expected, "counted": self.counted}


class CashMovement(db.Tenanted, Base):
    """Cash that was put into a drawer (above zero) or taken out (below), and that no patient paid or got back.

    Append-only. The reason is sealed, since it is free text.
    """

    __tablename__ = "cash_movements"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["tenant_id", "drawer_id", "currency"],
            ["cash_drawers.tenant_id", "cash_drawers.id", "cash_drawers.currency"],
        ),
        sa.Index(None, "tenant_id", "drawer_id"),
    )

    drawer_id: Mapped[UUID]
    person_id: Mapped[UUID]
    kind: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int]
    reason: Mapped[bytes]
    request_hash: Mapped[bytes]

    @classmethod
    def of(
        cls, movement_id: UUID, drawer: CashDrawer, wanted: MovementWrite, *, there: int, by: UUID, reason: bytes
    ) -> "CashMovement":
        """Put cash in or take it out of a drawer in which `there` is now.

        Raises:
            DrawerClosed: it is closed.
            InvalidInput: the cash is of another currency.
            DrawerTooEmpty: more is to be taken out than should be there.
        """
        if drawer.closed_at:
            raise DrawerClosed
        if wanted.amount.currency != drawer.currency:
            raise wrong_currency(drawer.currency)
        amount = wanted.amount.amount * (1 if wanted.kind.puts_in else -1)
        if there + amount < 0:
            raise DrawerTooEmpty(expected=there)
        said = {"kind": wanted.kind.value, "currency": drawer.currency, "amount": amount}
        row = {"id": movement_id, "drawer_id": drawer.id, "person_id": by, "request_hash": wanted.fingerprint()}
        return cls(**row, **said, reason=reason)

    def booking(self) -> ledger.Booking:
        """Give its entry in the ledger."""
        return ledger.cash_moved(self.id, self.kind, Money(amount=self.amount, currency=self.currency))


class CashRule(Base):
    """Whether a tenant's cash is taken into open drawers only."""

    __tablename__ = "cash_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    drawer_needed: Mapped[bool]
