"""The journey of another system: token, patient, free times, booking, and what becomes of it."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from temporalio.common import TypedSearchAttributes

from tests.web.clinic import Clinic, eventually
from tests.web.conftest import problem
from web.gateway.engine import Engine
from web.gateway.errors import StillDeciding
from workflows import ids


async def test_a_card_that_works_books_pays_and_plans_reminders(clinic: Clinic) -> None:
    wish = await clinic.wish()
    answer = await clinic.post("/appointments", json=wish)
    assert answer.status_code == 201, answer.text
    booked = answer.json()
    assert booked["status"] == "booked"
    assert booked["patient"]["id"] == wish["patient_id"]
    assert (booked["invoice"]["status"], booked["invoice"]["due"]["amount"]) == ("balanced", 0)
    assert (booked["payment"]["status"], booked["payment"]["captured"]["amount"]) == ("captured", 350_000)
    assert {one["channel"] for one in booked["reminders"]} == {"email"}
    assert answer.headers["location"] == f"/api/v1/appointments/{booked['id']}"
    read = await clinic.get(f"/appointments/{booked['id']}")
    assert read.json()["status"] == "booked"


async def test_a_declined_card_is_402_and_frees_the_time_at_once(clinic: Clinic) -> None:
    wish = await clinic.wish(card="pm_card_chargeDeclined")
    refused = problem(await clinic.post("/appointments", json=wish), 402, "card_declined")
    assert refused["decline_code"] == "card_declined"
    again = await clinic.post("/appointments", json=wish | {"payment": {"method": "card", "token": "pm_card_visa"}})
    assert again.status_code == 201, again.text


async def test_a_taken_time_is_409_with_the_nearest_free_ones(clinic: Clinic) -> None:
    wish = await clinic.wish()
    assert (await clinic.post("/appointments", json=wish)).status_code == 201
    late = await clinic.post("/appointments", json=wish | {"patient_id": await clinic.patient()})
    alternatives = problem(late, 409, "slot_taken")["alternatives"]
    assert alternatives
    assert wish["start"] not in {one["start"] for one in alternatives}
    nearest = {key: alternatives[0][key] for key in ("consultant_id", "location_id", "visit_type_id", "start")}
    rescued = await clinic.post("/appointments", json=wish | nearest | {"patient_id": await clinic.patient()})
    assert rescued.status_code == 201, rescued.text


async def test_of_many_who_want_one_time_exactly_one_gets_it(clinic: Clinic) -> None:
    wish = await clinic.wish()
    patients = [await clinic.patient() for _ in range(8)]
    answers = await asyncio.gather(
        *(clinic.post("/appointments", json=wish | {"patient_id": patient}) for patient in patients)
    )
    assert sorted(one.status_code for one in answers) == [201] + [409] * 7
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"slot_taken"}


async def test_the_same_key_gives_the_same_answer_and_books_once(clinic: Clinic) -> None:
    wish = await clinic.wish()
    first = await clinic.post("/appointments", json=wish, key="once")
    again = await clinic.post("/appointments", json=wish, key="once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    found = await clinic.get("/appointments", params={"patient_id": wish["patient_id"]})
    assert len(found.json()["items"]) == 1


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(clinic: Clinic) -> None:
    wish = await clinic.wish(reason="A cough", notes="Rings back")
    first = await clinic.post("/appointments", json=wish, key="other body")
    assert first.status_code == 201, first.text
    changed = wish | {"reason": "Something else"}
    problem(await clinic.post("/appointments", json=changed, key="other body"), 422, "idempotency_conflict")
    read = (await clinic.get(f"/appointments/{first.json()['id']}")).json()
    assert (read["reason"], read["notes"]) == ("A cough", "Rings back")


async def test_a_refusal_is_remembered_by_its_key(clinic: Clinic) -> None:
    wish = await clinic.wish(card="pm_card_chargeDeclinedInsufficientFunds")
    first = problem(await clinic.post("/appointments", json=wish, key="declined"), 402, "card_declined")
    assert problem(await clinic.post("/appointments", json=wish, key="declined"), 402, "card_declined") == first


async def test_a_key_belongs_to_its_tenant(clinic: Clinic, other_clinic: Clinic) -> None:
    for one in (clinic, other_clinic):
        answer = await one.post("/appointments", json=await one.wish(), key="the same word")
        assert answer.status_code == 201, answer.text


async def test_what_is_to_be_paid_at_the_desk_is_booked_with_an_open_invoice(clinic: Clinic) -> None:
    booked = await clinic.booked(card=None, visit_type_id=clinic.desk_visit)
    assert booked["payment"] is None
    assert (booked["invoice"]["status"], booked["invoice"]["due"]["amount"]) == ("issued", 350_000)


async def test_who_pays_by_link_gets_a_page_and_a_place_to_look_and_is_booked_when_it_was_paid(clinic: Clinic) -> None:
    wish = await clinic.wish() | {"payment": {"method": "link"}}
    first = await clinic.post("/appointments", json=wish, key="by link")
    waits = problem(first, 202, "payment_awaited")
    assert (waits["amount"], waits["retry_after"]) == ({"amount": 350_000, "currency": "LKR"}, 5)
    assert datetime.fromisoformat(waits["pay_until"]) > datetime.now(UTC)
    place = first.headers["location"].removeprefix("/api/v1")
    assert (await clinic.get(place)).json()["step"] == "waiting_for_payment"
    taken = await clinic.post("/appointments", json=await clinic.wish() | {"start": wish["start"]})
    problem(taken, 409, "slot_taken")
    again = problem(await clinic.post("/appointments", json=wish, key="by link"), 202, "payment_awaited")
    assert httpx.URL(again["payment_url"]).path.startswith("/p/sandbox-checkout/")
    checkout = httpx.URL(waits["payment_url"]).path
    declined = await clinic.http.post(checkout, data={"token": "pm_card_chargeDeclined"})
    assert declined.status_code == 402
    paid = await clinic.http.post(checkout, data={"token": "pm_card_visa"})
    assert paid.status_code == 303, paid.text
    booked = await clinic.post("/appointments", json=wish, key="by link")
    assert booked.status_code == 201, booked.text
    made = booked.json()
    assert (made["status"], made["invoice"]["status"]) == ("booked", "balanced")
    assert (made["payment"]["method"], made["payment"]["captured"]["amount"]) == ("online_link", 350_000)
    assert (await clinic.get(place)).json()["result"]["status"] == "booked"


async def test_strangers_and_impossible_times_are_refused_by_name(clinic: Clinic, other_clinic: Clinic) -> None:
    wish = await clinic.wish()
    for changed, status, code in (
        ({"patient_id": await other_clinic.patient()}, 404, "patient_not_found"),
        ({"consultant_id": other_clinic.consultant}, 404, "consultant_not_found"),
        ({"visit_type_id": other_clinic.paid_visit}, 404, "visit_type_not_found"),
        ({"location_id": other_clinic.location}, 422, "outside_hours"),
        ({"start": "2020-01-01T09:00:00Z"}, 422, "too_soon"),
        ({"start": "2099-01-01T09:00:00Z"}, 422, "beyond_horizon"),
    ):
        problem(await clinic.post("/appointments", json=wish | changed), status, code)


async def test_a_booking_takes_the_scopes_that_it_names_and_no_others(clinic: Clinic) -> None:
    named = ("appointments:write", "patients:read", "consultants:read")
    booked = await clinic.post("/appointments", json=await clinic.wish(), scopes=named)
    assert booked.status_code == 201, booked.text
    assert booked.json()["invoice"] is None


async def test_no_reminder_is_promised_on_a_channel_that_was_opted_out_of(clinic: Clinic) -> None:
    patient = await clinic.patient(phone="+94771234567")
    wish = await clinic.wish(patient_id=patient)
    both = (await clinic.post("/appointments", json=wish)).json()["reminders"]
    assert {one["channel"] for one in both} == {"email", "sms"}
    no_mail = {"email": False, "sms": True}
    assert (await clinic.put(f"/patients/{patient}/message-preferences", json=no_mail)).status_code == 200
    told = (await clinic.booked(patient_id=patient))["reminders"]
    assert {one["channel"] for one in told} == {"sms"}


async def test_overbooking_takes_its_own_scope(clinic: Clinic) -> None:
    wish = await clinic.wish()
    assert (await clinic.post("/appointments", json=wish)).status_code == 201
    over = wish | {"patient_id": await clinic.patient(), "overbook": {"reason": "Urgent, agreed with Dr Silva"}}
    refused = await clinic.post("/appointments", json=over, scopes=("appointments:write",))
    problem(refused, 403, "forbidden")
    allowed = await clinic.post("/appointments", json=over)
    assert allowed.status_code == 201, allowed.text


async def test_a_cancellation_in_time_returns_the_money(clinic: Clinic) -> None:
    booked = await clinic.booked()
    place = f"/appointments/{booked['id']}/cancellation"
    answer = await clinic.post(place, json={"reason": "pat", "note": "Called"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    payment = f"/payments/{booked['payment']['id']}"
    await eventually(lambda: clinic.get(payment), lambda told: told.json()["refunded"]["amount"] == 350_000)
    refunds = (await clinic.get(f"{payment}/refunds")).json()["items"]
    assert [(one["amount"]["amount"], one["status"]) for one in refunds] == [(350_000, "succeeded")]
    problem(await clinic.post(place, json={"reason": "pat"}), 409, "wrong_state")


async def test_a_move_keeps_the_appointment_and_raises_its_version(clinic: Clinic) -> None:
    booked, slot = await clinic.booked(), await clinic.slot()
    moved = await clinic.post(f"/appointments/{booked['id']}/rescheduling", json={"start": slot["start"]})
    assert (moved.status_code, moved.json()["version"]) == (200, 2), moved.text
    assert moved.json()["id"] == booked["id"]


async def test_a_change_that_is_repeated_with_its_key_is_made_once(clinic: Clinic) -> None:
    booked, slot, other = await clinic.booked(), await clinic.slot(), await clinic.slot()
    at = f"/appointments/{booked['id']}"
    moves = [
        await clinic.post(f"{at}/rescheduling", json={"start": start}, key="move")
        for start in (slot["start"], slot["start"], other["start"])
    ]
    assert [one.status_code for one in moves] == [200, 200, 422]
    assert (moves[0].json()["version"], moves[1].json()) == (2, moves[0].json())
    problem(moves[2], 422, "idempotency_conflict")
    assert (await clinic.get(at)).json()["version"] == 2
    gone = await clinic.post(f"{at}/cancellation", json={"reason": "pat"}, key="move")
    assert gone.status_code == 200, "another change has keys of its own"

    async def ended() -> httpx.Response:
        return await clinic.post(f"{at}/cancellation", json={"reason": "pat"})

    await eventually(ended, lambda answer: answer.status_code == 409)
    again = await clinic.post(f"{at}/cancellation", json={"reason": "pat"}, key="move")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    problem(await clinic.post(f"{at}/cancellation", json={"reason": "prov"}, key="move"), 422, "idempotency_conflict")


async def test_the_reason_of_a_change_is_kept_with_it_and_not_of_one_that_was_refused(clinic: Clinic) -> None:
    booked, slot = await clinic.booked(), await clinic.slot()
    at = f"/appointments/{booked['id']}"
    body = {"start": slot["start"], "overbook": {"reason": "an emergency"}}
    problem(await clinic.post(f"{at}/rescheduling", json=body | {"version": 9}), 409, "version_conflict")
    assert (await clinic.get(at)).json()["remarks"] == []
    for _ in range(2):
        assert (await clinic.post(f"{at}/rescheduling", json=body, key="emergency")).status_code == 200
    kept = [(one["kind"], one["text"]) for one in (await clinic.get(at)).json()["remarks"]]
    assert kept == [("overbook", "an emergency")]


async def test_a_step_that_is_repeated_with_its_key_is_not_noted_again_after_its_undo(clinic: Clinic) -> None:
    at = f"/appointments/{(await clinic.expected())['id']}/arrival"
    first = await clinic.post(at, key="here")
    assert (await clinic.ask("DELETE", at, key="here")).json()["status"] == "booked"
    assert (await clinic.post(at, key="here")).json() == first.json()
    assert (await clinic.get(at.removesuffix("/arrival"))).json()["status"] == "booked"


async def test_who_asks_again_is_told_how_it_ended_although_the_process_never_heard_the_first_question(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The engine starts the process, and what was asked of it is lost with whoever died in between."""

    async def lost(self: Engine, run: Any, request: Any, process: str, *_: Any, attributes: Any, **__: Any) -> None:
        said = TypedSearchAttributes(attributes)
        await self.client.start_workflow(run, request, id=process, task_queue=ids.BOOKINGS, search_attributes=said)
        raise StillDeciding(workflow_id=process, retry_after=1)

    body = await clinic.wish(card="pm_card_chargeDeclined")
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "begin", lost)
        waiting = await clinic.post("/appointments", json=body, key="lost")
    assert waiting.status_code == 202
    process = waiting.headers["location"].rsplit("/", 1)[1]
    await clinic.gateway.engine.client.get_workflow_handle(process).result()
    for _ in range(2):
        problem(await clinic.post("/appointments", json=body, key="lost"), 402, "card_declined")
    other = body | {"reason": "something else"}
    problem(await clinic.post("/appointments", json=other, key="lost"), 422, "idempotency_conflict")
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_a_series_that_is_moved_again_with_the_same_key_stays_where_it_is(clinic: Clinic) -> None:
    at = f"/series/{await clinic.repeated(await clinic.patient())}"
    (first, _) = (await clinic.get(at)).json()["occurrences"]
    later = (datetime.fromisoformat(first["start"]) + timedelta(hours=1)).isoformat()
    body = {"number": 1, "scope": "following", "start": later}
    moves = [await clinic.post(f"{at}/rescheduling", json=body, key="later") for _ in range(2)]
    assert [one.status_code for one in moves] == [200, 200], moves[0].text
    assert moves[0].json()["changes"] == moves[1].json()["changes"]
    problem(
        await clinic.post(f"{at}/rescheduling", json=body | {"scope": "one"}, key="later"), 422, "idempotency_conflict"
    )
    moved = (await clinic.get(at)).json()["occurrences"]
    assert [(await clinic.get(f"/appointments/{one['appointment_id']}")).json()["version"] for one in moved] == [2, 2]


