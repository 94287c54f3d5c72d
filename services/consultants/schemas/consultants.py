"""Consultants on the wire."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.consultants.schemas.fields import Colour, Email, Input, Phone, Status, Version, Words


class ConsultantWrite(Input):
    """A consultant as staff enter one."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=30)] = ""
    first_name: Words
    last_name: Words
    specialties: list[Words] = Field(min_length=1, max_length=20)
    registration_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
    email: Email | None = None
    phone: Phone | None = None
    bio: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] | None = None
    colour: Colour | None = Field(None, description="of the calendar column; chosen when left out")
    status: Status = "active"


class ConsultantReplacement(ConsultantWrite):
    """All of a consultant's details anew."""

    version: Version | None = None


class ConsultantPatch(Input):
    """The details of a consultant that change; what is left out stays."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=30)] | None = None
    first_name: Words | None = None
    last_name: Words | None = None
    specialties: list[Words] | None = Field(None, min_length=1, max_length=20)
    registration_number: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)] | None
    ) = None
    email: Email | None = None
    phone: Phone | None = None
    bio: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] | None = None
    colour: Colour | None = None
    status: Status | None = None
    version: Version | None = None

    @model_validator(mode="after")
    def _keep_what_every_consultant_has(self) -> Self:
        needed = self.model_fields_set - {"email", "phone", "bio", "version"}
        for name in sorted(needed):
            if getattr(self, name) is None:
                message = f"{name} can be changed but not removed"
                raise ValueError(message)
        return self

    def told(self) -> dict[str, object]:
        """Give what the caller named, by field."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"version"}}


class Consultant(BaseModel):
    """A provider who sees patients."""

    id: UUID
    title: str
    first_name: str
    last_name: str
    name: str = Field(description="title, first and last name, as people are addressed")
    specialties: list[str]
    registration_number: str
    email: str | None
    phone: str | None
    bio: str | None
    status: Status
    colour: str
    archived: bool
    version: int


class ConsultantName(BaseModel):
    """What other screens need to show a consultant."""

    id: UUID
    name: str
    specialties: list[str]
    status: Status
    colour: str
    archived: bool


class StatusWrite(Input):
    """A new status: `on_leave` and `inactive` consultants are not offered."""

    status: Status
    version: Version | None = None


class NamesQuery(Input):
    """Whose names are wanted."""

    ids: list[UUID] = Field(max_length=1000)


class Figures(BaseModel):
    """Counts for the dashboard, as of the newest change that this service had told of."""

    watermark: int
    total: int
    active: int
    on_leave: int
