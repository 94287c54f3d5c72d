"""Nobody is told what they did not want to hear, or what is no longer true."""

from typing import Any

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.services.notifications.post import VALUES, Desk, message, wrong

PERISHABLE = ("booking_confirmation", "reminder", "rescheduling", "waitlist_offer")
LASTING = ("cancellation", "payment_receipt", "payment_failed")
WORDS = VALUES | {"amount": {"amount": 350000, "currency": "LKR"}}


async def test_who_never_said_wants_both_channels(desk: Desk) -> None:
    answer = await desk.ask("GET", f"/patients/{uuid7()}/preferences")
    assert answer.json() == {"email": True, "sms": True, "version": 0}


async def test_what_a_patient_said_is_kept_and_can_be_taken_back(desk: Desk) -> None:
    path = f"/patients/{uuid7()}/preferences"
    for version, said in enumerate(({"email": False, "sms": True}, {"email": True, "sms": False}), 1):
        assert (await desk.ask("PUT", path, json=said)).json() == said | {"version": version}
        assert (await desk.ask("GET", path)).json() == said | {"version": version}


async def test_a_channel_that_was_opted_out_of_is_skipped_and_the_other_is_not(desk: Desk) -> None:
    body = message()
    await desk.ask("PUT", f"/patients/{body['patient_id']}/preferences", json={"email": False, "sms": True})
    skipped = (await desk.put(body)).json()
    assert (skipped["status"], skipped["failure"], skipped["attempts"]) == ("skipped", "opted_out", 0)
    assert (await desk.put(body | {"channel": "sms"})).json()["status"] == "sent"
    assert [mail["channel"] for mail in await desk.mails()] == ["sms"]


async def test_a_person_at_the_desk_cannot_send_past_an_opt_out(desk: Desk) -> None:
    sent = await desk.send()
    await desk.ask("PUT", f"/patients/{sent['patient_id']}/preferences", json={"email": False, "sms": False})
    answer = await desk.ask("POST", f"/messages/{sent['id']}/resending", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "opted_out")
    assert len(await desk.mails()) == 1


@pytest.mark.parametrize("said", [{"email": "no", "sms": True}, {"email": None, "sms": True}, {"pigeon": True}])
async def test_a_preference_is_yes_or_no(desk: Desk, said: dict[str, Any]) -> None:
    assert wrong(await desk.ask("PUT", f"/patients/{uuid7()}/preferences", json=said))


@pytest.mark.parametrize("template", PERISHABLE)
async def test_nothing_goes_for_a_version_that_was_moved_even_when_it_is_asked_for_later(
    desk: Desk, template: str
) -> None:
    offer = {"link": "https://clinic.example/p/offer/abc", "answer_by": VALUES["starts_at"]}
    body = message(template=template, values=VALUES | offer)
    await desk.ask("PUT", f"/appointments/{body['appointment_id']}/cutoff", json={"below_version": 2})
    stale = (await desk.put(body)).json()
    assert (stale["status"], stale["failure"]) == ("cancelled", "superseded")
    fresh = (await desk.put(body | {"appointment_version": 2})).json()
    assert fresh["status"] == "sent"
    assert len(await desk.mails()) == 1


@pytest.mark.parametrize("template", LASTING)
async def test_what_stays_true_goes_whatever_became_of_the_appointment(desk: Desk, template: str) -> None:
    body = message(template=template, values=WORDS)
    await desk.ask("PUT", f"/appointments/{body['appointment_id']}/cutoff", json={"below_version": 2})
    assert (await desk.put(body)).json()["status"] == "sent"


async def test_a_waiting_message_is_cancelled_with_the_time_it_speaks_of(desk: Desk) -> None:
    body = message(scheduled_for=clock.now().replace(year=2999).isoformat())
    waiting = (await desk.put(body)).json()
    path = f"/appointments/{body['appointment_id']}/cutoff"
    assert [(await desk.ask("PUT", path, json={"below_version": version})).json() for version in (1, 2, 2)] == [
        {"cancelled": 0},
        {"cancelled": 1},
        {"cancelled": 0},
    ]
    assert (await desk.ask("GET", f"/messages/{waiting['id']}")).json()["status"] == "cancelled"


async def test_a_cutoff_never_falls_back(desk: Desk) -> None:
    body = message(appointment_version=2)
    path = f"/appointments/{body['appointment_id']}/cutoff"
    for version in (3, 1):
        await desk.ask("PUT", path, json={"below_version": version})
    assert (await desk.put(body)).json()["status"] == "cancelled"


async def test_a_sent_reminder_of_a_moved_appointment_is_not_sent_once_more(desk: Desk) -> None:
    sent = await desk.send()
    await desk.ask("PUT", f"/appointments/{sent['appointment_id']}/cutoff", json={"below_version": 2})
    answer = await desk.ask("POST", f"/messages/{sent['id']}/resending", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "message_superseded")
