"""Booking and what follows, through forms."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from careconnect.money import Money
from services.consultants.schemas import CancellationPolicy, Offer
from tests.web.clinic import ZONE, Clinic, eventually, visit_type
from tests.web.pages.desk import Desk, Page, told
from web.pages.appointments.terms import cancellation_words

VISIT = datetime(2026, 11, 19, 4, 50, tzinfo=UTC)


def rupees(amount: int) -> Money:
    """Write an amount of whole rupees."""
    return Money(amount=amount * 100, currency="LKR")


async def wish(clinic: Clinic, **changed: str) -> dict[str, str]:
    """Say what to book, as the form carries it."""
    slot = await clinic.slot()
    return {
        "patient_id": await clinic.patient(),
        "visit_type_id": slot["visit_type_id"],
        "slot": value_of(slot),
        "pay": "card",
        "token": "pm_card_visa",
        "notify": "true",
        "offered": "true",
    } | changed


def value_of(slot: dict[str, Any]) -> str:
    """Write a free time as the form carries it."""
    start = datetime.fromisoformat(slot["start"]).astimezone(ZoneInfo("UTC")).isoformat()
    return f"{slot['consultant_id']}|{slot['location_id']}|{start}"


async def book(desk: Desk, wanted: dict[str, str], *, script: bool = False) -> httpx.Response:
    """Fill and send the form."""
    return await desk.send(await desk.read("/appointments/new"), "/appointments", wanted, script=script)


def opened(page: Page) -> str:
    """Find where a booking that was made is opened."""
    return next(link for link in page.links if link.startswith("/appointments/") and "new" not in link)


async def test_a_booking_with_a_card_is_paid_and_shown(front_desk: Desk, clinic: Clinic) -> None:
    answer = await book(front_desk, await wish(clinic), script=True)
    page = Page(answer.text)
    assert answer.status_code == 201, page.text
    assert "Appointment booked" in page.text
    assert "INV-" in page.text
    assert "Paid" in page.text
    assert told(answer)["appointments-changed"]
    detail = await front_desk.read(opened(page))
    assert "Booked" in detail.text
    assert "Time held" in detail.text
    assert "No-show check" in detail.text


async def test_a_double_click_books_once(front_desk: Desk, clinic: Clinic) -> None:
    page, wanted = await front_desk.read("/appointments/new"), await wish(clinic)
    answers = await asyncio.gather(*(front_desk.send(page, "/appointments", wanted) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({next(one for one in Page(answer.text).links if "/billing/invoices/" in one) for answer in answers}) == 1


async def test_a_declined_card_leaves_everything_in_the_form_to_try_another(front_desk: Desk, clinic: Clinic) -> None:
    wanted = await wish(clinic, token="pm_card_chargeDeclinedInsufficientFunds", reason="Cough")
    answer = await book(front_desk, wanted)
    page = Page(answer.text)
    fields = page.form("/appointments").fields
    assert answer.status_code == 402
    assert "too little money" in page.text
    assert "Nothing was charged" in page.text
    assert {name: fields[name] for name in ("patient_id", "slot", "reason", "pay")} == {
        name: wanted[name] for name in ("patient_id", "slot", "reason", "pay")
    }
    assert (await front_desk.send(page, "/appointments", token="pm_card_visa")).status_code == 201


async def test_a_time_that_was_taken_meanwhile_comes_with_the_nearest_free_ones(
    front_desk: Desk, clinic: Clinic
) -> None:
    wanted = await wish(clinic)
    assert (await book(front_desk, wanted)).status_code == 201
    answer = await book(front_desk, wanted | {"patient_id": await clinic.patient()})
    page = Page(answer.text)
    assert answer.status_code == 409
    assert "nearest free times" in page.text
    free = [said["value"] for said in page.having("name", "slot")]
    assert free
    assert wanted["slot"] not in free
    again = await front_desk.send(page, "/appointments", slot=free[0], pay="card", token="pm_card_visa", offered="true")
    assert again.status_code == 201


async def test_a_booking_by_link_shows_the_page_to_pay_at_and_is_booked_when_it_was_paid(
    front_desk: Desk, clinic: Clinic
) -> None:
    answer = await book(front_desk, await wish(clinic, pay="link", token=""), script=True)
    page = Page(answer.text)
    assert answer.status_code == 200, page.text
    assert "It is booked as soon as" in page.text
    assert "<svg width" in answer.text
    [address] = [said["value"] for said in page.having("id", "link-address")]
    [follow] = [said["hx-get"] for said in page.having("hx-get") if said["hx-get"].endswith("/outcome")]
    paid = await front_desk.http.post(httpx.URL(address).path, data={"token": "pm_card_visa"})
    assert paid.status_code == 303, paid.text
    shown = await eventually(lambda: front_desk.read(follow), lambda found: "Appointment booked" in found.text)
    assert "Paid" in shown.text


async def test_nobody_books_terms_that_were_not_shown(front_desk: Desk, clinic: Clinic) -> None:
    answer = await book(front_desk, await wish(clinic, offered="", pay="", token=""))
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "Paid in full when booked." in page.text
    assert (await front_desk.send(page, "/appointments")).status_code == 201


async def test_what_was_not_chosen_is_asked_for(front_desk: Desk, clinic: Clinic) -> None:
    answer = await book(front_desk, {"patient_id": "", "slot": ""})
    text = Page(answer.text).text
    assert answer.status_code == 422
    assert "Search for the patient" in text
    assert "Choose a time" in text
    assert clinic.tenant_id


async def test_a_booked_time_is_no_longer_offered(front_desk: Desk, clinic: Clinic) -> None:
    wanted = await wish(clinic)
    assert wanted["slot"] in await free_times(front_desk, wanted)
    assert (await book(front_desk, wanted)).status_code == 201
    assert wanted["slot"] not in await free_times(front_desk, wanted)


async def test_the_terms_of_a_time_say_price_policy_and_reminders(front_desk: Desk, clinic: Clinic) -> None:
    page = await front_desk.read(f"/appointments/new/offer?{urlencode(await wish(clinic))}", part="offer")
    assert "LKR 3,500.00" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Paid in full when booked." in page.text
    assert re.search(r"Free to cancel until .+, then LKR.1,750\.00\.", page.text)
    assert "Reminders:" in page.text


@pytest.mark.parametrize(
    ("policy", "hours_left", "said"),
    [
        (CancellationPolicy(fee=rupees(500)), 48, "Free to cancel until Wed, 18 Nov 2026, 10:20, then LKR 500.00."),
        (CancellationPolicy(fee_percent=50), 48, "Free to cancel until Wed, 18 Nov 2026, 10:20, then LKR 1,750.00."),
        (CancellationPolicy(fee=rupees(9_000)), 12, "To cancel costs LKR 3,500.00."),
        (CancellationPolicy(no_show_fee=rupees(500)), 48, "Free to cancel."),
    ],
)
def test_a_cancellation_s_fee_is_named_however_it_is_set(
    policy: CancellationPolicy, hours_left: int, said: str
) -> None:
    terms: dict[str, Any] = {
        "price": rupees(3_500),
        "start": VISIT,
        "zone": "Asia/Colombo",
        "cancellation_policy": policy,
    }
    assert (
        cancellation_words(Offer.model_construct(**terms), VISIT - timedelta(hours=hours_left)).replace(
            "\N{NO-BREAK SPACE}", " "
        )
        == said
    )


async def test_new_patient_is_offered_only_after_a_search(front_desk: Desk) -> None:
    assert "New patient" not in (await front_desk.read("/patients/options", part="list")).text
    assert "New patient “zzz”" in (await front_desk.read("/patients/options?find=zzz", part="list")).text


async def test_the_list_is_narrowed_to_a_patient_who_is_found_by_typing_and_stays_in_the_address(
    front_desk: Desk, clinic: Clinic
) -> None:
    patient = await clinic.patient(first_name="Zaheera")
    hers, other = await clinic.booked(patient_id=patient), await clinic.booked()
    found = await front_desk.read("/patients/options/known?find=zaheera", part="list")
    assert [one["data-value"] for one in found.having("data-value")] == [patient]
    assert "New patient" not in found.text
    chooser = await front_desk.read("/patients/options?find=zaheera", part="list")
    assert not {one["id"] for one in found.having("id")} & {one["id"] for one in chooser.having("id")}
    page = await front_desk.read(f"/appointments?date={local_day(hers)}&patient_id={patient}")
    assert f"/appointments/{hers['id']}" in page.links
    (field,) = [one for one in page.having("role", "combobox") if one.get("aria-label") == "Patient"]
    assert (field["value"].split()[0], page.form("/appointments").fields["patient_id"]) == ("Zaheera", patient)
    assert {f"patient_id={patient}" in one for one in page.links if one.startswith("/appointments?")} == {True}
    others = f"/appointments?date={local_day(other)}"
    assert f"/appointments/{other['id']}" in (await front_desk.read(others)).links
    assert f"/appointments/{other['id']}" not in (await front_desk.read(f"{others}&patient_id={patient}")).links


async def test_paying_at_the_desk_leaves_the_invoice_open(front_desk: Desk, clinic: Clinic) -> None:
    answer = await book(front_desk, await wish(clinic, pay="at_desk"))
    page = Page(answer.text)
    invoice = await front_desk.read(next(link for link in page.links if "/billing/invoices/" in link))
    assert "Issued" in invoice.text
    assert "Take payment" in invoice.text


async def test_the_steps_of_a_visit_and_their_undoing(front_desk: Desk, clinic: Clinic) -> None:
    path = f"/appointments/{(await clinic.expected())['id']}"
    await front_desk.send(await front_desk.read(path), f"{path}/arrival")
    arrived = await front_desk.read(path)
    assert arrived.having("data-undo", f"{path}/arrival?undo=true")
    await front_desk.send(arrived, f"{path}/check-in")
    await front_desk.send(await front_desk.read(path), f"{path}/check-in")
    assert "Check-in undone" in (await front_desk.read(path)).text
    await front_desk.send(await front_desk.read(path), f"{path}/check-in")
    await front_desk.send(await front_desk.read(path), f"{path}/consultation")
    assert "With the consultant" in (await front_desk.read(path)).text
    await front_desk.send(await front_desk.read(path), f"{path}/completion")
    completed = await front_desk.read(path)
    assert "Visit completed" in completed.text
    await front_desk.send(completed, f"{path}/completion")
    assert "Completion undone" in (await front_desk.read(path)).text


async def test_who_leaves_unseen_is_noted_and_may_still_be_here(front_desk: Desk, clinic: Clinic) -> None:
    path = f"/appointments/{(await clinic.expected())['id']}"
    await front_desk.send(await front_desk.read(path), f"{path}/arrival")
    await front_desk.send(await front_desk.read(path), f"{path}/departure")
    left = await front_desk.read(path)
    assert "Left without being seen" in left.text
    await front_desk.send(left, f"{path}/departure")
    assert "Still here after all" in (await front_desk.read(path)).text


async def test_a_step_that_its_state_forbids_is_said_on_the_screen_it_came_from(
    front_desk: Desk, clinic: Clinic
) -> None:
    path = f"/appointments/{(await clinic.booked())['id']}"
    fields = {"csrf_token": await front_desk.token()}
    answer = await front_desk.http.post(
        f"{path}/completion", data=fields, headers={"referer": f"http://edge.test{path}"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert (await front_desk.read(path)).having("class", "toast tone-red")


async def test_cancelling_says_before_what_becomes_of_the_money_and_does_so(front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    path = f"/appointments/{booked['id']}"
    page = await front_desk.read(f"{path}/cancel")
    assert "go back to the patient" in page.text
    answer = await front_desk.send(page, f"{path}/cancellation", reason="pat")
    assert answer.headers["location"] == path
    cancelled = await front_desk.read(path)
    assert "Refund and message follow at" in cancelled.text
    await front_desk.send(cancelled, f"{path}/cancellation")
    again = await front_desk.read(path)
    assert "Cancellation undone" in again.text
    assert f"{path}/cancel" in again.links
    assert not [form for form in again.forms if form.action == f"{path}/arrival"], "nobody comes before the day"
    payments = (await clinic.get("/payments", params={"appointment_id": booked["id"]})).json()["items"]
    assert [one["refunded"]["amount"] for one in payments] == [0]


async def test_a_fee_is_waived_only_with_a_reason_that_is_kept(front_desk: Desk, clinic: Clinic) -> None:
    start = (datetime.now(UTC) + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    booked = await clinic.booked(start=start.isoformat())
    path = f"/appointments/{booked['id']}"
    page = await front_desk.read(f"{path}/cancel")
    assert "stay as the fee" in page.text
    refused = await front_desk.send(page, f"{path}/cancellation", waive="true")
    assert (refused.status_code, "Say why the fee is waived" in Page(refused.text).text) == (422, True)
    await front_desk.send(
        Page(refused.text), f"{path}/cancellation", waive="true", waive_reason="A strike of the buses"
    )
    assert "A strike of the buses" in (await front_desk.read(path)).text


async def test_a_late_cancellation_s_fee_is_of_the_price_that_was_booked(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    own = await Clinic.begin(edge, http)
    start = (datetime.now(UTC) + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    booked = await own.booked(start=start.isoformat())
    kind = (await own.get(f"/visit-types/{own.paid_visit}")).json()
    dearer = visit_type(name=kind["name"], price={"amount": 700_000, "currency": "LKR"}, version=kind["version"])
    assert (await own.put(f"/visit-types/{own.paid_visit}", json=dearer)).status_code == 200
    page = await (await Desk.open(edge, own, "front_desk")).read(f"/appointments/{booked['id']}/cancel")
    assert "1,750.00" in page.text
    assert "stay as the fee" in page.text


async def test_what_comes_next_promises_no_reminder_to_who_wants_no_messages(front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    path = f"/appointments/{booked['id']}"
    assert "Reminder" in (await front_desk.read(path)).text
    nothing = {"email": False, "sms": False}
    place = f"/patients/{booked['patient']['id']}/message-preferences"
    assert (await clinic.put(place, json=nothing)).status_code == 200
    assert "Reminder" not in (await front_desk.read(path)).text


async def test_what_is_noted_with_a_cancellation_is_read_on_its_page_and_timeline(
    front_desk: Desk, clinic: Clinic
) -> None:
    path = f"/appointments/{(await clinic.booked())['id']}"
    page = await front_desk.read(f"{path}/cancel")
    await front_desk.send(page, f"{path}/cancellation", note="  Moves to Kandy, asked for her X-ray. ")
    assert (await front_desk.read(path)).text.count("Noted when cancelling") == 2
    assert (await front_desk.read(path)).text.count("Moves to Kandy, asked for her X-ray.") == 2


async def test_moving_keeps_the_appointment_and_frees_its_old_time(front_desk: Desk, clinic: Clinic) -> None:
    wanted, later = await wish(clinic), await clinic.slot()
    made = Page((await book(front_desk, wanted)).text)
    path = opened(made)
    page = await front_desk.read(f"{path}/move")
    answer = await front_desk.send(page, f"{path}/rescheduling", slot=value_of(later))
    assert answer.headers["location"] == path, answer.text
    moved = await front_desk.read(path)
    assert "Moved" in moved.text
    assert wanted["slot"] in await free_times(front_desk, wanted)
    await front_desk.send(moved, f"{path}/rescheduling")
    assert "Moved back" in (await front_desk.read(path)).text
    assert wanted["slot"] not in await free_times(front_desk, wanted)


async def test_times_to_move_to_hold_all_of_a_lengthened_visit_and_may_reach_into_its_own(
    front_desk: Desk, clinic: Clinic
) -> None:
    made = await clinic.booked(payment={"method": "at_desk"})
    path, start = f"/appointments/{made['id']}", datetime.fromisoformat(made["start"])
    longer = {"start": made["start"], "duration_minutes": 90}
    assert (await clinic.post(f"{path}/rescheduling", json=longer)).status_code == 200
    after = start + timedelta(minutes=180)
    await clinic.booked(start=after.isoformat(), payment={"method": "at_desk"})
    typed = {"moving": made["id"], "visit_type_id": made["visit_type"]["id"], "date": start.date().isoformat()}
    page = await front_desk.read(f"/appointments/new/times?{urlencode(typed)}", part="times")
    offered = [datetime.fromisoformat(said["value"].rsplit("|", 1)[1]) for said in page.having("name", "slot")]
    near = [at - start for at in offered if start <= at < after]
    assert near == [timedelta(minutes=30), timedelta(minutes=60), timedelta(minutes=90)]
    page = await front_desk.read(f"{path}/move")
    assert page.having("name", "moving") == [{"type": "hidden", "name": "moving", "value": made["id"]}]


async def test_the_list_has_each_day_once_and_its_filters_in_its_address(front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    day = local_day(booked)
    page = await front_desk.read(f"/appointments?date={day}&status=booked")
    assert booked["reference"] in page.text
    assert page.form("/appointments").fields["date"] == day
    assert any(f"date={day}" in link and "status=cancelled" in link for link in page.links)
    assert booked["reference"] not in (await front_desk.read(f"/appointments?date={day}&status=fulfilled")).text


def local_day(booked: dict[str, Any]) -> str:
    """Give the day on which a visit takes place there."""
    return datetime.fromisoformat(booked["start"]).astimezone(ZoneInfo(ZONE)).date().isoformat()


async def free_times(desk: Desk, wanted: dict[str, str]) -> list[str]:
    """List the values of the times that are free on the wanted day."""
    start = datetime.fromisoformat(wanted["slot"].rsplit("|", 1)[1]).astimezone(ZoneInfo(ZONE))
    asked = urlencode({"visit_type_id": wanted["visit_type_id"], "date": start.date().isoformat()})
    page = await desk.read(f"/appointments/new/times?{asked}&first={start.date().isoformat()}", part="times")
    return [said["value"] for said in page.having("name", "slot")]


async def test_the_finder_takes_thursday_afternoons_with_anybody_of_a_speciality(
    front_desk: Desk, clinic: Clinic
) -> None:
    form = await front_desk.read("/appointments/new")
    anybody = next(one["value"] for one in form.having("value") if one.get("value", "").startswith("specialty:"))
    asked = {"visit_type_id": clinic.paid_visit, "consultant_id": anybody, "on": "3", "part_of_day": "afternoon"}
    stale = {"date": (await front_desk.read("/appointments/new/times?" + urlencode(asked))).having("name", "date")}
    assert [datetime.fromisoformat(one["value"]).weekday() for one in stale["date"]] == [3] * 7
    friday = datetime.fromisoformat(stale["date"][0]["value"]) + timedelta(days=1)
    times = await front_desk.read("/appointments/new/times?" + urlencode(asked | {"date": f"{friday:%Y-%m-%d}"}))
    starts = [datetime.fromisoformat(one["value"].split("|")[2]) for one in times.having("name", "slot")]
    local = [start.astimezone(ZoneInfo(ZONE)) for start in starts]
    assert {start.weekday() for start in local} == {3}
    assert {start.hour for start in local} == {12, 13, 14, 15, 16}
    assert [one.get("value") for one in times.having("selected")] == ["3", "afternoon"]
