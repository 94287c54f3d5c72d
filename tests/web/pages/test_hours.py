"""The weekly hours editor, as a plain form: every button sends it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from careconnect.ids import uuid7
from services.identity.schemas import Location
from tests.web.clinic import ZONE, Clinic, consultant
from tests.web.pages.desk import Desk, Page
from web.forms import Form
from web.pages.hours_rows import Row, copied, meant


async def editor(clinic: Clinic, *blocks: dict[str, Any], status: str = "inactive") -> str:
    """Register a consultant with some hours, and give the address of the editor."""
    made = await clinic.made("/consultants", consultant(status=status))
    hours = [{"location_id": clinic.location, "weekday": 0, "starts": "09:00", "ends": "12:00"} | one for one in blocks]
    await clinic.put(f"/consultants/{made}/schedule", json={"hours": hours})
    return f"/consultants/{made}/hours"


async def kept(clinic: Clinic, path: str) -> list[tuple[int, str, str]]:
    """Read the hours that are kept."""
    answer = await clinic.get(path.replace("/hours", "/schedule"))
    return [(one["weekday"], one["starts"], one["ends"]) for one in answer.json()["hours"]]


async def test_hours_are_added_copied_removed_and_saved_without_a_script(owner: Desk, clinic: Clinic) -> None:
    path = await editor(clinic, {})
    page = Page((await owner.send(await owner.read(path), path, {"action": "add-0"})).text)
    fields = {"starts-1": "13:00", "ends-1": "00:00", "action": "copy-0"} | {f"copy-0-{day}": "" for day in range(2, 5)}
    page = Page((await owner.send(page, path, fields)).text)
    assert page.form(path).fields["starts-2"] == "09:00"
    page = Page((await owner.send(page, path, {"action": "remove-0"})).text)
    saved = await owner.send(page, path, {"action": "save"})
    assert saved.status_code == 303, saved.text
    assert await kept(clinic, path) == [(0, "13:00", "24:00"), (1, "09:00", "12:00"), (1, "13:00", "24:00")]


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(owner: Desk, clinic: Clinic) -> None:
    path = await editor(clinic, {}, {"starts": "13:00", "ends": "17:00"})
    typed = {"ends-0": "14:00", "starts-1": "13:00", "valid_from-1": "2027-02-01", "valid_to-1": "2027-01-01"}
    answer = await owner.send(await owner.read(path), path, typed | {"action": "save"})
    page = Page(answer.text)
    assert answer.status_code == 422
    assert page.having("id", "hours-valid_to-1-error")
    answer = await owner.send(page, path, {"valid_to-1": "", "action": "save"})
    assert Page(answer.text).having("id", "hours-starts-1-error")
    assert await kept(clinic, path) == [(0, "09:00", "12:00"), (0, "13:00", "17:00")]


async def test_what_would_lie_outside_is_named_before_it_is_saved_however_many_are_booked_before_it(
    owner: Desk, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.hours._AT_ONCE", 1)
    every_day = [{"weekday": day, "starts": "00:00", "ends": "24:00"} for day in range(7)]
    path = await editor(clinic, *every_day, status="active")
    slot = await clinic.slot()
    day = datetime.fromisoformat(slot["start"]).astimezone(ZoneInfo(ZONE))
    start = day.replace(hour=10, minute=0)
    await clinic.booked(consultant_id=path.split("/")[2], start=(start - timedelta(days=1)).isoformat())
    booked = await clinic.booked(consultant_id=path.split("/")[2], start=start.isoformat())
    page = await owner.read(path)
    typed = {f"{name}-{start.weekday()}": time for name, time in (("starts", "14:00"), ("ends", "18:00"))}
    answer = await owner.send(page, path, typed | {"action": "save"})
    assert answer.status_code == 409
    asked = Page(answer.text)
    assert booked["patient"]["name"] in asked.text
    assert "1 booked appointment would lie outside these hours" in asked.text
    assert len(await kept(clinic, path)) == 7
    assert (await owner.send(asked, path, {"action": "save-anyway"})).status_code == 303
    assert (start.weekday(), "14:00", "18:00") in await kept(clinic, path)
    await clinic.put(path.replace("/hours", "/status"), json={"status": "inactive"})  # other tests look for free times


async def test_an_older_form_changes_nothing(owner: Desk, clinic: Clinic) -> None:
    path = await editor(clinic, {})
    page = await owner.read(path)
    await owner.send(page, path, {"ends-0": "13:00", "action": "save"})
    late = await owner.send(page, path, {"ends-0": "14:00", "action": "save"})
    assert late.status_code == 409
    assert Page(late.text).form(path).fields["ends-0"] == "14:00"
    assert await kept(clinic, path) == [(0, "09:00", "13:00")]


async def test_the_front_desk_does_not_change_hours(front_desk: Desk, clinic: Clinic) -> None:
    assert (await front_desk.http.get(f"/consultants/{clinic.consultant}/hours")).status_code == 403
    fields = {"csrf_token": await front_desk.token(), "action": "save"}
    assert (await front_desk.post(f"/consultants/{clinic.consultant}/hours", fields, script=True)).status_code == 403


def test_copying_replaces_and_an_unknown_place_is_refused() -> None:
    place = Location(id=uuid7(), name="Colombo", zone=ZONE, address=None, phone=None, active=True, version=1)
    rows = [Row(0, 0, str(place.id), "09:00", "12:00"), Row(1, 1, str(place.id), "15:00", "16:00")]
    both = copied(rows, 0, [0, 1])
    assert [(row.weekday, row.starts) for row in both] == [(0, "09:00"), (1, "09:00")]
    assert len({row.number for row in both}) == len(both)
    form = Form("hours", "")
    assert meant([Row(0, 0, str(uuid7()), "09:00", "12:00")], form, {str(place.id): place}) is None
    assert form.errors["location_id-0"]
