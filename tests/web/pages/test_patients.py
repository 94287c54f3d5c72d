"""Patients through forms."""

import asyncio

from careconnect.ids import uuid7
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page, id_in, told


def somebody(**changed: str) -> dict[str, str]:
    """Describe a patient whom nobody could take for somebody else."""
    fresh = f"Perera-{uuid7().hex[-12:]}"
    return {"first_name": "Nimal", "last_name": fresh, "date_of_birth": "1990-04-12", "gender": "male"} | changed


async def test_registering_leads_to_the_record_and_says_so_once(front_desk: Desk) -> None:
    who = somebody(phone="077 123 4567", address_city="Galle")
    answer = await front_desk.send(await front_desk.read("/patients/new"), "/patients", who)
    assert answer.status_code == 303, answer.text
    record = await front_desk.read(answer.headers["location"])
    assert f"Nimal {who['last_name']}" in record.text
    assert "+94 77 123 4567" in record.text
    assert "Patient registered" in record.text
    assert "Patient registered" not in (await front_desk.read(answer.headers["location"])).text


async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(front_desk: Desk) -> None:
    wrong = somebody(first_name="", email="not an address", address_city="Kandy", date_of_birth="2999-01-01")
    answer = await front_desk.send(await front_desk.read("/patients/new"), "/patients", wrong)
    page = Page(answer.text)
    assert answer.status_code == 422
    assert page.form("/patients").fields["address_city"] == "Kandy"
    for name in ("first_name", "email", "date_of_birth"):
        assert page.having("id", f"patient-{name}-error"), name
        assert page.having("aria-describedby", f"patient-{name}-error"), name


async def test_a_double_click_registers_once(front_desk: Desk) -> None:
    page, who = await front_desk.read("/patients/new"), somebody()
    answers = await asyncio.gather(*(front_desk.send(page, "/patients", who) for _ in range(3)))
    assert len({answer.headers["location"] for answer in answers}) == 1


async def test_somebody_who_looks_the_same_is_shown_first(front_desk: Desk) -> None:
    who = somebody()
    first = await front_desk.send(await front_desk.read("/patients/new"), "/patients", who)
    again = await front_desk.send(await front_desk.read("/patients/new"), "/patients", who)
    page = Page(again.text)
    assert again.status_code == 409
    assert first.headers["location"] in page.links
    assert page.form("/patients").fields["last_name"] == who["last_name"]
    answer = await front_desk.send(page, "/patients", confirm_duplicate="true")
    assert answer.status_code == 303
    assert answer.headers["location"] != first.headers["location"]


async def test_who_might_be_the_same_is_shown_while_typing(front_desk: Desk) -> None:
    who = somebody()
    first = await front_desk.send(await front_desk.read("/patients/new"), "/patients", who)
    fields = (await front_desk.read("/patients/new")).form("/patients").fields | who
    page = Page((await front_desk.post("/patients/duplicates", fields, script=True)).text)
    assert page.links == [first.headers["location"]]


async def test_a_patient_registered_inside_a_booking_is_chosen_there(front_desk: Desk) -> None:
    page = await front_desk.read("/patients/new?for=booking&name=Kumari Silva")
    assert page.form("/patients").fields["first_name"] == "Kumari"
    who = somebody(first_name="Kumari")
    answer = await front_desk.send(page, "/patients", who, script=True)
    assert answer.status_code == 204
    assert told(answer)["patient-registered"]["name"] == f"Kumari {who['last_name']}"
    assert told(answer)["close-dialog"]


async def test_the_search_answers_with_the_part_that_changes(front_desk: Desk, clinic: Clinic) -> None:
    who = somebody()
    await front_desk.send(await front_desk.read("/patients/new"), "/patients", who)
    page = await front_desk.read(f"/patients?q={who['last_name']}", part="results")
    assert who["last_name"] in page.text
    assert not page.having("id", "main")
    assert "Nobody found" in (await front_desk.read("/patients?q=zzzz-nobody", part="results")).text
    assert clinic.tenant_id


async def test_the_next_part_of_a_list_is_a_plain_link(owner: Desk, clinic: Clinic) -> None:
    await asyncio.gather(*(clinic.patient() for _ in range(51)))
    first = await owner.read("/patients")
    following = next(said for said in first.having("hx-trigger", "revealed"))["hx-get"]
    assert following in first.links
    rows = await owner.read(following, part="")
    assert not rows.having("id", "main")
    assert len(rows.links) > 0
    assert (await owner.read(following)).having("id", "main")


async def test_a_change_by_somebody_else_is_not_written_over(front_desk: Desk, clinic: Clinic) -> None:
    patient = await clinic.patient()
    mine, theirs = [await front_desk.read(f"/patients/{patient}/edit") for _ in range(2)]
    assert (await front_desk.send(theirs, f"/patients/{patient}", address_city="Jaffna")).status_code == 303
    answer = await front_desk.send(mine, f"/patients/{patient}", address_city="Galle")
    assert answer.status_code == 409
    assert "Somebody else changed this record" in Page(answer.text).text
    assert "Jaffna" in (await front_desk.read(f"/patients/{patient}")).text


async def test_the_front_desk_changes_a_record_without_losing_what_it_may_not_see(
    front_desk: Desk, owner: Desk, clinic: Clinic
) -> None:
    patient = await clinic.patient(allergies=["Latex"], blood_group="O+")
    page = await front_desk.read(f"/patients/{patient}/edit")
    assert "allergies" not in page.form(f"/patients/{patient}").fields
    assert (await front_desk.send(page, f"/patients/{patient}", address_city="Matara")).status_code == 303
    record = (await owner.read(f"/patients/{patient}")).text
    assert "Latex" in record
    assert "Matara" in record


async def test_archiving_can_be_undone(front_desk: Desk, clinic: Clinic) -> None:
    patient = await clinic.patient()
    page = await front_desk.read(f"/patients/{patient}")
    await front_desk.send(page, f"/patients/{patient}/archival")
    archived = await front_desk.read(f"/patients/{patient}")
    assert "Archived" in archived.text
    undo = archived.having("data-undo", f"/patients/{patient}/restoration")
    assert undo
    await front_desk.send(archived, f"/patients/{patient}/restoration")
    assert "Archived" not in (await front_desk.read(f"/patients/{patient}")).text


async def test_preferences_are_kept(front_desk: Desk, clinic: Clinic) -> None:
    patient = await clinic.patient()
    page = await front_desk.read(f"/patients/{patient}")
    fields = page.form(f"/patients/{patient}/preferences").fields
    del fields["sms"]
    await front_desk.post(f"/patients/{patient}/preferences", fields)
    kept = (await front_desk.read(f"/patients/{patient}")).form(f"/patients/{patient}/preferences").fields
    assert ("email" in kept, "sms" in kept) == (True, False)
    assert id_in(f"/patients/{patient}") == patient
