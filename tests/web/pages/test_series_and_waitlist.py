"""Series and the waiting list at the desk, and the patient's own page for an offer."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from careconnect.auth import Actor
from services.identity.roles import ALL
from services.notifications.schemas import MessageFilter
from tests.web.clinic import ZONE, Clinic, consultant, eventually
from tests.web.pages.desk import Desk, Page, browser, id_in
from web.pages import waitlist


async def somebody(clinic: Clinic) -> str:
    """Engage a consultant of one's own, who works day and night."""
    found = await clinic.made("/consultants", consultant())
    days = [{"location_id": clinic.location, "weekday": day, "starts": "00:00", "ends": "24:00"} for day in range(7)]
    assert (await clinic.put(f"/consultants/{found}/schedule", json={"hours": days})).status_code == 200
    return found


async def test_a_series_is_looked_at_booked_resolved_moved_and_cancelled(front_desk: Desk, clinic: Clinic) -> None:
    doctor, patient, other = await somebody(clinic), await clinic.patient(), await clinic.patient()
    first = (datetime.now(ZoneInfo(ZONE)) + timedelta(days=9)).replace(hour=10, minute=0, second=0, microsecond=0)
    taken = {"patient_id": other, "consultant_id": doctor, "visit_type_id": clinic.desk_visit}
    busy = await clinic.post("/appointments", json=taken | {"start": (first + timedelta(weeks=1)).isoformat()})
    assert busy.status_code == 201, busy.text

    page = await front_desk.read(f"/series/new?patient_id={patient}&consultant_id={doctor}")
    typed = page.form("/series").fields | {
        "consultant_id": doctor, "visit_type_id": clinic.desk_visit, "location_id": clinic.location,
        "date": first.date().isoformat(),
        "time": "10:00", "unit": "WEEKLY", "interval": "1", "count": "4",
    }  # fmt: skip
    query = "&".join(f"{name}={value}" for name, value in typed.items())
    dates = await front_desk.read(f"/series/new/dates?{query}", part="dates")
    assert (dates.text.count("Free"), dates.text.count("Not free")) == (3, 1), dates.text
    assert "1 needs another time" in dates.text
    wrong = await front_desk.post("/series", typed | {"consultant_id": ""})
    assert (wrong.status_code, "Choose a consultant" in wrong.text) == (422, True)

    booked = await front_desk.post("/series", typed)
    assert booked.status_code == 303, booked.text
    here = booked.headers["location"]
    shown = await front_desk.read(here)
    assert "3 of 4 booked" in shown.text
    assert "The consultant is occupied then" in shown.text
    assert "Every week" in shown.text
    answer = await front_desk.send(shown, f"{here}/resolution")
    assert answer.headers["location"] == here
    shown = await front_desk.read(here)
    assert "4 of 4 booked" in shown.text

    visit = next(link for link in shown.links if re.match(r"/appointments/[0-9a-f]{8}-", link))
    assert "1 of 4" in (await front_desk.read(visit)).text
    dialog = await front_desk.read(f"{here}/move?number=3")
    moved = await front_desk.send(dialog, f"{here}/rescheduling", {"time": "15:00", "scope": "following"})
    assert moved.headers["location"] == here
    shown = await front_desk.read(here)
    assert (shown.text.count("10:00"), shown.text.count("15:00")) == (1, 2)
    assert "Moved: 2 appointments" in shown.text
    busy = await clinic.post("/appointments", json=taken | {"start": first.replace(hour=12).isoformat()})
    assert busy.status_code == 201, busy.text
    dialog = await front_desk.read(f"{here}/move?number=1")
    await front_desk.send(dialog, f"{here}/rescheduling", {"time": "12:00", "scope": "one"})
    shown = await front_desk.read(here)
    assert "Moved: 0 appointments. Left as they are: 1 (That time has just been taken)" in shown.text
    assert re.search(r"Free nearby: 1: [\w, ]+ 1[12]:\d0", shown.text), shown.text
    dialog = await front_desk.read(f"{here}/cancel?number=1")
    await front_desk.send(dialog, f"{here}/cancellation", {"scope": "all", "final": "true"})
    shown = await eventually(lambda: front_desk.read(here), lambda page: page.text.count("Cancelled") >= 4)
    assert patient in next(link for link in shown.links if "/patients/" in link)
    assert here in (await front_desk.read("/series")).links


async def test_a_series_that_is_cancelled_without_fees_can_be_brought_back(front_desk: Desk, clinic: Clinic) -> None:
    here = f"/series/{await clinic.repeated(await clinic.patient())}"
    visit = next(link for link in (await front_desk.read(here)).links if re.match(r"/appointments/[0-9a-f]{8}-", link))
    dialog = await front_desk.read(f"{here}/cancel?number=1")
    refused = await front_desk.send(dialog, f"{here}/cancellation", {"scope": "all", "waive": "true"})
    assert (refused.status_code, "Say why the fee is waived" in refused.text) == (422, True)
    await front_desk.send(dialog, f"{here}/cancellation", {"scope": "all", "waive": "true", "waive_reason": "Flood"})
    shown = await front_desk.read(here)
    assert shown.text.count("Undo cancellation") == 3, "all at once, or each by itself"
    await front_desk.send(shown, f"{here}/cancellation")
    assert "Brought back: 2 appointments" in (await front_desk.read(here)).text
    assert "Fee waived because" in (await front_desk.read(visit)).text, "why it was waived stays in the story"


