"""Payers, coverages, claims and batches of claims, on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from careconnect.money import Money
from services.payments.schemas import Input, PositiveMoney

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9-]{2,20}$")]
PolicyNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Version = Annotated[int, Field(ge=1)]


class PayerStatus(StrEnum):
    """Whether new visits are covered by a payer."""

    active = "active"
    retired = "retired"


class PayerWrite(Input):
    """An insurer, an employer, or a public scheme that pays for patients; `code` is its own within the organisation."""

    name: Words = Field(examples=["Lanka Health Insurance"])
    code: Code = Field(examples=["LHI"])
    status: PayerStatus = PayerStatus.active


class PayerReplacement(PayerWrite):
    """All of a payer anew."""

    version: Version | None = None


class Payer(BaseModel):
    """Somebody who pays for patients (FHIR Organization)."""

    id: UUID
    name: str
    code: str
    status: PayerStatus
    version: int


class CoverageTerms(Input):
    """What a payer pays for a patient: `rate` of each visit in basis points, or up to `amount` per visit; from, to."""

    policy_number: PolicyNumber
    rate: int | None = Field(None, ge=1, le=10_000, description="basis points of the visit's price: 8,000 are 80 %")
    amount: PositiveMoney | None = Field(None, description="at most so much of each visit")
    valid_from: date | None = None
    valid_to: date | None = Field(None, description="the last day of visits that are covered")

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if (self.rate is None) == (self.amount is None):
            message = "give either rate or amount"
            raise ValueError(message)
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            message = "valid_to is not before valid_from"
            raise ValueError(message)
        return self


class CoverageCreate(CoverageTerms):
    """A coverage of a patient who is named elsewhere."""

    payer_id: UUID


class CoverageWrite(CoverageCreate):
    """A patient's coverage by a payer."""

    patient_id: UUID


class CoverageReplacement(CoverageTerms):
    """The terms of a coverage anew; invoices keep the terms with which they were issued."""

    version: Version | None = None


class Coverage(BaseModel):
    """What a payer pays for a patient (FHIR Coverage)."""

    id: UUID
    patient_id: UUID
    payer_id: UUID
    payer_name: str
    policy_number: str
    rate: int | None
    amount: Money | None
    valid_from: date | None
    valid_to: date | None
    version: int

    def holds(self, day: date) -> bool:
        """Tell whether visits on `day` are covered."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


class ShareAsk(Input):
    """Asks who pays what of a visit: `total` is its price with taxes, `day` its local day."""

    patient_id: UUID
    total: Money
    day: date


class Share(BaseModel):
    """Who pays what; the two shares add up to what was asked about."""

    coverage_id: UUID
    payer_id: UUID
    payer_name: str
    payer: Money
    patient: Money


class AuthorisationWrite(Input):
    """The number under which a payer agreed to pay for a visit; without one, that it gave none."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] = ""


class ClaimStatus(StrEnum):
    """Where a claim stands; `cancelled` is a draft whose invoice is owed no more, or by the patient alone."""

    draft = "draft"
    submitted = "submitted"
    accepted = "accepted"
    rejected = "rejected"
    paid = "paid"
    cancelled = "cancelled"


Rest = Literal["patient", "write_off"]
"""Who bears what a payer does not pay: the patient, or the clinic."""


class ClaimWrite(Input):
    """Claim the payer's share of an invoice."""

    invoice_id: UUID


class Submission(Input):
    """The payer was asked."""

    version: Version | None = None


class Acceptance(Input):
    """The payer agreed, to all of it or to `amount`; `rest` says who bears what it does not accept, `reason` why."""

    amount: PositiveMoney | None = None
    rest: Rest = "patient"
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    version: Version | None = None


class Rejection(Input):
    """The payer will not pay, or not the rest; `resubmit` makes it a draft again, to be put right and sent."""

    reason: Reason
    rest: Rest | Literal["resubmit"] = "patient"
    version: Version | None = None


class PayerPayment(Input):
    """The payer's transfer has come, for all that is left of the claim or for `amount` of it."""

    amount: PositiveMoney | None = None
    version: Version | None = None


class ClaimStep(BaseModel):
    """What happened to a claim, by whom and when; the reason is the payer's, or ours for letting go."""

    id: UUID
    kind: Literal["submitted", "accepted", "rejected", "paid"]
    amount: Money
    rest: Money | None
    rest_to: str | None
    reason: str
    batch_id: UUID | None
    by: UUID
    at: datetime


class Claim(BaseModel):
    """What is asked of a payer for one invoice (FHIR Claim and ClaimResponse).

    Of `amount`, `accepted` is what the payer agreed to, `paid` has come, `returned` the patient owes after all,
    `written_off` nobody pays; `left` is what the payer still owes.
    """

    id: UUID
    reference: str
    invoice_id: UUID
    invoice_number: str
    appointment_id: UUID | None
    patient_id: UUID
    payer_id: UUID
    payer_name: str
    coverage_id: UUID
    status: ClaimStatus
    amount: Money
    accepted: Money | None
    paid: Money
    returned: Money
    written_off: Money
    left: Money
    authorisation_number: str
    created_at: datetime
    since: datetime
    steps: list[ClaimStep] = []
    version: int


class ClaimFilter(Input):
    """Which claims are wanted."""

    model_config = ConfigDict(extra="ignore")

    status: ClaimStatus | None = None
    payer_id: UUID | None = None
    patient_id: UUID | None = None
    invoice_id: UUID | None = None


class ClaimSum(BaseModel):
    """How many claims stand in one state with one payer, and what is left of them."""

    payer_id: UUID
    payer_name: str
    status: ClaimStatus
    count: int
    amount: Money
    left: Money


class BatchWrite(Input):
    """Submit all drafts of one payer."""

    payer_id: UUID


class BatchFile(Input):
    """What a batch looks like as a file; the first that was kept stays."""

    text: str = Field(max_length=10_000_000)


class ClaimBatch(BaseModel):
    """The claims that were submitted to a payer together."""

    id: UUID
    number: int
    payer_id: UUID
    payer_name: str
    payer_code: str
    count: int
    amount: Money
    created_at: datetime
    created_by: UUID


class BatchLine(BaseModel):
    """One claim as it was when its batch was submitted, with what the payer has to know."""

    claim_id: UUID
    reference: str
    invoice_number: str
    issued_at: datetime
    appointment_id: UUID | None
    patient_id: UUID
    policy_number: str
    authorisation_number: str
    total: Money
    claimed: Money


class BatchContent(BaseModel):
    """A batch with its claims, and its file where that was made."""

    batch: ClaimBatch
    lines: list[BatchLine]
    text: str | None
