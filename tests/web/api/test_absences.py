"""A consultant is away: whom it concerns is told at once, each is dealt with and told once, and all can be undone."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from activities.notifications import NotificationActivities
from tests.web.absences import Day, moment
from tests.web.clinic import Clinic, eventually
from tests.web.conftest import problem
from workflows.contracts import MessageRequest


async def test_who_enters_leave_is_told_whom_it_concerns(clinic: Clinic) -> None:
    day = await Day.begin(clinic, 2, ahead=20)
    earlier = await day.book(day.start - timedelta(days=1))
    entered = await day.leave()
    assert [one["id"] for one in entered["affected"]] == [one["id"] for one in day.booked]
    assert earlier["id"] not in {one["id"] for one in entered["affected"]}


async def test_each_is_moved_or_cancelled_with_all_money_back_and_each_patient_is_told_once(clinic: Clinic) -> None:
    day = await Day.begin(clinic, 4, paid=True, ahead=1)  # so late that a cancellation would cost a fee
    leave = await day.leave()
    cancelled = day.booked[3]["id"]
    started = await day.deal(leave["id"], appointments=[{"appointment_id": cancelled, "action": "cancel"}])
    done = await day.until(started, "finished")
    assert [one["state"] for one in done["items"]] == ["moved", "moved", "moved", "cancelled"]
    assert {one["told"] for one in done["items"]} == {"sent"}
    moved = [one["place"]["start"] for one in done["items"][:3]]
    assert len(set(moved)) == 3
    assert all(moment(start) >= moment(leave["ends_at"]) for start in moved)
    for item in done["items"]:
        found = (await clinic.get(f"/appointments/{item['appointment_id']}")).json()
        expected = ("cancelled", "prov") if item["appointment_id"] == cancelled else ("booked", None)
        assert (found["status"], found["cancellation_reason"]) == expected
    assert moment(found["undo_until"]) <= moment(done["undo_until"]), "then the money goes back"
    assert await refunded(clinic, cancelled) == [0]
    said = Counter(one["template"] for one in await day.messages())
    assert said == {"booking_confirmation": 4, "absence_moved": 3, "absence_cancelled": 1}


async def test_all_of_it_is_undone_with_the_leave_and_the_told_are_told_that_it_stays(clinic: Clinic) -> None:
    day = await Day.begin(clinic, 3, ahead=30)
    started = await day.deal((await day.leave())["id"])
    await day.until(started, "finished")
    assert (await clinic.post(f"/absences/{started['id']}/undo")).status_code == 200
    done = await day.until(started, "undone")
    assert [one["state"] for one in done["items"]] == ["restored"] * 3
    for before in day.booked:
        now = (await clinic.get(f"/appointments/{before['id']}")).json()
        assert moment(now["start"]) == moment(before["start"])
    left = (await clinic.get(f"/consultants/{day.doctor}/exceptions")).json()
    assert left["items"] == []
    problem(await clinic.post(f"/absences/{started['id']}/undo"), 409, "absence_wrong_state")


async def test_a_cancelled_one_comes_back_with_its_money_and_its_patient_is_told_once_more(
    clinic: Clinic,
) -> None:
    day = await Day.begin(clinic, 1, paid=True, ahead=50)
    cancelled = day.booked[0]
    moved = await day.book(day.start + timedelta(hours=1), paid=True, patient=cancelled["patient"]["id"])
    chosen = [{"appointment_id": cancelled["id"], "action": "cancel"}]
    started = await day.deal((await day.leave())["id"], appointments=chosen)
    await day.until(started, "finished")
    out = await revision_in_calendar(clinic, cancelled["id"])
    assert (await clinic.post(f"/absences/{started['id']}/undo")).status_code == 200
    done = await day.until(started, "undone")
    assert [one["state"] for one in done["items"]] == ["restored"] * 2
    for before in (cancelled, moved):
        now = (await clinic.get(f"/appointments/{before['id']}")).json()
        assert (now["status"], moment(now["start"])) == ("booked", moment(before["start"]))
    assert await refunded(clinic, cancelled["id"]) == [0]
    assert await revision_in_calendar(clinic, cancelled["id"]) > out, "or calendars would keep it cancelled"
    await eventually(lambda: day.messages("absence_withdrawn"), lambda said: len(said) == 1)
    assert len(await day.messages("absence_")) == 2


async def test_nobody_is_reminded_of_a_visit_as_long_as_they_have_to_choose(clinic: Clinic, edge: FastAPI) -> None:
    day = await Day.begin(clinic, 1, ahead=55)
    parts = clinic.gateway
    messages = NotificationActivities(
        parts.messages,
        parts.patients,
        parts.consultants,
        parts.appointments,
        parts.identity,
        edge.state.links,
    )

    async def remind() -> dict[str, str]:
        asked = MessageRequest(
            tenant_id=clinic.tenant_id, appointment_id=UUID(day.booked[0]["id"]), template="reminder",
            version=1, offset_hours=24,
        )  # fmt: skip
        return (await messages.tell(asked)).statuses

    assert await remind() == {"email": "sent"}
    started = await day.deal((await day.leave())["id"], action="offer")
    offered = await day.until(started, "finished")
    assert await remind() == {"all": "undecided"}
    assert (await clinic.post(f"/absences/{offered['id']}/undo")).status_code == 200
    await day.until(started, "undone", told=False)
    assert await remind() == {"email": "sent"}


async def refunded(clinic: Clinic, appointment: str) -> list[int]:
    """Tell how much of each payment has gone back."""
    found = (await clinic.get("/payments", params={"appointment_id": appointment})).json()["items"]
    return [one["refunded"]["amount"] for one in found]


async def revision_in_calendar(clinic: Clinic, appointment: str) -> int:
    """Read the SEQUENCE (RFC 5545) of the appointment's calendar file."""
    file = (await clinic.get(f"/appointments/{appointment}/calendar.ics")).text
    return int(next(line for line in file.splitlines() if line.startswith("SEQUENCE:")).partition(":")[2])


