"""A message arrives once, in the patient's words, and only where it may."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.services.notifications.post import NIMAL, VALUES, Desk, Postmaster, message, wrong


async def test_an_email_is_handed_over_with_text_and_html_and_without_scripts(
    desk: Desk, postmaster: Postmaster
) -> None:
    sent = await desk.send(values=VALUES | {"consultant": "Dr <script>alert(1)</script>"})
    assert (sent["status"], sent["attempts"], sent["failure"]) == ("sent", 1, None)
    (raw,) = postmaster.taken
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    assert mail["To"] == "Nimal Perera <nimal@example.com>"
    assert mail["From"] == "Care-Connect <no-reply@clinic.example>"
    assert mail["Subject"] == "Reminder: your appointment on Tuesday, 1 December 2026 at 09:30"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "When: Tuesday, 1 December 2026, 09:30 (Colombo, GMT+05:30)" in text.get_content()
    assert "With: Dr <script>alert(1)</script>" in text.get_content()
    assert "Dr &lt;script&gt;" in html.get_content()
    assert "<script" not in html.get_content()


async def test_a_short_message_says_it_in_a_line(desk: Desk) -> None:
    sent = await desk.send(channel="sms")
    mail = await desk.mail(sent["id"])
    assert mail["text"].strip() == (
        "Reminder: your appointment with Dr Anula Silva is on 1 Dec 2026 09:30. Ref CC-7F3KT-9QH2. Lanka Clinics"
    )
    assert (mail["channel"], mail["html"], mail["recipient"]) == ("sms", None, "Nimal Perera <+94771234567>")


async def test_the_same_message_again_answers_the_same_and_sends_nothing(desk: Desk, postmaster: Postmaster) -> None:
    body, key = message(), uuid7()
    first, second = await desk.put(body, key), await desk.put(body, key)
    assert first.json() == second.json()
    assert len(postmaster.taken) == 1


async def test_a_retry_with_a_newer_address_is_the_same_message(desk: Desk, postmaster: Postmaster) -> None:
    body, key = message(), uuid7()
    await desk.put(body, key)
    again = await desk.put(body | {"recipient": NIMAL | {"email": "new@example.com"}}, key)
    assert (again.status_code, again.json()["status"], len(postmaster.taken)) == (200, "sent", 1)


@pytest.mark.parametrize("other", [{"template": "cancellation"}, {"appointment_version": 2}, {"channel": "sms"}])
async def test_the_same_id_for_another_purpose_is_refused(desk: Desk, other: dict[str, Any]) -> None:
    body, key = message(), uuid7()
    await desk.put(body, key)
    answer = await desk.put(body | other, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")


async def test_one_purpose_under_two_ids_is_one_message(desk: Desk, postmaster: Postmaster) -> None:
    body = message()
    first, second = await desk.put(body), await desk.put(body)
    assert first.json()["id"] == second.json()["id"]
    assert len(postmaster.taken) == 1


@pytest.mark.parametrize("also", [{"offset_hours": None}, {"offset_hours": None, "appointment_version": None}])
async def test_what_is_left_open_counts_as_equal_too(desk: Desk, postmaster: Postmaster, also: dict[str, Any]) -> None:
    body = message(**also)
    assert (await desk.put(body)).json()["id"] == (await desk.put(body)).json()["id"]
    assert len(postmaster.taken) == 1


async def test_twenty_requests_at_once_for_one_message_hand_over_one_mail(desk: Desk, postmaster: Postmaster) -> None:
    body, key = message(), uuid7()
    answers = await asyncio.gather(*(desk.put(body, key if one % 2 else None) for one in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert 200 in {answer.status_code for answer in answers}
    assert len(postmaster.taken) == 1


async def test_other_offsets_versions_channels_templates_and_payments_are_other_messages(desk: Desk) -> None:
    body = message()
    others: list[dict[str, Any]] = [
        {}, {"offset_hours": 2}, {"offset_hours": None}, {"appointment_version": 2}, {"channel": "sms"},
        {"template": "booking_confirmation"},
    ]  # fmt: skip
    paid = {"template": "payment_receipt", "values": {"amount": {"amount": 1, "currency": "LKR"}}}
    others += [paid | {"payment_id": str(uuid7())} for _ in range(2)]
    ids = {(await desk.put(body | other)).json()["id"] for other in others}
    assert len(ids) == len(others)
    assert len(await desk.mails()) == len(others)


async def test_messages_of_no_appointment_are_never_taken_for_each_other(desk: Desk) -> None:
    body = message(appointment_id=None, appointment_version=None, offset_hours=None)
    assert (await desk.put(body)).json()["id"] != (await desk.put(body)).json()["id"]


async def test_somebody_without_an_address_is_skipped_with_the_reason(desk: Desk) -> None:
    nobody = {"name": "Nimal Perera"}
    for channel in ("email", "sms"):
        sent = await desk.send(channel=channel, recipient=nobody)
        assert (sent["status"], sent["failure"], sent["attempts"]) == ("skipped", "no_address", 0)
    assert await desk.mails() == []


@pytest.mark.parametrize(
    ("also", "fields"),
    [
        ({"values": {}}, {"values.starts_at": "missing", "values.zone": "missing"}),
        ({"template": "payment_receipt", "values": {}}, {"values.amount": "missing"}),
        ({"values": VALUES | {"zone": "Mars/Olympus"}}, {"values.zone": "unknown_zone"}),
        ({"values": VALUES | {"zone": "../../etc/passwd"}}, {"values.zone": "unknown_zone"}),
        ({"values": VALUES | {"starts_at": "2026-12-01T09:30:00"}}, {"values.starts_at": "timezone_aware"}),
        ({"values": VALUES | {"consultant": "a\r\nBcc: x@example.com"}}, {"values.consultant": "control_characters"}),
        ({"recipient": NIMAL | {"name": "Nimal\nBcc: x@example.com"}}, {"recipient.name": "control_characters"}),
        ({"recipient": NIMAL | {"email": "nobody"}}, {"recipient.email": "value_error"}),
        ({"recipient": NIMAL | {"phone": "0771234567"}}, {"recipient.phone": "string_pattern_mismatch"}),
        ({"template": "party"}, {"template": "literal_error"}),
        ({"channel": "pigeon"}, {"channel": "literal_error"}),
        ({"offset_hours": -1}, {"offset_hours": "greater_than_equal"}),
        ({"colour": "red"}, {"colour": "extra_forbidden"}),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_sent(
    desk: Desk, also: dict[str, Any], fields: dict[str, str]
) -> None:
    assert wrong(await desk.put(message(**also))) == fields
    assert (await desk.ask("GET", "/messages")).json()["items"] == []


@pytest.mark.parametrize("address", ["nimal@example.com", "නිමල්@example.com", "o'brien+x@example.com"])
@pytest.mark.parametrize("name", ["නිමල් පෙරේරා", 'Nimal "The Doc" Perera, Dr; <x@y>', "👩🏽‍⚕️", "x" * 250])
async def test_names_and_addresses_of_every_script_arrive_as_they_are(desk: Desk, name: str, address: str) -> None:
    sent = await desk.send(recipient={"name": name, "email": address})
    assert (sent["status"], sent["failure"]) == ("sent", None)
    mail = await desk.mail(sent["id"])
    assert mail["recipient"] == f"{name} <{address}>"
    assert mail["text"].startswith(f"Dear {name},")


async def test_a_message_for_later_waits_and_goes_with_the_newest_words_when_its_time_has_come(
    desk: Desk, after: Callable[[timedelta], Any]
) -> None:
    due = clock.now() + timedelta(hours=1)
    body, key = message(scheduled_for=due.isoformat()), uuid7()
    waiting = (await desk.put(body, key)).json()
    assert (waiting["status"], waiting["attempts"], await desk.mails()) == ("queued", 0, [])
    with after(timedelta(hours=2)):
        sent = (await desk.put(body | {"recipient": NIMAL | {"name": "Nimala"}}, key)).json()
    assert sent["status"] == "sent"
    assert (await desk.mail(sent["id"]))["text"].startswith("Dear Nimala,")


async def test_lists_are_filtered_newest_first_and_paged(desk: Desk) -> None:
    body = message()
    first = (await desk.put(body)).json()
    skipped = await desk.send(recipient={"name": "Nimal"})
    last = (await desk.put(body | {"channel": "sms"})).json()

    async def listed(**params: Any) -> list[str]:
        return [one["id"] for one in (await desk.ask("GET", "/messages", params=params)).json()["items"]]

    assert await listed() == [last["id"], skipped["id"], first["id"]]
    assert await listed(status="skipped") == [skipped["id"]]
    assert await listed(patient_id=body["patient_id"]) == [last["id"], first["id"]]
    assert await listed(appointment_id=body["appointment_id"], channel="email") == [first["id"]]
    page = (await desk.ask("GET", "/messages", params={"limit": 2, "count": True})).json()
    assert page["total"] == 3
    assert await listed(cursor=page["next_cursor"]) == [first["id"]]
    assert wrong(await desk.ask("GET", "/messages", params={"status": "lost"})) == {"status": "literal_error"}


async def test_a_message_says_what_it_said_only_when_it_is_opened(desk: Desk) -> None:
    sent = await desk.send()
    (listed,) = (await desk.ask("GET", "/messages")).json()["items"]
    assert {"recipient", "subject", "body"} & listed.keys() == set()
    read = (await desk.ask("GET", f"/messages/{sent['id']}")).json()
    assert read["recipient"] == "Nimal Perera <nimal@example.com>"
    assert read["body"].startswith("Dear Nimal Perera,\n\nThis is a reminder")
