"""What patients were told: confirmations, reminders, cancellations, on each channel that reaches them and they want."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.config import MailSettings
from careconnect.db import table_of
from careconnect.ids import reference
from operations.seed import clinic
from operations.seed.bulk import Event, Writer
from operations.seed.fates import Visit
from operations.seed.ground import ZONE, Ground
from operations.seed.people import Group, described
from services.appointments.schemas import Status
from services.notifications.content import Content
from services.notifications.models import Message, Preferences
from services.notifications.schemas import MessageSend, Recipient, Values
from services.patients.schemas import Demographics
from workflows import ids

SINCE = timedelta(days=14)
"""How far back messages are made up."""
_MESSAGES, _PREFERENCES = table_of(Message), table_of(Preferences)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that a patient was told, on whatever channels."""

    at: datetime
    template: str
    version: int
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One message: a word on one channel."""

    id: UUID
    word: Word
    channel: str
    visit: Visit

    @property
    def wanted(self) -> bool:
        """Whether the patient wants messages on this channel."""
        return self.channel != "sms" or self.visit.entry.patient.wants_sms


async def write(writer: Writer, ground: Ground, people: Group, visits: Sequence[Visit]) -> int:
    """Write the messages that are not there yet, and what patients prefer; tell how many messages."""
    known = {one.id: described(ground, people.name, one)[0] for one in people.people}
    recent = [visit for visit in visits if visit.place.start > ground.moment - SINCE]
    every = [said for visit in recent for said in _messages(ground, visit, known[visit.entry.patient.id])]
    async with writer.transaction():
        await _prefer(writer, ground, people)
        there = await writer.present(_MESSAGES, [said.id for said in every])
        missing = sorted((said for said in every if said.id not in there), key=lambda said: said.word.at)
        rows = [_row(ground, writer, said, known[said.visit.entry.patient.id]) for said in missing]
        await writer.insert(_MESSAGES, rows)
        await writer.tell(event for said in missing for event in _events(ground, said))
    return len(missing)


def _messages(ground: Ground, visit: Visit, person: Demographics) -> Iterator[Said]:
    channels = ["email"] if person.email else []
    channels += ["sms"] if person.phone else []
    for word in _words(visit):
        if word.at <= ground.moment:
            for channel in channels:
                key = ids.message_of(visit.id, word.version, word.template, word.offset, channel)
                yield Said(key, word, channel, visit)


def _words(visit: Visit) -> Iterator[Word]:
    if visit.decline:
        return
    yield Word(visit.entry.booked_at + 4 * _SECOND, "booking_confirmation", 1)
    if visit.moved_at:
        yield Word(visit.moved_at + _SECOND, "rescheduling", 2)
    since = visit.moved_at or visit.entry.booked_at
    until = visit.since if visit.status == Status.CANCELLED else visit.place.start
    for hours in visit.place.type.terms.reminder_offsets_hours:
        at = visit.place.start - timedelta(hours=hours)
        if since < at < until and (visit.arrived_at is None or at < visit.arrived_at):
            yield Word(at, "reminder", visit.version, hours)
    if visit.status == Status.CANCELLED:
        yield Word(visit.since + _SECOND, "cancellation", visit.version)


def _row(ground: Ground, writer: Writer, said: Said, person: Demographics) -> dict[str, Any]:
    at, wanted = said.word.at, said.wanted
    return {
        "id": said.id,
        "patient_id": said.visit.entry.patient.id,
        "appointment_id": said.visit.id,
        "appointment_version": said.word.version,
        "payment_id": None,
        "channel": said.channel,
        "template": said.word.template,
        "offset_hours": said.word.offset,
        "status": "sent" if wanted else "skipped",
        "scheduled_for": None,
        "queued_at": at,
        "sent_at": at + _SECOND if wanted else None,
        "settled_at": at + _SECOND,
        "failure": None if wanted else "opted_out",
        "deliveries": 1,
        "attempts": 0,
        "leased_until": None,
        "content": Content.of(_wanted(ground, said, person), MailSettings().sender).seal(writer.keys),
        "created_at": at,
        "updated_at": at + _SECOND,
        "version": 2,
    }


def _wanted(ground: Ground, said: Said, person: Demographics) -> MessageSend:
    place = said.visit.place
    site = next(one for name, one in clinic.LOCATIONS.items() if ground.id("location", name) == place.location_id)
    moved = said.visit.moved_from if said.word.version == 1 else None
    return MessageSend.model_validate(
        {
            "patient_id": said.visit.entry.patient.id,
            "appointment_id": said.visit.id,
            "appointment_version": said.word.version,
            "channel": said.channel,
            "template": said.word.template,
            "offset_hours": said.word.offset,
            "recipient": Recipient(
                name=person.name, email=person.email, phone=person.phone, language=person.language or "en"
            ),
            "values": Values(
                clinic=clinic.NAME,
                clinic_phone=site.phone,
                reference=reference("CC", said.visit.id),
                starts_at=moved or place.start,
                previous_starts_at=said.visit.moved_from if said.word.template == "rescheduling" else None,
                zone=ZONE,
                consultant=place.doctor.name,
                visit_type=place.type.terms.name,
                location=site.name,
            ),
        }
    )


def _events(ground: Ground, said: Said) -> Iterator[Event]:
    actor = Actor.workflow(ground.tenant_id, "messages", frozenset())
    known: dict[str, Any] = {
        "channel": said.channel,
        "template": said.word.template,
        "appointment_id": str(said.visit.id),
        "appointment_version": said.word.version,
    }
    ended = {"status": "sent" if said.wanted else "skipped", "failure": None if said.wanted else "opted_out"}
    yield Event(said.word.at, actor, "message.queued", "message", said.id, known)
    yield Event(said.word.at + _SECOND, actor, f"message.{ended['status']}", "message", said.id, known | ended)


async def _prefer(writer: Writer, ground: Ground, people: Group) -> None:
    """Let those who do not want short messages have said so when they were registered."""
    refusing = [one for one in people.people if not one.wants_sms]
    there = await writer.present(_PREFERENCES, [one.id for one in refusing])
    missing = [one for one in refusing if one.id not in there]
    said = {"email": True, "sms": False}
    rows = [{"id": one.id, **said, "version": 1, "created_at": one.registered_at} for one in missing]
    await writer.insert(_PREFERENCES, [row | {"updated_at": row["created_at"]} for row in rows])
    actor = Actor.system(tenant_id=ground.tenant_id)
    events = (Event(one.registered_at, actor, "preferences.changed", "patient", one.id, said) for one in missing)
    await writer.tell(events)
