"""The patients service on the wire. The words follow FHIR R4 Patient where it has them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    field_validator,
)
from pydantic_core import PydanticCustomError

from services.patients.text import BirthDate, Code, Language, Line, Lines, Name, Phone

Gender = Literal["male", "female", "other", "unknown"]
"""FHIR AdministrativeGender."""
BloodGroup = Literal["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"]
Email = Annotated[EmailStr, Field(max_length=254)]
Version = Annotated[StrictInt, Field(ge=1)]

_EXAMPLE: dict[str, JsonValue] = {
    "first_name": "Nimal",
    "last_name": "Perera",
    "date_of_birth": "1990-04-12",
    "gender": "male",
    "national_id": "199010300937",
    "phone": "077 123 4567",
    "email": "nimal.perera@example.com",
    "address": {"line1": "12 Temple Road", "city": "Colombo", "country": "LK"},
    "emergency_contact": {"name": "Sunila Perera", "phone": "+94 71 234 5678"},
    "language": "si",
}


class Input(BaseModel):
    """What comes in: a field that nobody knows is refused rather than lost."""

    model_config = ConfigDict(extra="forbid")


class Address(Input):
    """Where somebody lives."""

    line1: Line | None = None
    line2: Line | None = None
    city: Line | None = None
    country: Line | None = None


class EmergencyContact(Input):
    """Whom to call."""

    name: Name
    phone: Phone


class MedicalInfo(Input):
    """What the record says of somebody's health; read and written only with `patients:clinical`."""

    blood_group: BloodGroup | None = None
    allergies: Lines = []
    chronic_conditions: Lines = []


class Demographics(Input):
    """Who somebody is and how to reach them."""

    first_name: Name
    last_name: Name
    date_of_birth: BirthDate
    gender: Gender
    national_id: Code | None = None
    phone: Phone | None = None
    email: Email | None = None
    address: Address | None = None
    emergency_contact: EmergencyContact | None = None
    language: Language | None = None

    @property
    def name(self) -> str:
        """The name as it is written on a list."""
        return f"{self.first_name} {self.last_name}"


class PatientWrite(Demographics, MedicalInfo):
    """A whole record, to register or to replace."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    confirm_duplicate: StrictBool = Field(
        default=False, description="register although somebody who looks the same is registered"
    )

    def demographics(self) -> Demographics:
        """Give the part that says who somebody is."""
        return Demographics.model_validate(self.model_dump(include=set(Demographics.model_fields)))

    def medical(self) -> MedicalInfo:
        """Give the part that says something of their health."""
        return MedicalInfo.model_validate(self.model_dump(include=set(MedicalInfo.model_fields)))


class PatientReplacement(PatientWrite):
    """A whole record in place of the present one."""

    version: Version | None = Field(None, description="the version that was read; a stale one is refused")


class PatientPatch(Input):
    """Some fields of a record; what is left out stays, what is null is emptied."""

    first_name: Name | None = None
    last_name: Name | None = None
    date_of_birth: BirthDate | None = None
    gender: Gender | None = None
    national_id: Code | None = None
    phone: Phone | None = None
    email: Email | None = None
    address: Address | None = None
    emergency_contact: EmergencyContact | None = None
    language: Language | None = None
    blood_group: BloodGroup | None = None
    allergies: Lines = []
    chronic_conditions: Lines = []
    confirm_duplicate: StrictBool = False
    version: Version | None = None

    @field_validator("first_name", "last_name", "date_of_birth", "gender", mode="before")
    @classmethod
    def _keep_what_everybody_has(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("required", "Everybody has one; it can be changed, but not emptied.")
        return value

    def chosen(self, shape: type[BaseModel]) -> dict[str, Any]:
        """Give the fields that the caller named and `shape` has."""
        return self.model_dump(mode="json", include=self.model_fields_set & set(shape.model_fields))


class EmergencyContactWrite(EmergencyContact):
    """The person to call from now on."""

    version: Version | None = None


class MedicalInfoPatch(Input):
    """Some of the medical fields; what is left out stays."""

    blood_group: BloodGroup | None = None
    allergies: Lines = []
    chronic_conditions: Lines = []
    version: Version | None = None

    def chosen(self) -> dict[str, Any]:
        """Give the fields that the caller named."""
        return self.model_dump(mode="json", include=self.model_fields_set - {"version"})


class NamesQuery(Input):
    """Whose names to give."""

    ids: list[UUID] = Field(max_length=200)


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
