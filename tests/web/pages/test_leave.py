"""Leave through forms: entered, its appointments dealt with, watched, undone; and a patient who chooses."""

import re
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from temporalio.testing import TimeSkipper, TimeSkippingConfig, WorkflowEnvironment

from services.appointments.schemas import UNDO_WINDOW
from tests.web.absences import Day, moment
from tests.web.clinic import ZONE, Clinic, eventually
from tests.web.pages.desk import Desk, Page, browser, id_in
from workflows import ids


async def entered(owner: Desk, day: Day) -> str:
    """Enter leave for the whole day, and give the address of the next screen."""
    here = f"/consultants/{day.doctor}/leave"
    when = {"from_day": f"{day.start:%Y-%m-%d}", "to_day": f"{day.start:%Y-%m-%d}"}
    typed = when | {"location_id": day.clinic.location, "reason": "Influenza"}
    answer = await owner.send(await owner.read(f"{here}/new"), here, typed)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_illness_is_entered_started_watched_and_undone(owner: Desk, clinic: Clinic) -> None:
    day = await Day.begin(clinic, 3, ahead=50)
    plan = await owner.read(await entered(owner, day))
    assert all(one["patient"]["name"] in plan.text for one in day.booked)
    path = f"/consultants/{day.doctor}/leave"
    started = await owner.send(plan, f"{path}/{id_in(plan.forms[-1].action.rpartition('/')[2])}")
    assert started.status_code == 303, started.text
    absence = {"id": id_in(started.headers["location"])}
    await day.until(absence, "finished")
    page = await owner.read(f"/absences/{absence['id']}")
    assert "3 of 3 dealt with" in page.text
    undone = await owner.send(page, f"/absences/{absence['id']}/undo")
    assert undone.status_code == 303
    await day.until(absence, "undone")
    assert "Put back" in (await owner.read(f"/absences/{absence['id']}", part="absence")).text
    listed = await owner.read(path)
    assert "Influenza" not in listed.text
    assert f"/absences/{absence['id']}" in listed.links


async def test_leave_without_appointments_asks_nothing_and_can_be_removed(owner: Desk, clinic: Clinic) -> None:
    day = await Day.begin(clinic, 0, ahead=60)
    path = f"/consultants/{day.doctor}/leave"
    assert await entered(owner, day) == path
    listed = await owner.read(path)
    assert "Influenza" in listed.text
    removal = next(form.action for form in listed.forms if form.action.endswith("/removal"))
    assert (await owner.send(listed, removal)).status_code == 303
    assert "Influenza" not in (await owner.read(path)).text


async def test_a_leave_that_ends_before_it_starts_is_refused_beside_its_day(owner: Desk, clinic: Clinic) -> None:
    path = f"/consultants/{clinic.consultant}/leave"
    typed = {"from_day": "2030-05-02", "to_day": "2030-05-01"}
    answer = await owner.send(await owner.read(f"{path}/new"), path, typed)
    assert answer.status_code == 422
    assert "It ends before it begins" in Page(answer.text).text


async def test_extra_hours_open_free_times_there_and_nowhere_else(owner: Desk, clinic: Clinic) -> None:
    day = await Day.begin(clinic, 0, ahead=90)
    elsewhere = await clinic.made("/locations", {"name": "Kandy", "zone": ZONE})
    path = f"/consultants/{day.doctor}/leave"
    dated = {"from_day": f"{day.start:%Y-%m-%d}", "to_day": f"{day.start:%Y-%m-%d}"}
    typed = dated | {"kind": "extra", "from_time": "18:00", "to_time": "20:00"}
    refused = await owner.send(await owner.read(f"{path}/new"), path, typed)
    assert refused.status_code == 422
    assert "Choose the location" in Page(refused.text).text
    entered = await owner.send(Page(refused.text), path, {"location_id": elsewhere})
    assert (entered.status_code, entered.headers["location"]) == (303, path)
    evening = {"from": day.start.replace(hour=17).isoformat(), "to": day.start.replace(hour=22).isoformat()}
    asked = {"visit_type_id": day.kind, "consultant_id": day.doctor, **evening}
    found = (await clinic.get("/slots", params=asked)).json()["items"]
    local = [(one["location_id"], moment(one["start"]).astimezone(ZoneInfo(ZONE)).hour) for one in found]
    assert local == [(elsewhere, 18), (elsewhere, 18), (elsewhere, 19), (elsewhere, 19)]
    assert "Extra hours" in (await owner.read(path)).text


