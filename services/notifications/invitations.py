"""The calendar files that go with messages about appointments; a later one changes what an earlier one entered."""

from dataclasses import dataclass
from email.utils import parseaddr

from careconnect import clock, ics
from services.notifications.schemas import MessageSend, Template
from services.notifications.wording import write_event

_METHODS: dict[Template, ics.Method] = {
    "booking_confirmation": "REQUEST",
    "rescheduling": "REQUEST",
    "cancellation": "CANCEL",
}
"""What a message means for the patient's calendar (RFC 5546); other templates bring no file."""


@dataclass(frozen=True)
class CalendarFile:
    """One event as a mail carries it; `method` says whether it is entered or taken out."""

    method: str
    text: str


def invitations(said: MessageSend, sender: str) -> list[CalendarFile]:
    """Write the calendar files of a message: none on a telephone, nor without the end of the visit."""
    method, values = _METHODS.get(said.template), said.values
    if method is None or said.channel != "email" or said.recipient.email is None:
        return []
    if said.appointment_id is None or values.starts_at is None or values.ends_at is None or values.zone is None:
        return []
    cancelled = method == "CANCEL"
    summary, description = write_event(said.recipient.language, values)
    entry = ics.Entry(
        uid=ics.uid(said.appointment_id),
        sequence=ics.sequence(said.appointment_version or 1, cancelled=cancelled),
        start=values.starts_at,
        end=values.ends_at,
        zone=values.zone,
        stamp=clock.now(),
        summary=summary,
        description=description,
        location=", ".join(part for part in (values.location, values.location_address) if part),
        status="CANCELLED" if cancelled else "CONFIRMED",
        organiser=ics.Party(values.clinic or parseaddr(sender)[0], parseaddr(sender)[1]),
        attendee=ics.Party(said.recipient.name, said.recipient.email),
    )
    return [CalendarFile(method, ics.write([entry], method=method).decode())]