async def test_a_series_that_is_cancelled_by_mistake_comes_back_and_is_waived_with_a_reason(clinic: Clinic) -> None:
    at = f"/series/{await clinic.repeated(await clinic.patient())}"
    gone = {"scope": "all", "reason": "pat", "undoable": True, "waive_fee": {"reason": "a flood"}}
    changed = (await clinic.post(f"{at}/cancellation", json=gone)).json()
    assert [(one["changed"], one["code"]) for one in changed["changes"]] == [(True, None)] * 2
    assert all(one["undo_until"] for one in changed["series"]["occurrences"])
    back = await clinic.ask("DELETE", f"{at}/cancellation")
    assert (back.status_code, [one["changed"] for one in back.json()["changes"]]) == (200, [True, True])
    found = (await clinic.get(at)).json()
    assert (found["status"], {one["appointment_status"] for one in found["occurrences"]}) == ("active", {"booked"})
    problem(await clinic.ask("DELETE", f"{at}/cancellation"), 409, "undo_window_over")
    visit = f"/appointments/{found['occurrences'][1]['appointment_id']}"
    assert [(one["kind"], one["text"]) for one in (await clinic.get(visit)).json()["remarks"]] == [
        ("fee_waiver", "a flood")
    ]
    without = ("appointments:read", "appointments:write")
    problem(await clinic.ask("POST", f"{at}/cancellation", json=gone, scopes=without), 403, "forbidden")


