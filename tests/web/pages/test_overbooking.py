"""A time that is taken or outside the hours: booked all the same by those who may, with a reason, by nobody else."""

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.web.absences import Day, moment
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page, id_in, told
from tests.web.pages.test_booking import opened, value_of


@pytest.fixture(scope="module")
async def day(clinic: Clinic) -> Day:
    """Begin a consultant's day from nine to five, with its first half hour taken."""
    return await Day.begin(clinic, 1, ahead=40)


async def wanted(day: Day, **typed: str) -> dict[str, str]:
    """Fill the booking form for a new patient."""
    return {
        "patient_id": await day.clinic.patient(), "visit_type_id": day.kind, "consultant_id": day.doctor,
        "offered": "true",
    } | typed  # fmt: skip


def other(start: datetime, reason: str) -> dict[str, str]:
    """Type a time that is not offered."""
    return {"over_date": f"{start:%Y-%m-%d}", "over_time": f"{start:%H:%M}", "overbook_reason": reason}


async def starts(day: Day, address: str) -> datetime:
    """Tell when the appointment starts that an address is about."""
    return moment((await day.clinic.get(f"/appointments/{id_in(address)}")).json()["start"])


async def test_a_taken_time_is_refused_and_booked_with_a_reason_by_who_may(owner: Desk, day: Day) -> None:
    form = await owner.read("/appointments/new")
    taken = value_of(day.booked[0] | {"location_id": day.clinic.location, "consultant_id": day.doctor})
    refused = await owner.send(form, "/appointments", await wanted(day, slot=taken))
    said = Page(refused.text)
    assert refused.status_code == 409
    assert said.form("/appointments").fields["over_time"] == "09:00"
    again = await owner.send(said, "/appointments", offered="true")
    assert again.status_code == 422
    assert "Say why it is put there all the same" in Page(again.text).text
    made = await owner.send(Page(again.text), "/appointments", overbook_reason="Bleeding")
    assert made.status_code == 201, made.text
    detail = await owner.read(opened(Page(made.text)))
    assert "Overbooked because Bleeding" in detail.text
    assert await starts(day, opened(Page(made.text))) == day.start


async def test_a_time_outside_the_hours_is_shown_with_its_terms_and_booked_on_demand(owner: Desk, day: Day) -> None:
    evening = day.start.replace(hour=19)
    typed = await wanted(day) | other(evening, "Nobody else can come")
    terms = await owner.read(f"/appointments/new/offer?{urlencode(typed)}", part="offer")
    assert "Outside the consultant's hours." in terms.text
    assert "It is not held before it is booked" in terms.text
    assert not terms.having("hx-post", "/appointments/new/hold")
    made = await owner.send(await owner.read("/appointments/new"), "/appointments", typed)
    assert made.status_code == 201, made.text
    assert await starts(day, opened(Page(made.text))) == evening


async def test_a_free_time_counts_while_the_other_has_no_reason(owner: Desk, day: Day) -> None:
    free = day.start.replace(hour=15)
    slot = f"{day.doctor}|{day.clinic.location}|{free.astimezone(ZoneInfo('UTC')).isoformat()}"
    typed = await wanted(day, slot=slot) | other(day.start.replace(hour=20), "")
    made = await owner.send(await owner.read("/appointments/new"), "/appointments", typed)
    assert made.status_code == 201, made.text
    assert await starts(day, opened(Page(made.text))) == free


async def test_the_dialog_that_moves_takes_a_reason_too(owner: Desk, day: Day) -> None:
    moved = await day.book(day.start.replace(hour=11))
    path = f"/appointments/{moved['id']}"
    taken = value_of(day.booked[0] | {"location_id": day.clinic.location, "consultant_id": day.doctor})
    refused = await owner.send(await owner.read(f"{path}/move"), f"{path}/rescheduling", slot=taken)
    said = Page(refused.text)
    assert refused.status_code == 409
    assert said.form(f"{path}/rescheduling").fields["over_time"] == "09:00"
    answer = await owner.send(said, f"{path}/rescheduling", overbook_reason="Seen together")
    assert answer.status_code == 303, answer.text
    assert await starts(day, path) == day.start
    late = day.start.replace(hour=18)
    answer = await owner.send(await owner.read(f"{path}/move"), f"{path}/rescheduling", other(late, "After work"))
    assert answer.status_code == 303, answer.text
    assert await starts(day, path) == late


async def test_the_front_desk_sees_no_such_field_and_is_refused_all_the_same(front_desk: Desk, day: Day) -> None:
    form = await front_desk.read("/appointments/new")
    assert not form.having("name", "overbook_reason")
    taken = value_of(day.booked[0] | {"location_id": day.clinic.location, "consultant_id": day.doctor})
    refused = await front_desk.send(form, "/appointments", await wanted(day, slot=taken))
    assert refused.status_code == 409
    assert not Page(refused.text).having("name", "overbook_reason")
    for typed in ({"slot": taken, "overbook_reason": "Urgent"}, other(day.start.replace(hour=21), "Urgent")):
        smuggled = await front_desk.send(form, "/appointments", await wanted(day) | typed, script=True)
        assert smuggled.status_code == 403
        assert told(smuggled)["toast"]["message"] == "Your role does not let you overbook."
    mine = await day.book(day.start.replace(hour=12))
    path = f"/appointments/{mine['id']}"
    moving = await front_desk.read(f"{path}/move")
    assert not moving.having("name", "overbook_reason")
    there = {"slot": taken, "overbook_reason": "Urgent"}
    answer = await front_desk.send(moving, f"{path}/rescheduling", there, script=True)
    assert answer.status_code == 403
    dragged = await front_desk.read(f"/calendar{path}/move", part="dialogs")
    assert not dragged.having("name", "overbook_reason")
    answer = await front_desk.send(dragged, f"/calendar{path}/move", script=True, overbook_reason="Urgent")
    assert answer.status_code == 403
    assert await starts(day, path) == day.start.replace(hour=12)
