"""Pages by signed link: for patients, who have no account."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.links import SignedLinks
from services.notifications.schemas import MessageFilter
from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Page, browser


def link(edge: FastAPI, clinic: Clinic, appointment: str, expires: timedelta = timedelta(days=1)) -> str:
    """Give the address that stands in a message."""
    links: SignedLinks = edge.state.links
    token = links.make(clinic.tenant_id, "appointment", UUID(appointment), datetime.now(UTC) + expires)
    return f"/p/appointment/{token}"


async def test_a_link_shows_the_appointment_and_leaves_no_trace_of_itself(edge: FastAPI, clinic: Clinic) -> None:
    booked = await clinic.booked()
    answer = await browser(edge).get(link(edge, clinic, booked["id"]))
    page = Page(answer.text)
    assert answer.status_code == 200
    assert booked["reference"] in page.text
    assert booked["consultant"]["name"] in page.text
    assert booked["patient"]["name"] not in answer.text
    calendar = next(one for one in page.links if one.endswith("/calendar.ics"))
    assert (await browser(edge).get(calendar)).headers["content-type"].startswith("text/calendar")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]


async def test_a_patient_cancels_by_the_link_knows_before_what_it_costs_and_may_come_after_all(
    edge: FastAPI, clinic: Clinic
) -> None:
    start = (datetime.now(UTC) + timedelta(hours=4)).replace(minute=30, second=0, microsecond=0)
    booked = await clinic.booked(start=start.isoformat())
    phone, address = browser(edge), link(edge, clinic, booked["id"])
    page = Page((await phone.get(address)).text)
    asked = Page((await phone.get(next(one for one in page.links if one.endswith("/cancellation")))).text)
    assert "cancelling costs you LKR 1,750.00; LKR 1,750.00 go back" in asked.text.replace("\N{NO-BREAK SPACE}", " ")
    answer = await phone.post(asked.form(f"{address}/cancellation").action, data={})
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    cancelled = Page((await phone.get(address)).text)
    assert "It can still be undone" in cancelled.text
    await phone.post(cancelled.form(f"{address}/undoing").action, data={})
    assert Page((await phone.get(address)).text).links
    seen = (await clinic.get(f"/appointments/{booked['id']}")).json()
    assert (seen["status"], seen["version"]) == ("booked", 1)
    told = (await clinic.get(f"/appointments/{booked['id']}/timeline")).json()["items"]
    assert {one["actor_kind"] for one in told if "cancel" in one["action"]} == {"patient"}
    refused = await phone.post(f"{address}/undoing", data={})
    assert refused.status_code == 409


async def test_the_link_in_each_message_opens_the_page_until_the_visit_and_cancels_it(
    edge: FastAPI, clinic: Clinic
) -> None:
    booked = await clinic.booked()
    later = datetime.fromisoformat(booked["start"]) + timedelta(hours=2)
    await clinic.post(f"/appointments/{booked['id']}/rescheduling", json={"start": later.isoformat()})
    mails = await delivered(clinic, booked["id"], 2)
    first, moved = (re.search(r"^\S+/p/appointment/(\S+)$", mails[name], re.MULTILINE) for name in mails)
    assert first
    assert moved
    opened = edge.state.links.open(moved[1], "appointment")
    assert (str(opened.subject), opened.expires, opened.data) == (booked["id"], later.astimezone(UTC), {})
    assert edge.state.links.open(first[1], "appointment").expires < opened.expires
    phone, address = browser(edge), f"/p/appointment/{moved[1]}"
    page = Page((await phone.get(address)).text)
    assert booked["reference"] in page.text
    await phone.post(f"{address}/cancellation", data={})
    assert (await clinic.get(f"/appointments/{booked['id']}")).json()["status"] == "cancelled"


async def delivered(clinic: Clinic, appointment: str, count: int) -> dict[str, str]:
    """Wait for the messages about an appointment, and read what each says, by its template."""
    reader = Actor.workflow(clinic.tenant_id, "test", frozenset({"messages:read"}))
    wanted = MessageFilter(appointment_id=UUID(appointment))
    messages = clinic.gateway.messages
    listed = await eventually(lambda: messages.list(reader, wanted), lambda page: len(page.items) == count)
    said = [await messages.get(reader, one.id) for one in listed.items]
    return {one.template: one.body for one in sorted(said, key=lambda one: one.appointment_version or 0)}


async def test_no_other_organisation_no_changed_and_no_late_link_shows_anything(
    edge: FastAPI, clinic: Clinic, other_clinic: Clinic
) -> None:
    booked = await clinic.booked()
    good = link(edge, clinic, booked["id"])
    wrong = {
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"): 404,
        link(edge, clinic, booked["id"], timedelta(seconds=-1)): 410,
        link(edge, other_clinic, booked["id"]): 404,
        link(edge, clinic, str(uuid7())): 404,
        good.replace("/appointment/", "/payment/"): 404,
    }
    for address, status in wrong.items():
        answer = await browser(edge).get(address)
        assert answer.status_code == status, address
        assert booked["reference"] not in answer.text
        assert "/sign-in" not in answer.text
        assert "This link" in answer.text