async def test_each_step_of_the_visit_has_its_resource(clinic: Clinic) -> None:
    booked = await clinic.expected()
    for method, noun, status in (
        ("POST", "arrival", "arrived"),
        ("DELETE", "arrival", "booked"),
        ("POST", "arrival", "arrived"),
        ("POST", "check-in", "checked_in"),
        ("DELETE", "check-in", "arrived"),
        ("POST", "check-in", "checked_in"),
        ("POST", "completion", "fulfilled"),
    ):
        answer = await clinic.ask(method, f"/appointments/{booked['id']}/{noun}")
        assert (answer.status_code, answer.json().get("status")) == (200, status), answer.text
    told = (await clinic.get(f"/appointments/{booked['id']}/timeline")).json()
    assert (len(told["items"]) >= 8, told["next_cursor"]) == (True, None)


async def test_nobody_has_come_or_stayed_away_before_the_day_of_the_visit(clinic: Clinic) -> None:
    booked = await clinic.booked()
    for noun in ("arrival", "check-in", "no-show"):
        said = problem(await clinic.post(f"/appointments/{booked['id']}/{noun}"), 409, "too_early")
        assert datetime.fromisoformat(said["possible_from"]) > datetime.now(UTC)
    assert (await clinic.get(f"/appointments/{booked['id']}")).json()["status"] == "booked"
