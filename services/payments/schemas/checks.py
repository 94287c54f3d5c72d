"""Money checks over the wire: what was compared, what was found, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from careconnect.money import Currency, Money
from services.payments.schemas.requests import Input, Reason


class OrphanKind(StrEnum):
    """What kind of money has lost its other side."""

    charge_without_payment = "charge_without_payment"
    authorisation_alone = "authorisation_alone"
    payment_without_charge = "payment_without_charge"
    amounts_differ = "amounts_differ"
    status_differs = "status_differs"
    refund_unknown = "refund_unknown"
    refund_missing = "refund_missing"
    refund_stuck = "refund_stuck"
    refund_failed = "refund_failed"
    kept_without_visit = "kept_without_visit"
    kept_beyond_fee = "kept_beyond_fee"
    invoice_without_visit = "invoice_without_visit"
    visit_without_invoice = "visit_without_invoice"
    invoice_sums = "invoice_sums"
    payment_sums = "payment_sums"
    claim_sums = "claim_sums"
    drawer_sums = "drawer_sums"
    not_booked = "not_booked"
    booked_without_event = "booked_without_event"


MENDED_BY_ITSELF = frozenset(
    {
        OrphanKind.charge_without_payment,
        OrphanKind.authorisation_alone,
        OrphanKind.status_differs,
        OrphanKind.refund_stuck,
        OrphanKind.kept_without_visit,
        OrphanKind.invoice_without_visit,
    }
)
"""What a check can mend: money goes back that nobody has a right to, what the gateway did is noted, and nobody goes on
owing for a visit that will not be. An organisation may say which of these wait for a person."""


class Remedy(StrEnum):
    """What a person can do about an orphan.

    `mend` it as the check would; `adopt` the gateway's refund; `resend` one that failed, or that the gateway does not
    have; `mark_failed` one that it does not have; `take_gateway`: what it says was taken and returned counts; `issue`
    the invoice of a visit; `look_again` for a charge, and let the payment be failed if there is none.
    """

    mend = "mend"
    adopt = "adopt"
    resend = "resend"
    mark_failed = "mark_failed"
    take_gateway = "take_gateway"
    issue = "issue"
    look_again = "look_again"


REMEDIES: dict[OrphanKind, tuple[Remedy, ...]] = {
    OrphanKind.refund_unknown: (Remedy.adopt, Remedy.take_gateway),
    OrphanKind.refund_missing: (Remedy.resend, Remedy.mark_failed),
    OrphanKind.refund_failed: (Remedy.resend,),
    OrphanKind.amounts_differ: (Remedy.take_gateway,),
    OrphanKind.payment_without_charge: (Remedy.look_again,),
    OrphanKind.visit_without_invoice: (Remedy.issue,),
} | dict.fromkeys(MENDED_BY_ITSELF, (Remedy.mend,))
"""What can be done about each kind; about the others, somebody who knows the books has to look."""

Comparison = Literal[
    "charges", "refunds", "payments", "invoices", "sums", "entries", "appointments", "claims", "drawers", "visits"
]
Part = Literal["invoices", "payments", "refunds", "entries", "claims", "drawers"]
OrphanStatus = Literal["open", "mending", "mended", "gone", "dismissed"]


class CheckBegin(Input):
    """Begins a money check; what is younger than `grace_seconds` may still be under way and is left out."""

    cause: Literal["schedule", "request"] = "request"


class CheckBegun(BaseModel):
    """A check that has begun, and whose lists it has to read."""

    as_of: datetime
    gateways: list[str]


class Compared(BaseModel):
    """How much of one thing was compared, and how many orphans that showed."""

    checked: int = 0
    found: int = 0

    def __add__(self, other: "Compared") -> "Compared":
        return Compared(checked=self.checked + other.checked, found=self.found + other.found)


class ChargesAsk(Input):
    """Asks to compare one page of a gateway's list; with `remember`, to keep which charges it had."""

    gateway: str
    cursor: str | None = None
    limit: int = Field(2000, ge=1, le=5000, description="a gateway may give fewer")
    grace_seconds: int = Field(900, ge=0)
    remember: bool = False


class ChargesCompared(BaseModel):
    """One page of a gateway's list, compared; `matched` are payments from before the check that have their charge."""

    charges: Compared
    refunds: Compared
    matched: int
    next_cursor: str | None


