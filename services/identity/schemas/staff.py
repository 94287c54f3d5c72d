"""Members of staff on the wire."""

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.identity.roles import Role
from services.identity.schemas.fields import Email, Input, Line, NewPassword, StaffRole, Version


class StaffDetails(Input):
    """A person who works here, as staff managers enter one."""

    name: Line
    email: Email = Field(description="what the person signs in with; one person on the whole platform")
    roles: list[StaffRole] = Field(min_length=1, max_length=6)
    consultant_id: UUID | None = Field(None, description="the consultant who this person is")
    location_ids: list[UUID] = Field([], max_length=100, description="where the person works; empty: everywhere")

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        if len(set(self.roles)) != len(self.roles) or len(set(self.location_ids)) != len(self.location_ids):
            message = "each role and each location is named once"
            raise ValueError(message)
        return self


class StaffWrite(StaffDetails):
    """A new member of staff, who can sign in once there is a password."""

    password: NewPassword | None = Field(None, repr=False)


class StaffReplacement(StaffDetails):
    """All details of a member of staff anew."""

    version: Version | None = None


class PasswordWrite(Input):
    """A new password."""

    password: NewPassword = Field(repr=False)


class Staff(BaseModel):
    """A person who works here."""

    id: UUID
    name: str
    email: str
    roles: list[Role]
    consultant_id: UUID | None
    location_ids: list[UUID]
    active: bool
    has_password: bool
    version: int


class StaffName(BaseModel):
    """What other screens need to show who did something."""

    id: UUID
    name: str
    active: bool


class ConsoleReading(Input):
    """Payloads of processes that are about to be decrypted for somebody."""

    count: int = Field(ge=0)


class NamesQuery(Input):
    """Whose names are wanted."""

    ids: list[UUID] = Field(max_length=1000)
