"""Search, messages, what waits, and what a screen does while a part of the system is away."""

from uuid import UUID

import pytest
from fastapi import FastAPI

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Unavailable
from careconnect.ids import uuid7
from careconnect.pagination import Page as Page_
from services.appointments.schemas import STILL_HERE
from services.notifications.client import NotificationsClient
from services.notifications.schemas import Message
from services.reports.client import ReportsClient
from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Desk, Page


async def test_one_search_finds_people_and_screens(owner: Desk, clinic: Clinic) -> None:
    patient = await clinic.patient(first_name="Zubaida")
    found = await owner.read("/search?q=zubai", part="search-list")
    assert found.having("data-href", f"/patients/{patient}")
    assert (await owner.read("/search?q=bill", part="search-list")).having("data-href", "/billing")
    assert "Nothing found" in (await owner.read("/search?q=zzzz", part="search-list")).text


async def test_the_search_finds_an_appointment_by_its_reference_and_an_invoice_by_its_number(
    owner: Desk, clinic: Clinic
) -> None:
    booked = await clinic.booked()
    invoice = booked["invoice"]
    typed = booked["reference"].removeprefix("CC-").replace("-", "").lower()
    found = await owner.read(f"/search?q={typed}", part="search-list")
    assert found.having("data-href", f"/appointments/{booked['id']}")
    assert f"{booked['reference']} {booked['patient']['name']}" in found.text
    found = await owner.read(f"/search?q={invoice['number'].lower()}", part="search-list")
    assert found.having("data-href", f"/billing/invoices/{invoice['id']}")
    assert f"{invoice['number']} {booked['patient']['name']}" in found.text
    assert f"/billing/invoices/{invoice['id']}" in (await owner.read(f"/search?q={invoice['number']}")).links


async def test_the_search_shows_an_invoice_to_nobody_who_may_not_see_payments(
    edge: FastAPI, stranger: Desk, clinic: Clinic
) -> None:
    booked = await clinic.booked()
    clinician = await Desk.open(edge, clinic, "clinician", consultant_id=UUID(clinic.consultant))
    number, reference = booked["invoice"]["number"], booked["reference"]
    assert "Nothing found" in (await clinician.read(f"/search?q={number}", part="search-list")).text
    assert (await clinician.read(f"/search?q={reference}", part="search-list")).having(
        "data-href", f"/appointments/{booked['id']}"
    )
    assert "Nothing found" in (await stranger.read(f"/search?q={reference}", part="search-list")).text


async def test_a_booking_is_told_by_mail_and_can_be_read(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    path = f"/appointments/{booked['id']}"
    detail = await eventually(lambda: owner.read(path), lambda page: "Booking confirmed" in page.text)
    message = next(link for link in detail.links if link.startswith("/messages/"))
    assert booked["reference"] in (await owner.read(message)).text
    mailbox = await eventually(
        lambda: owner.read("/messages/mailbox"), lambda page: any("/messages/mailbox/" in link for link in page.links)
    )
    mail = next(link for link in mailbox.links if link.startswith("/messages/mailbox/"))
    assert (await owner.read(mail)).having("class", "letter-body")


async def test_who_came_and_was_never_noted_as_seen_is_decided_on_by_a_person(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.expected()
    at = f"/appointments/{booked['id']}"
    assert (await clinic.post(f"{at}/arrival")).status_code == 200
    actor = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=frozenset({"*"}))
    await clinic.gateway.appointments.attend(actor, UUID(booked["id"]), STILL_HERE)
    waiting = await owner.read("/attention")
    assert "nobody noted whether the patient was seen or left" in waiting.text
    assert waiting.form(f"{at}/departure")
    assert (await owner.send(waiting, f"{at}/completion")).status_code == 303
    assert "Visit completed" in (await owner.read(at)).text


async def test_what_does_not_arrive_waits_under_attention_until_it_is_sent_again(
    owner: Desk, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await clinic.patient(first_name="Dayani")
    message = Message(
        id=uuid7(), patient_id=patient, channel="email", template="reminder", offset_hours=24, status="failed",
        failure="refused_550", attempts=1, version=1, created_at=clock.now(),
    )  # fmt: skip

    async def failed(*_args: object, **_kwargs: object) -> Page_[Message]:
        return Page_(items=[message])

    monkeypatch.setattr(NotificationsClient, "list", failed)
    page = await owner.read("/attention")
    assert "Did not arrive: Reminder, 1 day before" in page.text
    assert "The mail server refused it (550)." in page.text
    assert "Dayani" in page.text
    assert page.form(f"/messages/{message.id}/resending")


async def test_a_dashboard_without_figures_still_shows_the_day(owner: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_args: object, **_kwargs: object) -> None:
        raise Unavailable

    monkeypatch.setattr(ReportsClient, "dashboard", away)
    page = await owner.read("/")
    assert "Upcoming today" in page.text
    assert "Figures are not there at the moment" in page.text


async def test_a_part_that_is_away_is_a_page_that_says_so(owner: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_args: object, **_kwargs: object) -> None:
        raise Unavailable

    monkeypatch.setattr(owner.clinic.gateway.patients, "list", away)
    answer = await owner.http.get("/patients")
    page = Page(answer.text)
    assert answer.status_code == 503
    assert "does not answer" in page.text
    assert answer.headers["x-request-id"] in page.text


async def test_the_sums_above_the_appointments_follow_when_filters_change_in_place(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    day, patient = booked["start"][:10], booked["patient"]["id"]
    whole = await owner.read(f"/appointments?range=month&date={day}")
    assert whole.having("id", "summary")
    assert not whole.having("hx-swap-oob")
    narrowed = await owner.read(f"/appointments?range=month&date={day}&patient_id={patient}", part="results")
    swapped = {said["id"] for said in narrowed.having("hx-swap-oob", "true")}
    assert swapped == {"about", "summary"}
    assert "Total 1" in narrowed.text
    again = narrowed.having("hx-trigger", "appointments-changed from:body")
    assert [patient in said["hx-get"] for said in again] == [True]
