"""The kinds of field that the wire models of consultants share."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.consultants.walltime import zone_of

Status = Literal["active", "inactive", "on_leave"]
ExceptionKind = Literal["leave", "blocked", "extra"]

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""A short text that says something."""
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^\+?[0-9][0-9 ()./-]{3,}$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of the wall clock, `HH:MM`."""
ClosingTime = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""A time of the wall clock at which something ends; `24:00` is the end of the day."""
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(lambda name: zone_of(name).key)]
"""An IANA time zone, such as `Asia/Colombo`."""
Feature = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=60)]
"""What a room is or has, in lower case, such as `treatment` or `ultrasound`."""
WebAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https://[^\s\"<>]+$")]
"""An address that is opened in a browser, and only over a connection that nobody reads along."""
Version = Annotated[int, Field(ge=1, description="the version that the change was made from; stale: version_conflict")]


class Input(BaseModel):
    """What a caller sends: a field that is not known is refused, since it was meant to do something."""

    model_config = ConfigDict(extra="forbid")


Sort = Literal["name", "-name", "status", "-status", "registered", "-registered"]
"""By name, by status and name, or by when a consultant was registered; a minus turns it round."""
