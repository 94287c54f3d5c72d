"""The kinds of field that the wire models of identity share."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.identity.roles import ALL, STAFF_ROLES, Role


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name} is not an IANA time zone"
        raise ValueError(message) from error


def _known_scope(scope: str) -> str:
    if scope not in ALL:
        message = f"{scope} is not a scope"
        raise ValueError(message)
    return scope


def _of_a_person(role: Role) -> Role:
    if role not in STAFF_ROLES:
        message = f"{role} is not a role of a person"
        raise ValueError(message)
    return role


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
"""One line that says something."""
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9][0-9 ()./-]{3,}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 alpha-2 code."""
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
"""A CLDR locale identifier, such as `en_LK`."""
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
"""An IANA time zone."""
StaffRole = Annotated[Role, AfterValidator(_of_a_person)]
ScopeName = Annotated[str, AfterValidator(_known_scope)]
NewPassword = Annotated[str, StringConstraints(min_length=10, max_length=200)]
Version = Annotated[int, Field(ge=1, description="the version that the change was made from; stale: version_conflict")]


class Input(BaseModel):
    """What a caller sends: a field that is not known is refused, since it was meant to do something."""

    model_config = ConfigDict(extra="forbid")