async def test_a_pause_holds_it_and_going_on_finishes_it(clinic: Clinic) -> None:
    day = await Day.begin(clinic, 6, ahead=40)
    started = await day.deal((await day.leave())["id"])
    path = f"/absences/{started['id']}"
    paused = await clinic.post(f"{path}/pause")
    assert paused.status_code == 200, paused.text
    assert paused.json()["state"] == "paused"
    assert (await clinic.ask("DELETE", f"{path}/pause")).json()["state"] == "running"
    done = await day.until(started, "finished")
    assert [one["state"] for one in done["items"]] == ["moved"] * 6


async def test_one_that_cannot_be_moved_is_left_to_a_person_and_the_others_go_on(clinic: Clinic) -> None:
    day = await Day.begin(clinic, 3, ahead=35)
    there = f"/appointments/{day.booked[1]['id']}"
    leave = await day.leave()
    assert (await clinic.post(f"{there}/cancellation", json={"reason": "pat"})).status_code == 200
    again = await day.deal(leave["id"])
    done = await day.until(again, "finished")
    assert [one["state"] for one in done["items"]] == ["moved", "moved"]


async def test_a_repeat_starts_nothing_twice_and_an_empty_leave_starts_nothing(clinic: Clinic) -> None:
    day = await Day.begin(clinic, 1, ahead=45)
    leave = await day.leave()
    body = {"exception_id": leave["id"]}
    path = f"/consultants/{day.doctor}/absences"
    both = await asyncio.gather(*(clinic.post(path, json=body, key="same") for _ in range(2)))
    assert [one.status_code for one in both] == [201, 201]
    assert both[0].json()["id"] == both[1].json()["id"]
    await day.until(both[0].json(), "finished")
    problem(await clinic.post(path, json=body), 409, "nobody_affected")
    other: dict[str, Any] = body | {"action": "cancel"}
    problem(await clinic.post(path, json=other, key="same"), 422, "idempotency_conflict")
    listed = (await clinic.get(path, params={"limit": 1, "count": True})).json()
    assert ([one["id"] for one in listed["items"]], listed["total"]) == ([both[0].json()["id"]], 1)
    affected = (await clinic.get(f"/consultants/{day.doctor}/exceptions/{leave['id']}/affected")).json()
    assert affected == {"items": [], "next_cursor": None}