async def test_a_patient_chooses_once_among_the_offered_times(edge: FastAPI, clinic: Clinic) -> None:
    """The message brings the link; the choice moves the appointment and is confirmed once; a second one is refused."""
    day = await Day.begin(clinic, 2, ahead=70)
    absence = await day.deal((await day.leave())["id"], action="offer")
    done = await day.until(absence, "finished")
    assert {(one["state"], len(one["choices"])) for one in done["items"]} == {("offered", 3)}
    link = await _link(clinic, done["items"][0])
    patient = browser(edge)
    page = Page((await patient.get(link)).text)
    form = page.form(link)
    answer = await patient.post(link, data=form.fields)
    assert answer.status_code == 303, answer.text
    assert "Put it into my calendar" in Page((await patient.get(link)).text).text
    assert (await patient.get(f"{link}/calendar.ics")).headers["content-type"].startswith("text/calendar")
    assert (await patient.post(link, data=form.fields)).status_code == 409
    now = (await clinic.get(f"/appointments/{done['items'][0]['appointment_id']}")).json()
    assert moment(now["start"]) == moment(done["items"][0]["choices"][0]["start"])
    confirmed = await eventually(lambda: _sent(clinic, done["items"][0], "rescheduling"), bool)
    assert [one["appointment_version"] for one in confirmed] == [now["version"]]
    other = await _link(clinic, done["items"][1])
    assert (await patient.post(f"{other}/cancellation", data={})).status_code == 303
    gone = (await clinic.get(f"/appointments/{done['items'][1]['appointment_id']}")).json()
    assert (gone["status"], gone["cancellation_reason"]) == ("cancelled", "prov")
    assert [one["template"] for one in await day.messages("absence")] == ["absence_choice"] * 2


async def test_a_patient_who_wants_none_of_the_times_is_told_that_the_visit_is_cancelled(
    edge: FastAPI, clinic: Clinic, engine_environment: WorkflowEnvironment
) -> None:
    """It is told as any cancellation is: when it can no longer be undone, and once."""
    day = await Day.begin(clinic, 1, ahead=75)
    absence = await day.deal((await day.leave())["id"], action="offer")
    (item,) = (await day.until(absence, "finished"))["items"]
    link = await _link(clinic, item)
    assert (await browser(edge).post(f"{link}/cancellation", data={})).status_code == 303
    assert await _sent(clinic, item, "cancellation") == []
    skipper = TimeSkipper(engine_environment.client, config=TimeSkippingConfig(enabled=False))
    process = skipper.client.get_workflow_handle(ids.appointment(UUID(item["appointment_id"])))
    await skipper.fast_forward(process, UNDO_WINDOW)
    (told,) = await eventually(lambda: _sent(clinic, item, "cancellation"), bool)
    assert told["appointment_id"] == item["appointment_id"]


async def _sent(clinic: Clinic, item: dict[str, Any], template: str) -> list[dict[str, Any]]:
    """List what a patient was sent of one kind."""
    found = (await clinic.get("/messages", params={"patient_id": item["patient_id"]})).json()["items"]
    return [one for one in found if one["template"] == template]


async def _link(clinic: Clinic, item: dict[str, Any]) -> str:
    """Read the link out of the message."""
    (message,) = await eventually(lambda: _sent(clinic, item, "absence_choice"), bool)
    body = (await clinic.get(f"/messages/{message['id']}")).json()["body"]
    found = re.search(r"https?://[^/]+(/p/choose/[\w-]+)", body)
    assert found, body
    return found[1]


async def test_an_owner_makes_an_address_that_names_patients_and_revokes_it(owner: Desk, clinic: Clinic) -> None:
    day = await Day.begin(clinic, 1, ahead=80)
    path = f"/consultants/{day.doctor}/calendar-feed"
    assert (await owner.send(await owner.read(path), path, {"names": "true"})).status_code == 303
    page = await owner.read(path)
    (field,) = page.having("id", "feed-address")
    assert day.booked[0]["patient"]["name"] in (await clinic.http.get(field["value"])).text
    assert (await owner.send(page, f"{path}/revocation")).status_code == 303
    assert (await clinic.http.get(field["value"])).status_code == 404
