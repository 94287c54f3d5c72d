"""What the patients service answers."""

from datetime import date, datetime
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
)

from services.patients.schemas.person import Address, BloodGroup, EmergencyContact, Gender


class Patient(BaseModel):
    """A patient's record. The medical fields are left out for those who may not read them."""

    id: UUID
    mrn: str = Field(description="medical record number, per tenant and without gaps", examples=["MRN-000123"])
    first_name: str
    last_name: str
    date_of_birth: date
    gender: Gender
    national_id: str | None = None
    phone: str | None = Field(None, description="E.164", examples=["+94771234567"])
    email: str | None = None
    address: Address | None = None
    emergency_contact: EmergencyContact | None = None
    language: str | None = None
    blood_group: BloodGroup | None = None
    allergies: list[str] | None = None
    chronic_conditions: list[str] | None = None
    archived: bool
    version: int
    created_at: datetime

    @property
    def name(self) -> str:
        """The name as it is written on a list."""
        return f"{self.first_name} {self.last_name}"


class PatientName(BaseModel):
    """Who a patient is, in a line beside something else."""

    id: UUID
    name: str
    mrn: str
    archived: bool


class Contact(BaseModel):
    """How to reach a patient."""

    id: UUID
    name: str
    email: str | None = None
    phone: str | None = None
    language: str = "en"


class Candidate(BaseModel):
    """Somebody registered who may be the same person."""

    id: UUID
    name: str
    mrn: str
    date_of_birth: date
    archived: bool


class Standing(BaseModel):
    """Whether a patient can be booked."""

    id: UUID
    archived: bool
    version: int


class Count(BaseModel):
    """How many patients there are, without the archived ones."""

    count: int


class Period(BaseModel):
    """A half-open stretch of time `[from_, to)`, and the beginning of the one before it; either end may be open.

    Every service is asked for its figures in the same words; what has no meaning for patients is ignored.
    """

    from_: AwareDatetime | None = None
    to: AwareDatetime | None = None
    previous_from: AwareDatetime | None = None
    zone: str | None = None
    location_id: UUID | None = None


class Figures(BaseModel):
    """Numbers for the dashboard, all of one moment: `watermark` is the last event that they include."""

    watermark: int
    total: int = Field(description="patients who are not archived")
    new: int = Field(description="of them, registered in the period")
    previous_new: int = Field(description="of them, registered in the period before")
