"""A time is held over REST while its booking is prepared: for one, for some minutes, and into the booking."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from tests.web.clinic import Clinic
from tests.web.conftest import problem


async def wanted(clinic: Clinic, **also: Any) -> dict[str, Any]:
    """Describe a free time."""
    slot = await clinic.slot()
    return {name: slot[name] for name in ("visit_type_id", "consultant_id", "location_id", "start")} | also


async def test_a_held_time_is_nobody_elses_survives_a_declined_card_and_becomes_one_appointment(clinic: Clinic) -> None:
    wish, patient = await wanted(clinic), await clinic.patient()
    answers = await asyncio.gather(*(clinic.post("/holds", json=wish, key=f"hold {number}") for number in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    number, answer = next((at, one) for at, one in enumerate(answers) if one.status_code == 201)
    held = answer.json()
    assert (held["status"], held["price"]["amount"], held["payment_policy"]["kind"]) == ("held", 350_000, "full")
    assert held["consultant"]["name"]
    assert answer.headers["location"] == f"/api/v1/holds/{held['id']}"
    assert timedelta(minutes=9) < left(held) <= timedelta(minutes=10)
    again = await clinic.post("/holds", json=wish, key=f"hold {number}")
    assert (again.status_code, again.json()) == (201, held), "the same key gives the same answer"
    other = wish | {"patient_id": patient}
    problem(await clinic.post("/holds", json=other, key=f"hold {number}"), 422, "idempotency_conflict")
    refused = next(one for one in answers if one.status_code == 409)
    assert problem(refused, 409, "slot_taken")["alternatives"]
    late = wish | {"patient_id": patient, "payment": {"method": "card", "token": "pm_card_visa"}}
    assert problem(await clinic.post("/appointments", json=late), 409, "slot_taken")["alternatives"]

    booking = {"patient_id": patient, "hold_id": held["id"]}
    declined = booking | {"payment": {"method": "card", "token": "pm_card_chargeDeclined"}}
    problem(await clinic.post("/appointments", json=declined), 402, "card_declined")
    assert (await clinic.get(f"/holds/{held['id']}")).json() == held, "there is still time for another card"
    paid = booking | {"payment": {"method": "card", "token": "pm_card_visa"}}
    differs = paid | {"start": (datetime.fromisoformat(held["start"]) + timedelta(hours=1)).isoformat()}
    problem(await clinic.post("/appointments", json=differs), 409, "hold_differs")
    booked = await clinic.post("/appointments", json=paid, key="with hold")
    assert booked.status_code == 201, booked.text
    assert (booked.json()["start"], booked.json()["status"]) == (held["start"], "booked")
    same = await clinic.post("/appointments", json=paid, key="with hold")
    assert (same.status_code, same.json()) == (201, booked.json())
    used = problem(await clinic.post("/appointments", json=paid), 409, "hold_used")
    assert used["appointment_id"] == booked.json()["id"]
    problem(await clinic.post(f"/holds/{held['id']}/extension"), 409, "hold_used")
    for _ in range(2):
        assert (await clinic.ask("DELETE", f"/holds/{held['id']}")).status_code == 204
    read = (await clinic.get(f"/holds/{held['id']}")).json()
    assert (read["status"], read["appointment_id"]) == ("used", booked.json()["id"])
    assert (await clinic.get(f"/appointments/{booked.json()['id']}")).json()["status"] == "booked"


async def test_a_hold_with_anyone_is_extended_once_and_given_back_at_once(clinic: Clinic, other_clinic: Clinic) -> None:
    wish = await wanted(clinic)
    anyone = {name: wish[name] for name in ("visit_type_id", "start")}
    held = (await clinic.post("/holds", json=anyone)).json()
    at = f"/holds/{held['id']}"
    assert held["consultant"]["id"] == clinic.consultant
    assert datetime.fromisoformat(held["start"]) == datetime.fromisoformat(wish["start"])
    assert problem(await clinic.post("/holds", json=anyone), 409, "slot_taken")["alternatives"]
    problem(await clinic.post(f"{at}/extension", scopes=("appointments:read",)), 403, "forbidden")
    for method, path in (("GET", at), ("DELETE", at), ("POST", f"{at}/extension")):
        problem(await other_clinic.ask(method, path), 404, "hold_not_found")
    stolen = {"patient_id": await other_clinic.patient(), "hold_id": held["id"]}
    problem(await other_clinic.post("/appointments", json=stolen), 404, "hold_not_found")

    longer = await clinic.post(f"{at}/extension", key="longer")
    assert timedelta(minutes=19) < left(longer.json()) <= timedelta(minutes=20), longer.text
    assert (await clinic.post(f"{at}/extension", key="longer")).json() == longer.json()
    problem(await clinic.post(f"{at}/extension"), 409, "hold_extended")
    state = (await clinic.get(f"/workflows/{held['workflow_id']}")).json()
    assert (state["type"], state.get("step")) == ("SlotHold", "held"), state
    for _ in range(2):
        assert (await clinic.ask("DELETE", at)).status_code == 204
    assert (await clinic.get(at)).json()["status"] == "released"
    problem(await clinic.post(f"{at}/extension"), 410, "hold_over")
    nothing = await clinic.post("/appointments", json={"patient_id": stolen["patient_id"]})
    missing = problem(nothing, 422, "invalid_input")
    assert [one["field"] for one in missing["errors"]] == ["consultant_id", "visit_type_id", "start"]
    assert (await clinic.post("/holds", json=wish | {"patient_id": await clinic.patient()})).status_code == 201


def left(held: dict[str, Any]) -> timedelta:
    """Tell how long it is held still."""
    return datetime.fromisoformat(held["expires_at"]) - datetime.now().astimezone()
