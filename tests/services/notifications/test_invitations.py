"""Mails about appointments bring a file for the patient's calendar, which follows what becomes of the appointment."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar

from careconnect.config import MailSettings
from careconnect.ids import uuid7
from services.notifications.channels.letter import Letter
from services.notifications.channels.smtp import compose
from services.notifications.content import Content
from services.notifications.schemas import MessageSend
from services.notifications.wording import LOCALES
from tests.careconnect.test_ics import LONG_AGO
from tests.services.notifications.post import NIMAL, VALUES, message

APPOINTMENT = str(uuid7())
SENDER = MailSettings().sender


def mailed(template: str, version: int = 1, language: str = "en", **more: object) -> EmailMessage:
    """Write a mail as it leaves."""
    ends = {"ends_at": "2026-12-01T10:00:00+05:30", "location_address": "12 Galle Road, Colombo"}
    about = {"template": template, "appointment_id": APPOINTMENT, "appointment_version": version, "offset_hours": None}
    said = MessageSend.model_validate(
        message(**about, values=VALUES | ends | more, recipient=NIMAL | {"language": language})
    )
    content = Content.of(said, SENDER)
    letter = Letter("<x@y>", "Nimal", "nimal@example.com", content.text, LONG_AGO, tuple(content.calendars))
    sent = message_from_bytes(compose(letter, SENDER).as_bytes(), policy=policy.default)
    assert isinstance(sent, EmailMessage)
    return sent


def _parts(sent: Any) -> Any:
    return sent.walk()


def invitation(sent: EmailMessage) -> tuple[str, Any]:
    """Read the invitation, which is both a part of the mail and a file beside it."""
    (part,) = [one for one in _parts(sent) if one.get_content_type() == "text/calendar"]
    (file,) = [one for one in _parts(sent) if one.get_content_type() == "application/ics"]
    assert file.get_filename() == "appointment.ics"
    assert file.get_payload(decode=True).replace(b"\r\n", b"\n") == part.get_content().encode().replace(b"\r\n", b"\n")
    calendar = Calendar.from_ical(part.get_content())
    assert part.get_content_type() == "text/calendar"
    assert part["content-type"].params["method"] == str(calendar["METHOD"])
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_one_event_is_entered_moved_and_taken_out() -> None:
    sent = [("booking_confirmation", 1), ("rescheduling", 2), ("cancellation", 2)]
    said = [invitation(mailed(template, version)) for template, version in sent]
    assert [method for method, _ in said] == ["REQUEST", "REQUEST", "CANCEL"]
    assert len({str(event["UID"]) for _, event in said}) == 1
    numbers = [int(event["SEQUENCE"]) for _, event in said]
    assert numbers == sorted(set(numbers))
    assert [str(event["STATUS"]) for _, event in said] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


@pytest.mark.parametrize("language", LOCALES)
def test_a_calendar_shows_with_whom_and_where_and_not_what_for(language: str) -> None:
    _, event = invitation(mailed("booking_confirmation", language=language))
    assert "Dr Anula Silva" in event["SUMMARY"]
    assert str(event["LOCATION"]) == "Galle Road, 12 Galle Road, Colombo"
    assert event["DTSTART"].params["TZID"] == "Asia/Colombo"
    assert event["ORGANIZER"].params["CN"] == "Lanka Clinics"
    assert event["ATTENDEE"] == "mailto:nimal@example.com"
    assert VALUES["visit_type"] not in event.to_ical().decode()


@pytest.mark.parametrize("language", LOCALES)
def test_nobody_travels_to_a_visit_by_video(language: str) -> None:
    """The mail and the calendar give the address of the visit where it has one, and never that of a street."""
    for address in ("https://video.example/room", None):
        sent = mailed("booking_confirmation", language=language, by_video=True, video_url=address)
        _, event = invitation(sent)
        (text,) = [one.get_content() for one in _parts(sent) if one.get_content_type() == "text/plain"]
        assert (str(event.get("LOCATION", "")), "Galle Road" in text) == (address or "", False)
        assert len(str(event["DESCRIPTION"]).splitlines()) == len(set(str(event["DESCRIPTION"]).splitlines())) > 2
        assert (address or "") in text
        assert (address or "") in event["DESCRIPTION"]


def test_a_reminder_and_a_receipt_change_no_calendar() -> None:
    for template in ("reminder", "payment_receipt"):
        values = VALUES | {"ends_at": "2026-12-01T10:00:00+05:30", "amount": {"amount": 1, "currency": "LKR"}}
        assert Content.of(MessageSend.model_validate(message(template=template, values=values)), SENDER).calendars == []
