"""What is asked of `/appointments`."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from careconnect.errors import FieldError, InvalidInput
from services.appointments.holds.schemas import HeldSlot, HoldStatus
from services.appointments.schemas import CancellationReason
from web.gateway.bookings import Booking
from workflows.contracts import PaymentChoice

_HELD = ("consultant_id", "visit_type_id", "location_id", "start")
Note = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]
Version = Annotated[int | None, Field(ge=1, description="refused if the appointment was moved since")]
_MISSING = "This is needed where no hold says it."


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HowPaid(_Input):
    """How the visit is paid: a card token of the gateway now, at the gateway's own page now, or at the desk."""

    method: Literal["card", "link", "at_desk"]
    token: str | None = Field(None, max_length=255, examples=["pm_card_visa"])


class Overbook(_Input):
    """Why the appointment may overlap another or lie outside the hours."""

    reason: str = Field(min_length=3, max_length=500)


class AppointmentCreate(_Input):
    """A booking. What a hold says already need not be said again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "patient_id": "01a203f0-401c-70e4-83a6-d489d5df1db4",
                    "consultant_id": "01a203f0-41cf-7a32-b1b1-67f5a0d2c111",
                    "visit_type_id": "01a203f0-41cf-7a32-b1b1-67f5a0d2c112",
                    "start": "2026-12-01T09:30:00+05:30",
                    "payment": {"method": "card", "token": "pm_card_visa"},
                }
            ]
        },
    )

    patient_id: UUID
    hold_id: UUID | None = Field(None, description="a hold of `POST /holds`, whose time it takes over")
    consultant_id: UUID | None = Field(None, description="needed without `hold_id`")
    visit_type_id: UUID | None = Field(None, description="needed without `hold_id`")
    location_id: UUID | None = None
    start: AwareDatetime | None = Field(None, description="needed without `hold_id`")
    reason: str = Field("", max_length=2000)
    notes: str = Field("", max_length=2000)
    payment: HowPaid | None = None
    notify: bool = True
    overbook: Overbook | None = None
    coverage_id: UUID | None = Field(None, description="the patient's coverage whose payer owes its share")
    payer_id: UUID | None = Field(None, description="or the payer: the patient's coverage with it that holds then")
    authorisation_number: str = Field("", max_length=60, description="under which the payer agreed to pay, if it did")

    def booking(self, held: HeldSlot | None = None) -> Booking:
        """Give it as the gateway takes it; `held` is the hold that it names.

        Raises:
            InvalidInput: there is no hold, and something is missing that it would have said.
        """
        said = self.model_dump(exclude={"payment", "overbook", *_HELD})
        said |= {name: getattr(self, name) or (held and getattr(held, name)) for name in _HELD}
        missing = [name for name in _HELD if said[name] is None and name != "location_id"]
        if missing:
            raise InvalidInput(errors=[FieldError(field=name, code="missing", message=_MISSING) for name in missing])
        return Booking(
            **said,
            hold_is_over=held is not None and held.status in {HoldStatus.RELEASED, HoldStatus.EXPIRED},
            payment=PaymentChoice(**self.payment.model_dump()) if self.payment else None,
            overbook_reason=self.overbook.reason if self.overbook else None,
        )


class FeeWaiver(_Input):
    """Why the patient does not pay the fee."""

    reason: str = Field(min_length=3, max_length=500)


class CancellationCreate(_Input):
    """A cancellation, with its FHIR reason code."""

    reason: CancellationReason
    note: Note = Field("", description="kept with the appointment, for staff to read")
    notify: bool = True
    waive_fee: FeeWaiver | None = None
    undoable: bool = Field(
        default=False, description="let it be undone for ten minutes; money and message wait until then"
    )
    version: Version = None


class Override(_Input):
    """Why the visit type's policy on moving is passed over."""

    reason: str = Field(min_length=3, max_length=500)


class ReschedulingCreate(_Input):
    """Another time or length, perhaps with another consultant or elsewhere."""

    start: AwareDatetime
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    duration_minutes: int | None = Field(None, ge=1, le=1440, description="left out: as long as it is")
    version: Version = None
    overbook: Overbook | None = None
    override: Override | None = None
    notify: bool = True


class NoShowCreate(_Input):
    """Nobody came."""

    waive_fee: FeeWaiver | None = None
    version: Version = None


class WalkInCreate(_Input):
    """Somebody stands at the desk: an appointment that starts now, and is paid at the desk."""

    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID | None = None
    reason: str = Field("", max_length=2000)
    notes: str = Field("", max_length=2000)
    overbook: Overbook | None = None

    def booking(self, start: datetime) -> Booking:
        """Give it as the gateway takes it."""
        return Booking(
            **self.model_dump(exclude={"overbook"}),
            start=start,
            payment=PaymentChoice(method="at_desk"),
            notify=False,
            overbook_reason=self.overbook.reason if self.overbook else None,
            walk_in=True,
        )
