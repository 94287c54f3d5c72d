"""Consultants through forms."""

from careconnect.ids import uuid7
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page, told


def somebody(**changed: str) -> dict[str, str]:
    """Describe a consultant."""
    return {
        "title": "Dr.", "first_name": "Mala", "last_name": f"Silva-{uuid7().hex[-8:]}",
        "specialties": "Cardiology, Internal medicine", "registration_number": uuid7().hex,
    } | changed  # fmt: skip


async def test_a_consultant_is_registered_changed_and_switched(owner: Desk) -> None:
    who = somebody()
    made = await owner.send(await owner.read("/consultants/new"), "/consultants", who)
    path = made.headers["location"]
    assert "Cardiology, Internal medicine" in (await owner.read(path)).text
    await owner.send(await owner.read(f"{path}/edit"), path, bio="Sees adults.")
    profile = await owner.read(path)
    assert "Sees adults." in profile.text
    answer = await owner.send(profile, f"{path}/status", script=True, status="on_leave")
    assert "On leave" in Page(answer.text).text
    assert told(answer)["toast"]["message"] == "Status saved"
    assert who["last_name"] in (await owner.read("/consultants?status=on_leave", part="results")).text
    assert who["last_name"] not in (await owner.read("/consultants?status=active", part="results")).text


async def test_a_registration_number_belongs_to_one(owner: Desk) -> None:
    who = somebody()
    await owner.send(await owner.read("/consultants/new"), "/consultants", who)
    answer = await owner.send(await owner.read("/consultants/new"), "/consultants", who | {"first_name": "Other"})
    assert answer.status_code == 409
    assert "Another consultant has this registration number" in Page(answer.text).text


async def test_what_is_missing_is_asked_for(owner: Desk) -> None:
    answer = await owner.send(await owner.read("/consultants/new"), "/consultants", first_name="", specialties="")
    page = Page(answer.text)
    assert answer.status_code == 422
    assert page.having("id", "consultant-first_name-error")
    assert page.having("id", "consultant-specialties-error")


async def test_the_front_desk_looks_but_does_not_touch(front_desk: Desk, clinic: Clinic) -> None:
    page = await front_desk.read(f"/consultants/{clinic.consultant}")
    assert not [form for form in page.forms if form.action.endswith("/status")]
    fields = {"csrf_token": await front_desk.token(), "status": "inactive"}
    answer = await front_desk.post(f"/consultants/{clinic.consultant}/status", fields, script=True)
    assert answer.status_code == 403
