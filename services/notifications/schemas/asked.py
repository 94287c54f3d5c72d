"""What is asked of the notifications service."""

import base64
import binascii
import unicodedata
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
)
from pydantic_core import PydanticCustomError

from careconnect.money import Money
from careconnect.pagination import Paging

Channel = Literal["email", "sms"]
Template = Literal[
    "booking_confirmation",
    "reminder",
    "cancellation",
    "rescheduling",
    "payment_receipt",
    "payment_failed",
    "payment_reminder",
    "payment_link",
    "waitlist_offer",
    "series_dates",
    "absence_moved",
    "absence_choice",
    "absence_cancelled",
    "absence_withdrawn",
]
Status = Literal["queued", "sent", "failed", "skipped", "cancelled"]
Failure = Annotated[
    str,
    Field(
        description="why it was not sent: `opted_out`, `no_address`, `no_provider`, `superseded`, `unreachable`, or "
        "`refused_550` and the like with the mail server's own code (RFC 5321)",
        examples=["refused_550"],
    ),
]


def _one_line(text: str) -> str:
    if any(unicodedata.category(mark) in {"Cc", "Cs"} for mark in text):
        raise PydanticCustomError("control_characters", "Leave out control characters, line breaks and tabs.")
    return " ".join(text.split())


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise PydanticCustomError("base64", "This is not base64.") from error
    return text


Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_one_line)]
"""One line of text without control characters."""
Phone = Annotated[str, Field(pattern=r"^\+[1-9]\d{3,14}$")]
"""A telephone number in the international form (E.164)."""


class Input(BaseModel):
    """What comes in: a field that nobody knows is refused rather than lost."""

    model_config = ConfigDict(extra="forbid")


class Recipient(Input):
    """Whom a message is for; the channel decides which address counts."""

    name: Line
    email: Annotated[EmailStr, Field(max_length=254)] | None = None
    phone: Phone | None = None
    language: Annotated[str, Field(max_length=10)] = "en"


class Attachment(Input):
    """A document that an e-mail brings; other channels leave it out."""

    name: Annotated[str, Field(max_length=100, pattern=r"^[\w][\w. -]*$")]
    media_type: Literal["application/pdf"] = "application/pdf"
    content: Annotated[str, Field(max_length=2_000_000, description="base64 (RFC 4648)"), AfterValidator(_base64)]


class Change(Input):
    """What became of one appointment, where a message speaks of several; `link` is where the patient chooses."""

    kind: Literal["moved", "choice", "cancelled", "restored"]
    appointment_id: UUID
    appointment_version: Annotated[StrictInt, Field(ge=0)]
    was: AwareDatetime
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    zone: Annotated[str, Field(max_length=64)]
    returned: Annotated[StrictInt, Field(ge=0)] = 0
    consultant: Line | None = None
    visit_type: Line | None = None
    location: Line | None = None
    location_address: Line | None = None
    reference: Line | None = None
    link: Annotated[str, Field(max_length=1000)] | None = None
    decide_by: AwareDatetime | None = None


class Values(Input):
    """What a template may speak of. Appointment templates need `starts_at` and `zone`, payment templates `amount`."""

    clinic: Line | None = Field(None, description="the organisation, as it signs")
    clinic_phone: Line | None = None
    reference: Line | None = Field(None, description="as people read it to each other", examples=["CC-7F3KT-9QH2"])
    starts_at: AwareDatetime | None = None
    previous_starts_at: AwareDatetime | None = Field(None, description="when it was to be, before it was moved")
    ends_at: AwareDatetime | None = Field(None, description="with it the message brings a calendar file")
    zone: Annotated[str, Field(max_length=64)] | None = Field(None, description="IANA zone of the location")
    returned: Annotated[StrictInt, Field(ge=0)] = Field(0, description="how often it came back after a cancellation")
    consultant: Line | None = None
    visit_type: Line | None = None
    location: Line | None = None
    location_address: Line | None = None
    by_video: bool = Field(default=False, description="whether nobody needs to come")
    video_url: Annotated[str, Field(max_length=500), AfterValidator(_one_line)] | None = Field(
        None, description="where a visit by video is held; none: the clinic calls"
    )
    amount: Money | None = None
    refund: Money | None = Field(None, description="what goes back to the patient")
    invoice_number: Line | None = None
    payment_method: Line | None = None
    reason: Line | None = None
    link: Annotated[str, Field(max_length=2000), AfterValidator(_one_line)] | None = Field(
        None, description="an address, which stands on a line of its own"
    )
    answer_by: AwareDatetime | None = Field(None, description="until when an offer stands")
    dates: list[AwareDatetime] = Field([], max_length=60, description="the appointments of a series that lie ahead")
    changes: Annotated[list[Change], Field(max_length=50)] = []