async def test_an_offer_is_declined_by_its_link_and_the_next_one_accepted_on_the_telephone(
    front_desk: Desk, clinic: Clinic, edge: FastAPI
) -> None:
    doctor, patient = await somebody(clinic), await clinic.patient()
    dialog = await front_desk.read("/waitlist/new")
    refused = await front_desk.send(dialog, "/waitlist", {"visit_type_id": clinic.desk_visit})
    assert (refused.status_code, "Search for the patient" in refused.text) == (422, True)
    typed = {"patient_id": patient, "visit_type_id": clinic.desk_visit, "consultant_id": doctor}
    joined = await front_desk.send(dialog, "/waitlist", typed)
    assert joined.headers["location"] == "/waitlist"
    link = await eventually(lambda: offer_of(clinic, patient), lambda found: found != "")
    assert "Time on offer" in (await front_desk.read("/waitlist")).text

    visitor = browser(edge)
    shown = Page((await visitor.get(link)).text)
    assert "A time is free for you" in shown.text
    assert patient not in shown.html
    action = f"{link}/answer"
    declined = await visitor.post(action, data={"accept": "false"})
    assert declined.status_code == 303, declined.text
    answered = await visitor.get(link)
    assert "You declined this time" in answered.text
    assert (answered.headers["referrer-policy"], "noindex" in answered.headers["x-robots-tag"]) == ("no-referrer", True)
    assert "You declined this time" in (await visitor.post(action, data={"accept": "true"}, follow_redirects=True)).text
    assert (await visitor.get(link[:-2] + "xx")).status_code == 404

    entry = await eventually(lambda: entry_of(clinic, patient), lambda found: len(found["offers"]) == 2)
    page = await front_desk.read("/waitlist")
    accepted = await front_desk.send(page, f"/waitlist/{entry['id']}/answer", {"accept": "true"})
    assert accepted.headers["location"].startswith("/appointments/"), accepted.text
    booked = (await clinic.get(f"/appointments/{id_in(accepted.headers['location'])}")).json()
    assert (booked["status"], booked["patient_id"], booked["consultant_id"]) == ("booked", patient, doctor)
    assert booked["id"] == entry["offers"][0]["id"], "the held time itself was booked"
    assert "Booked" in (await front_desk.read("/waitlist?show=over")).text


async def test_who_is_taken_from_the_list_waits_no_more(front_desk: Desk, clinic: Clinic) -> None:
    patient = await clinic.patient()
    far = f"{datetime.now(UTC).year + 1}-12-01"
    entry = await clinic.made("/waitlist", {"patient_id": patient, "visit_type_id": clinic.desk_visit, "earliest": far})
    page = await front_desk.read("/waitlist")
    await front_desk.send(page, f"/waitlist/{entry}/removal")
    assert (await clinic.get(f"/waitlist/{entry}")).json()["status"] == "left"
    assert (await clinic.ask("DELETE", f"/waitlist/{entry}")).status_code == 204


async def test_who_waits_for_either_of_two_consultants_ticks_both(
    front_desk: Desk, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitlist, "MOST_BOXES", 1000)  # other tests have engaged many
    patient = await clinic.patient()
    await somebody(clinic)
    dialog = await front_desk.read("/waitlist/new")
    either = sorted(box["value"] for box in dialog.having("name", "consultant_id")[:2])
    typed = dialog.form("/waitlist").fields | {"patient_id": patient, "visit_type_id": clinic.desk_visit}
    ticked: dict[str, Any] = typed | {"consultant_id": [*either, "nobody"]}
    missing = await front_desk.http.post("/waitlist", data=ticked | {"visit_type_id": ""})
    assert missing.status_code == 422
    boxes = Page(missing.text).having("name", "consultant_id")
    assert sorted(box["value"] for box in boxes if "checked" in box) == either, "nothing is lost"
    assert (await front_desk.http.post("/waitlist", data=ticked)).status_code == 303
    (entry,) = (await clinic.get("/waitlist", params={"patient_id": patient})).json()["items"]
    assert sorted(entry["consultant_ids"]) == either


async def entry_of(clinic: Clinic, patient: str) -> dict[str, Any]:
    """Give the patient's entry of the waiting list, with a time on offer."""
    (found,) = (await clinic.get("/waitlist", params={"patient_id": patient})).json()["items"]
    offered: dict[str, Any] = found if found["status"] == "offered" else {"offers": []}
    return offered


async def offer_of(clinic: Clinic, patient: str) -> str:
    """Read the path of the signed link in the message that the patient got; empty as long as there is none."""
    actor = Actor(id=UUID(int=1), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    page = await clinic.gateway.messages.list(actor, MessageFilter(patient_id=UUID(patient)))
    for one in page.items:
        if one.template == "waitlist_offer":
            body = (await clinic.gateway.messages.get(actor, one.id)).body
            found = re.search(r"/p/offer/[\w-]+", body)
            return found[0] if found else ""
    return ""
