"""Free times for a patient who is known: not while they are at another visit, whoever they would come to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.web.clinic import ZONE, Clinic, eventually
from tests.web.pages.desk import Desk
from tests.web.pages.test_series_and_waitlist import somebody

TIMES = "/appointments/new/times"


@dataclass
class Engaged:
    """A patient with one visit, and another consultant to whom they want to come on that day."""

    visit: dict[str, Any]
    other: str

    @property
    def patient(self) -> str:
        """Who it is."""
        return str(self.visit["patient"]["id"])

    @property
    def day(self) -> str:
        """The local day of the visit."""
        return f"{datetime.fromisoformat(self.visit['start']).astimezone(ZoneInfo(ZONE)):%Y-%m-%d}"

    def overlapped(self, starts: list[datetime], length: timedelta) -> list[datetime]:
        """Tell which of `starts` lie so that a visit would overlap the one that there is."""
        begins, ends = (datetime.fromisoformat(self.visit[name]) for name in ("start", "end"))
        return [start for start in starts if start < ends and begins < start + length]


@pytest.fixture
async def engaged(clinic: Clinic) -> Engaged:
    """Book their one visit."""
    return Engaged(await clinic.booked(), await somebody(clinic))


async def test_slots_for_a_patient_leave_out_just_those_that_would_be_refused(clinic: Clinic, engaged: Engaged) -> None:
    begins = datetime.fromisoformat(engaged.visit["start"])
    asked = {"visit_type_id": clinic.desk_visit, "consultant_id": engaged.other, "limit": 100}
    asked |= {"from": (begins - timedelta(hours=3)).isoformat(), "to": (begins + timedelta(hours=4)).isoformat()}
    everybody = (await clinic.get("/slots", params=asked)).json()["items"]
    theirs = (await clinic.get("/slots", params=asked | {"patient_id": engaged.patient})).json()["items"]
    starts = [datetime.fromisoformat(one["start"]) for one in everybody]
    length = datetime.fromisoformat(everybody[0]["end"]) - starts[0]
    left_out = [datetime.fromisoformat(one["start"]) for one in everybody if one not in theirs]
    assert left_out == engaged.overlapped(starts, length)
    assert left_out
    assert all(one in everybody for one in theirs)
    wish = {"patient_id": engaged.patient, "visit_type_id": clinic.desk_visit, "consultant_id": engaged.other}
    refused = await clinic.post("/appointments", json=wish | {"start": left_out[0].isoformat()})
    assert (refused.status_code, refused.json()["code"]) == (409, "patient_busy")
    nearest = min(theirs, key=lambda one: abs(datetime.fromisoformat(one["start"]) - begins))
    assert (await clinic.post("/appointments", json=wish | {"start": nearest["start"]})).status_code == 201


async def test_choosing_a_patient_changes_what_is_shown_only_where_they_are_engaged(
    front_desk: Desk, clinic: Clinic, engaged: Engaged
) -> None:
    form = {"visit_type_id": clinic.desk_visit, "consultant_id": engaged.other}
    form |= {"date": engaged.day, "first": engaged.day, "suits": "", "patient_id": ""}
    shown = await front_desk.read(f"{TIMES}?{urlencode(form)}", part="times")
    chosen = form | {"because": "patient", "patient_id": engaged.patient}
    theirs = await front_desk.read(f"{TIMES}?{urlencode(chosen)}", part="times")
    values = [{one["value"] for one in page.having("name", "slot")} for page in (shown, theirs)]
    assert values[1] < values[0]
    assert theirs.having("name", "suits")[0]["value"] == engaged.patient
    newcomer = {"patient_id": await clinic.patient()}
    await front_desk.read(f"{TIMES}?{urlencode(chosen | newcomer)}", part="times", status=204)
    again = await front_desk.read(f"{TIMES}?{urlencode(chosen | newcomer | {'suits': engaged.patient})}", part="times")
    assert {one["value"] for one in again.having("name", "slot")} == values[0]
    slot = {"slot": min(values[1])}
    priced = await front_desk.read(f"{TIMES}?{urlencode(chosen | newcomer | slot)}", part="times")
    assert "At the desk" in priced.text, "the terms of a chosen time are told again: they may depend on who comes"


async def test_times_to_move_to_suit_the_patient(front_desk: Desk, clinic: Clinic, engaged: Engaged) -> None:
    begins = datetime.fromisoformat(engaged.visit["start"])
    wish = {"patient_id": engaged.patient, "visit_type_id": clinic.desk_visit, "consultant_id": engaged.other}
    made = await clinic.post("/appointments", json=wish | {"start": (begins + timedelta(hours=3)).isoformat()})
    assert made.status_code == 201, made.text
    typed = {"moving": made.json()["id"], "visit_type_id": clinic.desk_visit, "date": engaged.day}
    page = await front_desk.read(f"{TIMES}?{urlencode(typed | {'consultant_id': engaged.other})}", part="times")
    starts = [datetime.fromisoformat(one["value"].rsplit("|", 1)[1]) for one in page.having("name", "slot")]
    assert starts
    length = datetime.fromisoformat(made.json()["end"]) - datetime.fromisoformat(made.json()["start"])
    assert engaged.overlapped(starts, length) == []


async def test_who_waits_is_offered_a_time_at_which_they_can_come(clinic: Clinic) -> None:
    seen, other, patient = await somebody(clinic), await somebody(clinic), await clinic.patient()
    wish = {"visit_type_id": clinic.desk_visit, "consultant_id": seen}
    soonest = (await clinic.get("/slots", params=wish | {"limit": 1})).json()["items"][0]["start"]
    made = await clinic.post("/appointments", json=wish | {"patient_id": patient, "start": soonest})
    longer = {"start": soonest, "duration_minutes": 360}
    moved = await clinic.post(f"/appointments/{made.json()['id']}/rescheduling", json=longer)
    assert moved.status_code == 200, moved.text
    wanted = {"patient_id": patient, "visit_type_id": clinic.desk_visit, "consultant_ids": [other]}
    entry = await clinic.made("/waitlist", wanted)

    async def offers() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await clinic.get(f"/waitlist/{entry}")).json()["offers"]
        return found

    (offer,) = await eventually(offers, lambda found: len(found) == 1)
    assert datetime.fromisoformat(offer["start"]) >= datetime.fromisoformat(moved.json()["end"])


async def test_times_beside_one_that_is_taken_are_such_at_which_the_patient_can_come(
    clinic: Clinic, engaged: Engaged
) -> None:
    begins = datetime.fromisoformat(engaged.visit["start"])
    wish = {"visit_type_id": clinic.desk_visit, "consultant_id": engaged.other}
    wish |= {"start": (begins + timedelta(hours=1)).isoformat()}
    assert (await clinic.post("/appointments", json=wish | {"patient_id": await clinic.patient()})).status_code == 201
    for patient, engaged_then in ((await clinic.patient(), False), (engaged.patient, True)):
        taken = await clinic.post("/appointments", json=wish | {"patient_id": patient})
        assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
        near = [(one["start"], one["end"]) for one in taken.json()["alternatives"]]
        starts = [datetime.fromisoformat(start) for start, _ in near]
        length = datetime.fromisoformat(near[0][1]) - starts[0]
        assert (engaged.overlapped(starts, length) == []) is engaged_then
