"""A visit by video is told as one wherever it is told of, and nobody is sent to a street."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from icalendar import Calendar

from tests.web.clinic import Clinic, eventually, visit_type
from tests.web.pages.desk import Desk, Page, browser
from tests.web.pages.test_booking import value_of
from tests.web.pages.test_public import link
from web.pages.known import Known

ROOM = "https://video.example/rooms/silva"


async def booked(clinic: Clinic, **terms: Any) -> dict[str, Any]:
    """Book a visit by video."""
    terms = {"mode": "telehealth", "payment_policy": {"kind": "none"}} | terms
    kind = await clinic.made("/visit-types", visit_type(**terms))
    return await clinic.booked(card=None, visit_type_id=kind)


async def mailed(clinic: Clinic, made: dict[str, Any]) -> str:
    """Read the confirmation."""

    async def sent() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            await clinic.get("/messages", params={"patient_id": made["patient"]["id"]})
        ).json()["items"]
        return [one for one in found if one["template"] == "booking_confirmation"]

    (message,) = await eventually(sent, bool)
    body: str = (await clinic.get(f"/messages/{message['id']}")).json()["body"]
    return body


def event_of(content: bytes) -> Any:
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event


@pytest.mark.parametrize("address", [ROOM, None])
async def test_it_is_told_on_every_screen_in_the_mail_and_in_the_calendar(
    edge: FastAPI, owner: Desk, clinic: Clinic, address: str | None
) -> None:
    made = await booked(clinic, video_url=address)
    edge.state.known = Known(clinic.gateway)  # the screens know the catalogue of a moment ago
    slot = {"consultant_id": made["consultant"]["id"], "location_id": clinic.location, "start": made["start"]}
    asked = urlencode({"visit_type_id": made["visit_type"]["id"], "slot": value_of(slot)})
    assert "By video" in (await owner.read(f"/appointments/new/offer?{asked}", part="offer")).text
    detail = await owner.read(f"/appointments/{made['id']}")
    day = datetime.fromisoformat(made["start"]).date().isoformat()
    drawn = (await owner.http.get("/calendar/data", params={"date": day})).json()["visits"]
    (block,) = [one for one in drawn if one["id"] == made["id"]]
    assert (block["place"], ", Video, " in block["label"]) == ("Video", True)
    public = Page((await browser(edge).get(link(edge, clinic, made["id"]))).text)
    letter = await mailed(clinic, made)
    event = event_of((await clinic.get(f"/appointments/{made['id']}/calendar.ics")).content)
    assert "Where" not in public.text
    assert "Where:" not in letter
    if address:
        assert address in detail.links
        assert address in public.links
        assert re.search(f"^How: by video, at {address}$", letter, re.MULTILINE)
        assert (str(event["LOCATION"]), "By video" in event["DESCRIPTION"]) == (address, True)
    else:
        assert "By video or telephone; the clinic calls" in detail.text
        assert "By video or telephone; we call you" in public.text
        assert "the clinic calls you" in letter
        assert ("LOCATION" in event, "the clinic calls" in event["DESCRIPTION"]) == (False, True)


@pytest.mark.parametrize(("address", "how"), [(ROOM, "By video"), (None, "the clinic calls")])
async def test_private_calendars_send_nobody_to_a_street_either(clinic: Clinic, address: str | None, how: str) -> None:
    made, there = await booked(clinic, video_url=address), await clinic.booked()
    for path in (f"/consultants/{made['consultant']['id']}", f"/locations/{clinic.location}"):
        feed = (await clinic.post(f"{path}/calendar-feed", json={})).json()["url"]
        read = Calendar.from_ical((await clinic.http.get(feed)).content)
        events: dict[str, Any] = {str(event["UID"]).partition("@")[0]: event for event in read.walk("VEVENT")}
        remote, usual = events[made["id"]], events[there["id"]]
        assert (remote.get("LOCATION"), how in remote["DESCRIPTION"]) == (address, True)
        assert ("Colombo 03" in usual["LOCATION"], "DESCRIPTION" in usual) == (True, False)


async def test_the_address_is_entered_with_the_visit_type_and_goes_with_its_mode(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read("/settings/visit-types/new")
    fields = {"name": "Video visit", "price": "0", "kind": "none", "mode": "telehealth", "video_url": "room 7"}
    wrong = await owner.send(page, "/settings/visit-types", fields)
    assert wrong.status_code == 422
    assert Page(wrong.text).having("id", "visit-video_url-error")
    assert (await owner.send(Page(wrong.text), "/settings/visit-types", video_url=ROOM)).status_code == 303
    kinds = (await clinic.get("/visit-types?limit=200")).json()["items"]
    (made,) = [one for one in kinds if one["name"] == "Video visit"]
    assert made["video_url"] == ROOM
    path = f"/settings/visit-types/{made['id']}"
    assert (await owner.send(await owner.read(path), path, mode="in_person")).status_code == 303
    assert (await clinic.get(f"/visit-types/{made['id']}")).json()["video_url"] is None