_EXAMPLE: dict[str, JsonValue] = {
    "patient_id": "01a203f0-401c-70e4-83a6-d489d5df1db4",
    "appointment_id": "01a203f0-41cf-7a32-b1b1-67f5a0d2c111",
    "appointment_version": 1,
    "channel": "email",
    "template": "reminder",
    "offset_hours": 24,
    "recipient": {"name": "Nimal Perera", "email": "nimal.perera@example.com", "language": "si"},
    "values": {"starts_at": "2026-12-01T09:30:00+05:30", "zone": "Asia/Colombo", "consultant": "Dr Anula Silva"},
}


class MessageSend(Input):
    """A message to send now, or at `scheduled_for` when that lies ahead (then the same call must come again)."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    patient_id: UUID
    appointment_id: UUID | None = None
    appointment_version: Annotated[StrictInt, Field(ge=0)] | None = None
    payment_id: UUID | None = None
    invoice_id: UUID | None = None
    channel: Channel
    template: Template
    offset_hours: Annotated[StrictInt, Field(ge=0, le=24 * 365)] | None = None
    scheduled_for: AwareDatetime | None = None
    recipient: Recipient
    values: Values = Values()
    attachments: list[Attachment] = Field([], max_length=3)


class MessageToSend(MessageSend):
    """One of several messages that are sent together."""

    id: UUID


class Sending(Input):
    """Several messages to send together, such as the same words on each channel."""

    messages: Annotated[list[MessageToSend], Field(min_length=1, max_length=4)]


class Resending(Input):
    """Send a message once more, perhaps to another address."""

    recipient: Recipient | None = None
    version: Annotated[StrictInt, Field(ge=1)] | None = None


class MessageFilter(BaseModel):
    """Which messages to list."""

    status: Status | None = None
    channel: Channel | None = None
    patient_id: UUID | None = None
    appointment_id: UUID | None = None
    invoice_id: UUID | None = None
    before: AwareDatetime | None = Field(None, description="those that were made before this instant")


Sort = Literal["made", "-made", "status", "-status"]
"""By when a message was made, or by its status and that; a minus turns it round."""


class MessagesAmong(Paging):
    """Which messages to list, of those to some patients."""

    wanted: MessageFilter = MessageFilter()
    sort: Sort = "-made"
    among: list[UUID] = Field(max_length=25_000)


class Preferences(Input):
    """On which channels a patient wants messages.

    Version 0 is a patient who never said. A change that names a `version` is refused if there is another one by now.
    """

    email: StrictBool = True
    sms: StrictBool = True
    version: Annotated[StrictInt, Field(ge=0)] | None = None


class Cutoff(Input):
    """From which version on an appointment may be spoken of; what was written for an earlier one is not sent."""

    below_version: Annotated[StrictInt, Field(ge=1)]


class Period(BaseModel):
    """A half-open stretch of time `[from_, to)`; either end may be open.

    Every service is asked for its figures in the same words; what has no meaning for messages is ignored.
    """

    from_: AwareDatetime | None = None
    to: AwareDatetime | None = None
    previous_from: AwareDatetime | None = None
    zone: str | None = None
    location_id: UUID | None = None
