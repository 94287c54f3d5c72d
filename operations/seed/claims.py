"""Who is insured, and what became of the payer's share of their visits, in the words of the payments service.

Payers and coverages are entered through the service; claims are rows, with their steps and entries at their times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.crypto import TenantKeys
from careconnect.ids import derived_id
from operations.seed.bulk import Event
from operations.seed.people import Patient
from operations.seed.team import Hands
from services.payments import ledger
from services.payments.insurance.client import InsuranceClient
from services.payments.insurance.cover import Cover
from services.payments.insurance.schemas import ClaimStatus, CoverageWrite, PayerWrite
from workflows import ids

if TYPE_CHECKING:
    from operations.seed.money import Account

_PAYERS = (
    ("Lanka Health Insurance", "LHI", 8000),
    ("Ceylon Care Mutual", "CCM", 6500),
    ("Harbour Workers' Scheme", "HWS", 10_000),
)
_ONE_IN = 6
_SCOPES = frozenset({"payments:read", "payments:write", "insurance:write"})
_STORIES = (
    ("submitted",),
    ("submitted", "accepted", "paid"),
    ("submitted", "accepted"),
    ("submitted", "accepted", "paid"),
    ("submitted", "rejected"),
    (),
)
"""What becomes of claims, in turns; a step whose time has not come has not happened."""
_AFTER = {"submitted": timedelta(days=2), "accepted": timedelta(days=6), "paid": timedelta(days=12)}
_AFTER["rejected"] = timedelta(days=7)
_REFUSED = "The policy does not cover this treatment"


@dataclass(frozen=True, slots=True)
class Insured:
    """By whom a patient is covered, and how much of each visit."""

    coverage_id: UUID
    payer_id: UUID
    rate: int

    @property
    def cover(self) -> Cover:
        """The terms."""
        return Cover(rate=self.rate)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a claim."""

    id: UUID
    kind: str
    at: datetime


def insured(patient: Patient) -> Insured | None:
    """Tell by whom a patient is covered; most are by nobody."""
    turn, place = divmod(patient.id.int, _ONE_IN)
    if place:
        return None
    _, code, rate = _PAYERS[turn % len(_PAYERS)]
    return Insured(derived_id("seed coverage", patient.id), _payer(code), rate)


def _payer(code: str) -> UUID:
    return derived_id("seed payer", code)


async def cover(insurance: InsuranceClient, tenant_id: UUID, people: Sequence[Patient]) -> int:
    """Enter the payers and the coverages, or find them entered; tell how many patients are covered."""
    actor = Actor.system(*_SCOPES, tenant_id=tenant_id)
    for name, code, _ in _PAYERS:
        await insurance.enter_payer(actor, _payer(code), PayerWrite(name=name, code=code))
    count = 0
    for patient in people:
        found = insured(patient)
        if found:
            number = f"{found.payer_id.hex[:4].upper()}/{patient.number:05}"
            wanted = CoverageWrite(
                patient_id=patient.id, payer_id=found.payer_id, policy_number=number, rate=found.rate
            )
            await insurance.enter_coverage(actor, found.coverage_id, wanted)
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Story:
    """The claim for the invoice of one visit, as it stands."""

    books: "Account"
    drafted_at: datetime
    steps: tuple[Step, ...]

    @property
    def id(self) -> UUID:
        """The claim's key."""
        return ids.claim_of(self.books.id)

    @property
    def status(self) -> ClaimStatus:
        """Where it stands."""
        return ClaimStatus(self.steps[-1].kind) if self.steps else ClaimStatus.draft

    @property
    def paid(self) -> int:
        """What the payer has paid."""
        return self.books.covered if self.status == ClaimStatus.paid else 0

    @property
    def written_off(self) -> int:
        """What the payer has refused and the clinic has let go."""
        return self.books.covered if self.status == ClaimStatus.rejected else 0

    def bookings(self) -> Iterator[tuple[datetime, ledger.Booking]]:
        """Give the entries of the ledger, each with its time."""
        amount, currency = self.books.covered, self.books.currency
        for step in self.steps:
            if step.kind == "paid":
                yield step.at, ledger.claim_paid(step.id, currency, amount)
            elif step.kind == "rejected":
                yield step.at, ledger.claim_let_go(step.id, currency, amount, to_patient=False)

    def events(self, hands: Hands) -> Iterator[Event]:
        """Tell what the service would have told."""
        yield self._event(self.drafted_at, hands.process, "drafted", "draft")
        for step in self.steps:
            yield self._event(step.at, hands.billing, step.kind, step.kind)

    def _event(self, at: datetime, actor: Actor, verb: str, status: str) -> Event:
        said = {"invoice_id": str(self.books.id), "status": status, "currency": self.books.currency}
        return Event(at, actor, f"claim.{verb}", "claim", self.id, said | {"amount": self.books.covered})

    def row(self) -> dict[str, Any]:
        """Give the claim's row."""
        books, by = self.books, self.books.insured
        assert by is not None  # noqa: S101 - who is not insured has no claim
        last = self.steps[-1].at if self.steps else self.drafted_at
        answered = self.status in {ClaimStatus.accepted, ClaimStatus.paid}
        return {
            "id": self.id,
            "invoice_id": books.id,
            "appointment_id": books.visit.id,
            "patient_id": books.visit.entry.patient.id,
            "payer_id": by.payer_id,
            "coverage_id": by.coverage_id,
            "currency": books.currency,
            "amount": books.covered,
            "accepted": books.covered if answered else (0 if self.written_off else None),
            "paid": self.paid,
            "returned": 0,
            "written_off": self.written_off,
            "status": self.status.value,
            "since": last,
            "created_at": self.drafted_at,
            "updated_at": last,
            "version": 1 + len(self.steps),
        }

    def step_rows(self, hands: Hands, keys: TenantKeys) -> Iterator[dict[str, Any]]:
        """Give the rows of its steps."""
        for step in self.steps:
            refused = step.kind == "rejected"
            yield {
                "id": step.id,
                "claim_id": self.id,
                "batch_id": None,
                "kind": step.kind,
                "amount": self.books.covered,
                "rest": self.books.covered if refused else 0,
                "rest_to": "write_off" if refused else None,
                "reason": keys.seal(_REFUSED if refused else ""),
                "by": hands.billing.id,
                "created_at": step.at,
                "updated_at": step.at,
            }


def story(books: "Account", moment: datetime) -> Story | None:
    """Tell what has become of the payer's share of a visit until `moment`; None where there is none."""
    if not books.covered:
        return None
    drafted_at, key = books.visit.since, ids.claim_of(books.id)
    kinds = _STORIES[key.int % len(_STORIES)]
    times = [(kind, drafted_at + _AFTER[kind]) for kind in kinds]
    steps = tuple(Step(derived_id("seed claim", key, kind), kind, at) for kind, at in times if at <= moment)
    return Story(books, drafted_at, steps)
