from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import clock, db
from services.payments import ledger
from services.payments.errors import ClaimExceeded, ClaimState, NothingToClaim
from services.payments.insurance.schemas import ClaimStatus
from services.payments.models.base import Base, Word
from services.payments.models.invoices import Invoice


class Step(NamedTuple):
    """What a verb did to a claim: minor units that it is about, and what fell to whom."""

    kind: str
    amount: int
    rest: int = 0
    rest_to: str | None = None


class ClaimStep(db.Tenanted, Base):
    """What happened to a claim: append-only, its id is the caller's, its reason is sealed."""

    __tablename__ = "claim_steps"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "claim_id"], ["claims.tenant_id", "claims.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "batch_id"], ["claim_batches.tenant_id", "claim_batches.id"]),
        sa.Index(None, "tenant_id", "claim_id"),
        sa.Index(None, "tenant_id", "batch_id"),
    )

    claim_id: Mapped[UUID]
    batch_id: Mapped[UUID | None]
    kind: Mapped[str]
    amount: Mapped[int]
    rest: Mapped[int]
    rest_to: Mapped[str | None]
    reason: Mapped[bytes]
    by: Mapped[UUID]


class ClaimBatch(db.Tenanted, Base):
    """The claims that were submitted to a payer together; its file is sealed, and made once."""

    __tablename__ = "claim_batches"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "payer_id"], ["payers.tenant_id", "payers.id"]),
        sa.UniqueConstraint("tenant_id", "number"),
        sa.Index(None, "tenant_id", "payer_id", "number"),
    )

    number: Mapped[int]
    payer_id: Mapped[UUID]
    count: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str]
    by: Mapped[UUID]
    file: Mapped[bytes | None]


class Claim(db.Tenanted, db.Versioned, Base):
    """What is asked of a payer for one invoice, in minor units.

    `amount` is the payer's share when it was submitted, and follows the invoice until then. Of it, `paid` has come,
    `returned` fell back to the patient, and `written_off` nobody pays.
    """

    __tablename__ = "claims"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "payer_id"], ["payers.tenant_id", "payers.id"]),
        sa.UniqueConstraint("tenant_id", "invoice_id"),
        sa.Index(None, "tenant_id", "status", "payer_id", "created_at", "id"),
        sa.Index(None, "tenant_id", "payer_id", "created_at", "id"),
        sa.Index(None, "tenant_id", "patient_id", "created_at", "id"),
        sa.Index(None, "tenant_id", "created_at", "id"),
    )

    invoice_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    patient_id: Mapped[UUID]
    payer_id: Mapped[UUID]
    coverage_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int]
    accepted: Mapped[int | None]
    paid: Mapped[int]
    returned: Mapped[int]
    written_off: Mapped[int]
    status: Mapped[ClaimStatus] = mapped_column(Word(ClaimStatus))
    since: Mapped[datetime]

    @classmethod
    def draft(cls, claim_id: UUID, invoice: Invoice) -> "Claim":
        """Write down what the payer of an invoice is to be asked for.

        Raises:
            NothingToClaim: no payer has a share in it.
        """
        if not invoice.payer_due or invoice.payer_id is None or invoice.coverage_id is None:
            raise NothingToClaim
        return cls(
            id=claim_id,
            invoice_id=invoice.id,
            appointment_id=invoice.appointment_id,
            patient_id=invoice.patient_id,
            payer_id=invoice.payer_id,
            coverage_id=invoice.coverage_id,
            currency=invoice.currency,
            amount=invoice.covered,
            paid=0,
            returned=0,
            written_off=0,
            status=ClaimStatus.draft,
            since=clock.now(),
        )

    @property
    def left(self) -> int:
        """What the payer still owes."""
        over = self.status in {ClaimStatus.cancelled, ClaimStatus.rejected}
        return 0 if over else self.amount - self.paid - self.returned - self.written_off

    def submit(self, invoice: Invoice) -> Step:
        """Ask the payer; from now on the invoice keeps its shares.

        Raises:
            ClaimState: it is no draft.
        """
        self._expect(ClaimStatus.draft)
        invoice.claimed = True
        self._become(ClaimStatus.submitted)
        return Step("submitted", self.amount)

    def accept(self, invoice: Invoice, amount: int | None, rest_to: str) -> Step:
        """Note that the payer agreed, to `amount` or to all; the rest falls to the patient or is written off.

        Raises:
            ClaimState: it was not submitted, or was answered already.
            ClaimExceeded: `amount` is more than was claimed.
        """
        self._expect(ClaimStatus.submitted)
        if amount is not None and amount > self.amount:
            raise ClaimExceeded(left=self.amount)
        self.accepted = self.amount if amount is None else amount
        rest = self.amount - self.accepted
        self._let_go(invoice, rest, rest_to)
        self._become(ClaimStatus.accepted)
        return Step("accepted", self.accepted, rest, rest_to if rest else None)

    def reject(self, invoice: Invoice, rest_to: str) -> Step:
        """Note that the payer will not pay what is left; with `resubmit` it is a draft again.

        Raises:
            ClaimState: it was not submitted, or is settled; or part of it was accepted, and is not submitted again.
        """
        if rest_to == "resubmit":
            self._expect(ClaimStatus.submitted)
            invoice.claimed = False
            self._become(ClaimStatus.draft)
            return Step("rejected", self.amount, 0, rest_to)
        self._expect(ClaimStatus.submitted, ClaimStatus.accepted)
        rest = self.left
        self._let_go(invoice, rest, rest_to)
        self.accepted = self.paid
        self._become(ClaimStatus.paid if self.paid else ClaimStatus.rejected)
        return Step("rejected", rest, rest, rest_to)

    def pay(self, invoice: Invoice, amount: int | None) -> Step:
        """Count the payer's transfer; a claim that was only submitted is accepted by it.

        Raises:
            ClaimState: it was not submitted, or is settled.
            ClaimExceeded: it is more than is left.
        """
        self._expect(ClaimStatus.submitted, ClaimStatus.accepted)
        came = self.left if amount is None else amount
        if came > self.left:
            raise ClaimExceeded(left=self.left)
        self.accepted = self.amount if self.accepted is None else self.accepted
        self.paid += came
        invoice.payer_paid += came
        if self.status == ClaimStatus.submitted or not self.left:
            self._become(ClaimStatus.accepted if self.left else ClaimStatus.paid)
        return Step("paid", came)

    def _let_go(self, invoice: Invoice, rest: int, rest_to: str) -> None:
        if rest_to == "patient":
            self.returned += rest
            invoice.fall_back(rest)
        else:
            self.written_off += rest
            invoice.written_off += rest

    def _expect(self, *statuses: ClaimStatus) -> None:
        if self.status not in statuses:
            raise ClaimState(claim_status=self.status)

    def _become(self, status: ClaimStatus) -> None:
        self.status, self.since = status, clock.now()

    def booking(self, step_id: UUID, step: Step) -> list[ledger.Booking]:
        """Give the entries of what was done."""
        if step.kind == "paid":
            return [ledger.claim_paid(step_id, self.currency, step.amount)]
        if not step.rest:
            return []
        return [ledger.claim_let_go(step_id, self.currency, step.rest, to_patient=step.rest_to == "patient")]

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        said = {"invoice_id": str(self.invoice_id), "payer_id": str(self.payer_id), "status": self.status}
        amounts = {"amount": self.amount, "paid": self.paid, "returned": self.returned, "written_off": self.written_off}
        return said | {"currency": self.currency} | amounts