class UnchargedAsk(Input):
    """Asks which payments have no charge: `matched` have one, or, with `remembered`, those that were kept."""

    matched: int = 0
    remembered: bool = False


class UnchargedFound(BaseModel):
    """How many payments were compared; `certain` is false where the numbers differ and each has to be looked at."""

    payments: Compared
    certain: bool


class BooksAsk(Input):
    """Asks to compare one page of our own books with each other."""

    part: Part
    after: UUID | None = None
    limit: int = Field(5000, ge=1, le=20_000)
    grace_seconds: int = Field(900, ge=0)


class BooksCompared(BaseModel):
    """One page of our own books, compared; `last` is where the next one begins, None at the end."""

    compared: Compared
    last: UUID | None


class KeptOf(BaseModel):
    """What one payment holds: captured and not returned, or reserved."""

    payment_id: UUID
    kept: int
    reserved: int


class VisitPriced(Input):
    """A visit that takes place, and its price."""

    appointment_id: UUID
    price: Money


class VisitsAsk(Input):
    """Asks which of these visits have no invoice."""

    visits: list[VisitPriced] = Field(max_length=5000)


class Kept(BaseModel):
    """What is held for an invoice of an appointment, or `due` for it; `since` is its last change, or of its payments.

    One that nobody pays has no payments here.
    """

    invoice_id: UUID
    appointment_id: UUID
    total: Money
    payments: list[KeptOf]
    since: datetime
    due: int = 0


class KeptPage(BaseModel):
    """One page of what is held for appointments; `last` is where the next one begins, None at the end."""

    items: list[Kept]
    last: UUID | None


class OrphanNote(Input):
    """An orphan that was found across services."""

    kind: OrphanKind
    subject_id: UUID
    payment_id: UUID | None = None
    invoice_id: UUID | None = None
    appointment_id: UUID | None = None
    gateway: str | None = None
    detail: str = ""
    currency: Currency | None = None
    here: int | None = None
    there: int | None = None


class OrphanNotes(Input):
    """Orphans that were found across services."""

    orphans: list[OrphanNote] = Field(max_length=5000)


class Orphan(BaseModel):
    """Money of which one side knows what the other does not: `here` in our books, `there` on the other side."""

    id: UUID
    kind: OrphanKind
    subject_id: UUID
    payment_id: UUID | None
    invoice_id: UUID | None
    appointment_id: UUID | None
    gateway: str | None
    detail: str
    here: Money | None
    there: Money | None
    status: OrphanStatus
    found_at: datetime
    settled_at: datetime | None
    reason: str | None = None
    remedies: list[Remedy] = Field([], description="what can be done about it while it waits")


class Dismissal(Input):
    """Takes an orphan from Attention as it is, and says why."""

    reason: Reason


class RemedyWrite(Input):
    """Does something about an orphan, and says why."""

    remedy: Remedy
    reason: Reason


class MendingRule(BaseModel):
    """The kinds of orphans that a money check mends by itself; others wait for a person. Version 0: all that it can."""

    mends: list[OrphanKind]
    version: int


def _mendable(kind: OrphanKind) -> OrphanKind:
    if kind not in MENDED_BY_ITSELF:
        message = "a check cannot mend this by itself"
        raise ValueError(message)
    return kind


class MendingRuleWrite(Input):
    """Says which kinds of orphans a money check mends by itself, of those that it can."""

    mends: list[Annotated[OrphanKind, AfterValidator(_mendable)]] = Field(max_length=50)
    version: int | None = Field(None, ge=0)


class CheckEnd(Input):
    """Ends a check with what was compared; `missing` are comparisons that could not be made."""

    compared: dict[Comparison, Compared]
    missing: list[Comparison] = Field([])


class MoneyCheck(BaseModel):
    """One money check: what was compared as of when, how many orphans that showed, and how many wait for a person."""

    id: UUID
    cause: Literal["schedule", "request"]
    status: Literal["running", "completed", "incomplete"]
    as_of: datetime
    finished_at: datetime | None
    compared: dict[Comparison, Compared]
    missing: list[Comparison] = Field([])
    found: int
    mended: int
    open: int


class MoneyChecks(BaseModel):
    """The newest money check that has ended, and the one that runs."""

    last: MoneyCheck | None = None
    running: MoneyCheck | None = None
