"""What is asked of the patients service."""

from typing import Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictBool,
    field_validator,
)
from pydantic_core import PydanticCustomError

from careconnect.pagination import Paging
from services.patients.schemas.person import (
    Address,
    BloodGroup,
    Demographics,
    Email,
    EmergencyContact,
    Gender,
    Input,
    MedicalInfo,
    Version,
)
from services.patients.text import BirthDate, Code, Language, Lines, Name, Phone

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
    allergies: Lines = Field(default_factory=list)
    chronic_conditions: Lines = Field(default_factory=list)
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
    allergies: Lines = Field(default_factory=list)
    chronic_conditions: Lines = Field(default_factory=list)
    version: Version | None = None

    def chosen(self) -> dict[str, Any]:
        """Give the fields that the caller named."""
        return self.model_dump(mode="json", include=self.model_fields_set - {"version"})


Sort = Literal["registered", "-registered", "changed", "-changed"]
"""By when a record was made or last changed; a minus puts the latest first."""


class Search(Paging):
    """Whom to find, and among whom."""

    q: str | None = Field(None, max_length=200)
    archived: bool = False
    sort: Sort = "-registered"
    among: list[UUID] = Field(max_length=25_000)


class NamesQuery(Input):
    """Whose names to give."""

    ids: list[UUID] = Field(max_length=200)
