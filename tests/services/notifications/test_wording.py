"""What messages say: in the patient's language, in the location's time, in the right money, and nothing by accident."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.parts import parts
from services.notifications.schemas import Channel, Template, Values
from services.notifications.wording import LOCALES, Text, as_html, language_of, write
from tests.services.notifications.post import VALUES, Desk

FULL = Values.model_validate(
    VALUES
    | {
        "amount": {"amount": 350000, "currency": "LKR"},
        "refund": {"amount": 100000, "currency": "LKR"},
        "previous_starts_at": "2026-11-30T09:30:00+05:30",
        "invoice_number": "INV-2026-000001",
        "payment_method": "Visa 4242",
        "reason": "The consultant is ill",
        "link": "https://clinic.example/p/offer/abc",
        "answer_by": "2026-11-30T09:45:00+05:30",
        "dates": ["2026-12-01T09:30:00+05:30", "2026-12-15T09:30:00+05:30"],
    }
)
APPOINTMENT = Values.model_validate({"starts_at": VALUES["starts_at"], "zone": VALUES["zone"]})
PAYMENT = Values.model_validate({"amount": {"amount": 350000, "currency": "LKR"}})
each_template = pytest.mark.parametrize("template", get_args(Template))
each_language = pytest.mark.parametrize("language", LOCALES)


@each_language
@each_template
@pytest.mark.parametrize("channel", get_args(Channel))
def test_every_template_exists_in_every_language_for_every_channel(
    template: Template, language: str, channel: Channel
) -> None:
    needed = PAYMENT if template.startswith("payment_") else APPOINTMENT
    if template in {"waitlist_offer", "payment_reminder", "payment_link"}:
        needed = FULL
    for values in (FULL, needed):
        text = write(template, channel, language, "Nimal", values)
        assert text.language == language
        assert (text.subject is None) == (channel == "sms")
        for said in (text.subject or "x", text.body):
            assert said
            assert "None" not in said
            assert "{" not in said
            assert said == said.strip()
        assert "\n\n\n" not in text.body
        assert ("\n" in text.body) == (channel == "email")


@each_language
def test_each_language_says_it_in_its_own_words(language: str) -> None:
    ours = write("reminder", "email", language, "X", APPOINTMENT)
    others = [write("reminder", "email", other, "X", APPOINTMENT) for other in LOCALES if other != language]
    assert all(ours.body != other.body and ours.subject != other.subject for other in others)


@pytest.mark.parametrize(
    ("asked", "given_"), [("si", "si"), ("si-LK", "si"), ("TA_lk", "ta"), ("fr", "en"), ("", "en"), ("../en", "en")]
)
def test_a_language_without_templates_falls_back_to_english(asked: str, given_: str) -> None:
    assert language_of(asked) == given_
    assert write("reminder", "email", asked, "X", APPOINTMENT).language == given_


@pytest.mark.parametrize(
    ("starts_at", "zone", "said"),
    [
        ("2026-12-01T04:00:00Z", "Asia/Colombo", "Tuesday, 1 December 2026, 09:30 (Colombo, GMT+05:30)"),
        ("2026-03-08T06:59:00Z", "America/New_York", "Sunday, 8 March 2026, 01:59 (New York, GMT-05:00)"),
        ("2026-03-08T07:00:00Z", "America/New_York", "Sunday, 8 March 2026, 03:00 (New York, GMT-04:00)"),
        ("2026-11-01T05:30:00Z", "America/New_York", "Sunday, 1 November 2026, 01:30 (New York, GMT-04:00)"),
        ("2026-11-01T06:30:00Z", "America/New_York", "Sunday, 1 November 2026, 01:30 (New York, GMT-05:00)"),
        ("2026-04-04T14:45:00Z", "Australia/Lord_Howe", "Sunday, 5 April 2026, 01:45 (Lord Howe Island, GMT+11:00)"),
        ("2026-04-04T15:15:00Z", "Australia/Lord_Howe", "Sunday, 5 April 2026, 01:45 (Lord Howe Island, GMT+10:30)"),
        ("2026-10-03T15:30:00Z", "Australia/Lord_Howe", "Sunday, 4 October 2026, 02:30 (Lord Howe Island, GMT+11:00)"),
        ("2026-12-01T04:00:00Z", "UTC", "Tuesday, 1 December 2026, 04:00 (GMT+00:00)"),
        ("2026-12-31T20:00:00Z", "Pacific/Kiritimati", "Friday, 1 January 2027, 10:00 (Kiritimati, GMT+14:00)"),
    ],
)
def test_times_are_the_locations_with_the_zone_named(starts_at: str, zone: str, said: str) -> None:
    values = Values.model_validate({"starts_at": starts_at, "zone": zone})
    assert f"When: {said}\n" in write("reminder", "email", "en", "X", values).body


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [(350000, "LKR", "3,500.00"), (350, "JPY", "350"), (3500, "KWD", "3.500"), (1999, "EUR", "19.99")],
)
def test_money_has_the_digits_of_its_currency(amount: int, currency: str, said: str) -> None:
    values = Values.model_validate({"amount": {"amount": amount, "currency": currency}})
    subject = write("payment_receipt", "email", "en", "X", values).subject
    assert subject is not None
    assert subject.endswith(said)


def test_subjects_tell_nobody_who_reads_over_a_shoulder_whom_somebody_sees_and_why() -> None:
    for template in get_args(Template):
        subject = write(template, "email", "en", "Nimal Perera", FULL).subject or ""
        assert not any(word in subject for word in ("Nimal", "Anula", "Consultation", "ill"))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_html_holds_no_markup_but_its_own(said: str) -> None:
    ours = ("<p ", "</p>", "<br>")

    def markup(text: str) -> int:
        page = as_html(Text("en", text, text))
        return page.count("<") - sum(page.count(tag) for tag in ours)

    assert markup(said) == markup("")


@each_language
@pytest.mark.parametrize("template", ["booking_confirmation", "rescheduling", "reminder"])
def test_the_patients_page_is_linked_in_every_mail_and_in_a_short_message_where_it_fits(
    template: Template, language: str
) -> None:
    def sms(link: str | None, **more: str) -> str:
        values = APPOINTMENT.model_copy(update={"link": link, **more})
        return write(template, "sms", language, "X", values).body

    link = "https://c.example/p/appointment/" + "a" * 72
    mail = write(template, "email", language, "X", APPOINTMENT.model_copy(update={"link": link}))
    assert f"\n{link}\n" in mail.body, "on a line of its own"
    assert (link in sms(link)) == (language == "en")
    assert parts(sms(link)) <= 2
    assert sms("a" * 280) == sms(None), "what does not fit is left out"
    assert "https://c.example/x" in sms("https://c.example/x")


@pytest.mark.parametrize(
    ("text", "count"), [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("අ" * 70, 1), ("අ" * 71, 2)]
)
def test_the_parts_of_a_short_message_are_counted_as_the_network_does(text: str, count: int) -> None:
    assert parts(text) == count


async def test_staff_see_every_template_in_a_language(desk: Desk) -> None:
    shown = (await desk.ask("GET", "/templates", params={"language": "ta"})).json()
    assert [one["template"] for one in shown] == list(get_args(Template))
    assert {one["language"] for one in shown} == {"ta"}
    assert all(one["subject"] and one["body"] and one["sms"] for one in shown)


async def test_a_patient_is_written_to_in_their_language(desk: Desk) -> None:
    sent = await desk.send(recipient={"name": "නිමල්", "email": "n@example.com", "language": "si"})
    assert (await desk.mail(sent["id"]))["text"].startswith("ගරු නිමල්,")
