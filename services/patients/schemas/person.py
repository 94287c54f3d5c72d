"""A person on the wire, in the words of FHIR R4 Patient where it has them."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StrictInt,
)

from services.patients.text import BirthDate, Code, Language, Line, Lines, Name, Phone

Gender = Literal["male", "female", "other", "unknown"]
"""FHIR AdministrativeGender."""
BloodGroup = Literal["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"]
Email = Annotated[EmailStr, Field(max_length=254)]
Version = Annotated[StrictInt, Field(ge=1)]


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
