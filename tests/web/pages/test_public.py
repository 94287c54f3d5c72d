"""Pages by signed link: for patients, who have no account."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import FastAPI

from careconnect.ids import uuid7
from careconnect.links import SignedLinks
from tests.web.clinic import Clinic
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
