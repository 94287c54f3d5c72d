"""The visit by REST: walking in, being seen, leaving unseen; each with its undo, and what the state does not allow."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from careconnect.ids import uuid7
from tests.web.clinic import Clinic
from tests.web.conftest import problem

_STEPS = ("arrival", "check-in", "consultation", "completion", "departure", "no-show")


@pytest.fixture
async def own(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin an organisation whose consultant nobody else keeps busy."""
    return await Clinic.begin(edge, http)


async def body(clinic: Clinic) -> dict[str, str]:
    """Say who walks in."""
    return {
        "patient_id": await clinic.patient(), "consultant_id": clinic.consultant, "visit_type_id": clinic.desk_visit,
    }  # fmt: skip


async def state(clinic: Clinic, key: str) -> tuple[str, bool]:
    """Tell where an appointment stands, and whether the patient is with the consultant."""
    found = (await clinic.get(f"/appointments/{key}")).json()
    return found["status"], found["with_consultant_since"] is not None


async def test_who_walks_in_is_booked_arrived_and_billed_once(own: Clinic) -> None:
    wanted = await body(own)
    first = await own.post("/walk-ins", json=wanted, key="a walk-in")
    assert first.status_code == 201, first.text
    made = first.json()
    assert (made["status"], made["payment"]) == ("arrived", None)
    assert made["invoice"]["status"] == "issued"
    again = await own.post("/walk-ins", json=wanted, key="a walk-in")
    assert (again.status_code, again.json()["id"]) == (201, made["id"])
    problem(await own.post("/walk-ins", json=await body(own), key="a walk-in"), 422, "idempotency_conflict")
    taken = problem(await own.post("/walk-ins", json=await body(own)), 409, "slot_taken")
    assert taken["alternatives"]
    unknown = await body(own) | {"patient_id": str(uuid7())}
    problem(await own.post("/walk-ins", json=unknown), 404, "patient_not_found")
    problem(await own.post("/walk-ins", json=wanted, scopes=("appointments:read",)), 403, "forbidden")


async def test_being_seen_and_leaving_unseen_can_be_undone_and_are_refused_where_they_make_no_sense(
    own: Clinic,
) -> None:
    key = await own.made("/walk-ins", await body(own))
    there = f"/appointments/{key}"
    problem(await own.ask("DELETE", f"{there}/consultation"), 409, "wrong_state")
    assert (await own.post(f"{there}/consultation")).status_code == 200
    assert await state(own, key) == ("checked_in", True)
    assert (await own.post(f"{there}/consultation")).status_code == 200, "a repeat changes nothing"
    assert (await own.ask("DELETE", f"{there}/consultation")).status_code == 200
    assert await state(own, key) == ("checked_in", False)
    problem(await own.ask("DELETE", f"{there}/departure"), 409, "wrong_state")
    left = await own.post(f"{there}/departure")
    assert (left.json()["status"], left.json()["cancellation_reason"]) == ("cancelled", "left")
    assert left.json()["undo_until"]
    problem(await own.post(f"{there}/consultation"), 409, "wrong_state")
    problem(await own.ask("DELETE", f"{there}/cancellation"), 409, "wrong_state")
    assert (await own.ask("DELETE", f"{there}/departure")).json()["status"] == "checked_in"
    assert (await own.post(f"{there}/completion")).json()["status"] == "fulfilled"
    problem(await own.post(f"{there}/departure"), 409, "wrong_state")


async def test_the_note_of_a_cancellation_is_kept_and_one_that_was_refused_leaves_none(clinic: Clinic) -> None:
    there = f"/appointments/{(await clinic.booked())['id']}"
    asked = {"reason": "pat", "note": "Rang; moves away."}
    assert (await clinic.post(f"{there}/cancellation", json=asked, key="note")).status_code == 200
    problem(
        await clinic.post(f"{there}/cancellation", json=asked | {"note": "Other words"}, key="note"),
        422,
        "idempotency_conflict",
    )
    said = (await clinic.get(there)).json()["remarks"]
    assert [(one["kind"], one["text"]) for one in said] == [("cancellation", "Rang; moves away.")]
    done = f"/appointments/{(await clinic.expected())['id']}"
    for step in ("arrival", "check-in", "completion"):
        assert (await clinic.post(f"{done}/{step}")).status_code == 200
    problem(await clinic.post(f"{done}/cancellation", json=asked), 409, "wrong_state")
    assert (await clinic.get(done)).json()["remarks"] == []


async def test_what_was_seen_before_a_move_is_not_changed_by_who_saw_it(clinic: Clinic) -> None:
    booked, later = await clinic.booked(), await clinic.slot()
    there = f"/appointments/{booked['id']}"
    seen = {"if-match": (await clinic.get(there)).headers["etag"]}
    assert (await clinic.post(f"{there}/rescheduling", json={"start": later["start"]}, headers=seen)).status_code == 200
    stale: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", "rescheduling", {"start": booked["start"]}),
        ("DELETE", "rescheduling", None),
        ("POST", "cancellation", {"reason": "pat"}),
        ("DELETE", "cancellation", None),
        *((method, step, None) for step in _STEPS for method in ("POST", "DELETE")),
    ]
    for method, noun, asked in stale:
        answer = await clinic.ask(method, f"{there}/{noun}", json=asked, headers=seen)
        assert problem(answer, 409, "version_conflict")["version"] == 2, (method, noun)
    problem(await clinic.post(f"{there}/cancellation", json={"reason": "pat", "version": 1}), 409, "version_conflict")
    problem(await clinic.post(f"{there}/no-show", json={"version": 1}), 409, "version_conflict")
    assert (await clinic.get(there)).json()["status"] == "booked"
    cancelled = await clinic.post(f"{there}/cancellation", json={"reason": "pat", "version": 2})
    assert cancelled.json()["status"] == "cancelled"


async def test_a_visit_that_has_begun_is_cancelled_for_the_clinic_s_reasons_alone(own: Clinic) -> None:
    there = f"/appointments/{await own.made('/walk-ins', await body(own))}"
    late = problem(await own.post(f"{there}/cancellation", json={"reason": "pat"}), 409, "too_late_to_cancel")
    assert "left" in late["detail"]
    assert late["begun_at"]
    assert await state(own, there.rsplit("/", 1)[-1]) == ("arrived", False)
    cancelled = await own.post(f"{there}/cancellation", json={"reason": "prov"})
    assert cancelled.json()["status"] == "cancelled"


async def test_who_has_not_come_cannot_have_left_nor_be_seen_and_others_may_not_note_it(
    own: Clinic, other_clinic: Clinic
) -> None:
    booked = (await own.booked())["id"]
    for verb in ("departure", "consultation"):
        problem(await own.post(f"/appointments/{booked}/{verb}"), 409, "wrong_state")
        problem(await own.post(f"/appointments/{booked}/{verb}", scopes=("appointments:read",)), 403, "forbidden")
        problem(await other_clinic.post(f"/appointments/{booked}/{verb}"), 404, "appointment_not_found")
