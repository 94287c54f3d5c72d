"""The patient's page tells what happened and what is planned, in words, and leads to all of it."""

from uuid import UUID

from fastapi import FastAPI

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk


async def test_the_patients_page_tells_of_refunds_and_planned_reminders(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    back = {"amount": {"amount": 50_000, "currency": "LKR"}, "reason": "Waited for too long"}
    assert (await clinic.post(f"/payments/{booked['payment']['id']}/refunds", json=back)).status_code == 201
    at = f"/patients/{booked['patient']['id']}"
    for path in (at, f"{at}/timeline"):
        text = (await owner.read(path)).text
        for words in ("Refund", "Waited for too long", "Reminder, ", "Payment", "Invoice", booked["reference"]):
            assert words in text, (path, words)
    page = await owner.read(f"{at}/timeline")
    planned = [said for _, said in page.tags if "planned" in said.get("class", "").split()]
    assert len(planned) >= 2  # the visit itself, and what reminds of it


async def test_who_may_not_see_money_is_told_of_none(edge: FastAPI, front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    doctor = await Desk.open(edge, clinic, "clinician", consultant_id=UUID(clinic.consultant))
    at = f"/patients/{booked['patient']['id']}/timeline"
    shown = (await doctor.read(at)).text
    assert booked["reference"] in shown
    assert booked["invoice"]["number"] not in shown
    assert booked["invoice"]["number"] in (await front_desk.read(at)).text
