"""Booking: what is asked, the steps until the answer, and the answer."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from services.appointments.schemas import Appointment
from services.consultants.schemas import Offer
from services.payments.schemas import Payment
from workflows.contracts.refusal import Refused


class PaymentChoice(BaseModel):
    """How the payment at booking is made: from a card, at the gateway's own page (`link`), or later at the desk."""

    method: Literal["card", "link", "at_desk"]
    token: str | None = None


class BookingRequest(BaseModel):
    """Asks for an appointment. What the patient comes for is sealed in the service before and travels no further."""

    appointment_id: UUID
    actor: Actor
    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID | None = None
    start: AwareDatetime
    payment: PaymentChoice | None = None
    notify: bool = True
    overbook: bool = False
    walk_in: bool = False
    request_hash: str = ""
    hold_seconds: int = 600
    adopted: bool = False
    payer_id: UUID | None = None
    hold_id: UUID | None = None
    coverage_id: UUID | None = None
    authorisation_number: str = ""


class BookingOutcome(BaseModel):
    """How a booking ended: the appointment with its money, or the refusal, and which request it answers.

    With `retry_at` it has not ended: the time is held, and from then on the same request tries the payment again. With
    `pay_until` it has not ended either: until then the time is held for what is to be paid at the gateway's page.
    """

    request_hash: str
    appointment: Appointment | None = None
    offer: Offer | None = None
    invoice_id: UUID | None = None
    payment: Payment | None = None
    reminders: list[datetime] = []
    refused: Refused | None = None
    retry_at: datetime | None = None
    pay_until: datetime | None = None


class Stage(StrEnum):
    """Where a booking stands, for people and for other systems."""

    VERIFYING = "verifying"
    HOLDING = "holding"
    AUTHORISING = "authorising"
    WAITING_FOR_GATEWAY = "waiting_for_gateway"
    WAITING_FOR_PAYMENT = "waiting_for_payment"
    CONFIRMING = "confirming"
    UNDOING = "undoing"
    WAITING_FOR_VISIT = "waiting_for_visit"
    SETTLING = "settling"
    DONE = "done"


class Progress(BaseModel):
    """The answer to the query `progress`."""

    stage: Stage
    outcome: BookingOutcome | None = None


class Verified(BaseModel):
    """Whether the patient can be booked."""

    refused: Refused | None = None


class OfferRequest(BaseModel):
    """Asks for the terms of one visit at one start."""

    actor: Actor
    visit_type_id: UUID
    consultant_id: UUID
    location_id: UUID | None
    start: AwareDatetime
    override_hours: bool = False
    held: bool = False
    patient_id: UUID | None = None
    payer_id: UUID | None = None
    coverage_id: UUID | None = None
    appointment_id: UUID | None = None
    override_notice: bool = False
    duration_minutes: int | None = None


class Offered(BaseModel):
    """The terms of the visit, or why it is not offered."""

    offer: Offer | None = None
    refused: Refused | None = None


class TermsRequest(BaseModel):
    """Asks for the terms of a visit that was booked already."""

    actor: Actor
    appointment: Appointment


class HoldRequest(BaseModel):
    """Asks to occupy the time that an offer describes."""

    actor: Actor
    appointment_id: UUID
    patient_id: UUID
    offer: Offer
    overbook: bool
    hold_seconds: int
    request_hash: str
    hold_id: UUID | None = None


class Target(BaseModel):
    """An appointment, and who acts on it."""

    actor: Actor
    appointment_id: UUID


class ConfirmRequest(Target):
    """Asks to turn a hold into a booking; `offer` is what must still be offered then, None where nobody asks."""

    offer: OfferRequest | None = None


class ReleaseRequest(Target):
    """Asks to give back the time of an unfinished booking."""

    code: str


class AlternativesRequest(BaseModel):
    """Asks for the free slots nearest to a start that is taken; those that an appointment could move to, or be held.

    None of them is at a time at which `patient_id` is at another visit. Who is free at just that start is told without
    regard to it: it is the hold that says that the patient is busy.
    """

    actor: Actor
    visit_type_id: UUID
    consultant_id: UUID | None
    location_id: UUID | None
    start: AwareDatetime
    limit: int = 5
    moving: UUID | None = None
    duration_minutes: int | None = None
    patient_id: UUID | None = None


class Slot(BaseModel):
    """A bookable start."""

    consultant_id: UUID
    location_id: UUID
    visit_type_id: UUID
    start: datetime
    end: datetime
    zone: str


class Alternatives(BaseModel):
    """The nearest free slots."""

    slots: list[Slot] = []
