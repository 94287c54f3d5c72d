"""The calendar files that go with messages about appointments; a later one changes what an earlier one entered."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from uuid import UUID

from careconnect import clock, ics
from services.notifications.schemas import Change, MessageSend, Template, Values
from services.notifications.wording import write_event

_METHODS: dict[Template, ics.Method] = {
    "booking_confirmation": "REQUEST",
    "rescheduling": "REQUEST",
    "cancellation": "CANCEL",
}
"""What a message means for the patient's calendar (RFC 5546); other templates bring no file of their own."""
_SHARED = {"ends_at", "zone", "returned", "consultant", "location", "location_address", "reference"}
_CHANGES: dict[str, ics.Method] = {"moved": "REQUEST", "restored": "REQUEST", "cancelled": "CANCEL"}
"""The same of each appointment that a message about several speaks of."""


@dataclass(frozen=True)
class CalendarFile:
    """One event as a mail carries it; `method` says whether it is entered or taken out."""

    method: str
    text: str


def invitations(said: MessageSend, sender: str) -> list[CalendarFile]:
    """Write the calendar files of a message: none on a telephone, nor without the end of a visit."""
    if said.channel != "email" or said.recipient.email is None:
        return []
    return [_written(said, sender, *event) for event in _events(said)]


def _events(said: MessageSend) -> Iterator[tuple[ics.Method, UUID, int, Values]]:
    """List what changes in the calendar: how, of which appointment, as which version, with which words."""
    method = _METHODS.get(said.template)
    if method and said.appointment_id and said.values.ends_at:
        yield method, said.appointment_id, said.appointment_version or 1, said.values
    for change in said.values.changes:
        known = _CHANGES.get(change.kind)
        if known and change.ends_at:
            yield known, change.appointment_id, change.appointment_version, _of(change, said.values)


def _of(change: Change, values: Values) -> Values:
    known = change.model_dump(
        include={"ends_at", "zone", "returned", "consultant", "location", "location_address", "reference"}
    )
    return values.model_copy(update=known | {"starts_at": change.starts_at or change.was})


def _written(
    said: MessageSend, sender: str, method: ics.Method, key: UUID, version: int, values: Values
) -> CalendarFile:
    cancelled = method == "CANCEL"
    summary, description = write_event(said.recipient.language, values)
    starts = values.starts_at or clock.now()
    entry = ics.Entry(
        uid=ics.uid(key),
        sequence=ics.sequence(version, cancelled=cancelled, returned=values.returned),
        start=starts,
        end=values.ends_at or starts,
        zone=values.zone or "UTC",
        stamp=clock.now(),
        summary=summary,
        description=description,
        location=_place(values),
        status="CANCELLED" if cancelled else "CONFIRMED",
        organiser=ics.Party(values.clinic or parseaddr(sender)[0], parseaddr(sender)[1]),
        attendee=ics.Party(said.recipient.name, str(said.recipient.email)),
    )
    return CalendarFile(method, ics.write([entry], method=method).decode())


def _place(values: Values) -> str:
    """Say where it is; nobody is to travel to a visit by video."""
    if values.by_video:
        return values.video_url or ""
    return ", ".join(part for part in (values.location, values.location_address) if part)
