"""The settings as plain forms: places, rooms and visit types are entered, changed and retired, by those who may."""

import pytest

from careconnect.ids import uuid7
from tests.web.clinic import ZONE, Clinic, visit_type
from tests.web.pages.desk import Desk, Page

WRITTEN = ("locations", "rooms", "visit-types")


async def test_a_location_is_opened_described_retired_and_brought_back(owner: Desk, clinic: Clinic) -> None:
    name = f"Kandy {uuid7().hex}"
    fields = {"name": name, "zone": ZONE, "line1": "1 Lake Road", "city": "Kandy", "country": "LK", "phone": ""}
    page = await owner.read("/settings/locations/new")
    assert (await owner.send(page, "/settings/locations", fields | {"name": " "})).status_code == 422
    for _ in range(2):  # a double click opens it once
        assert (await owner.send(page, "/settings/locations", fields)).status_code == 303
    (made,) = [one for one in (await clinic.get("/locations")).json()["items"] if one["name"] == name]
    path = f"/settings/locations/{made['id']}"
    done = await owner.send(await owner.read(path), path, name="Kandy Lake")
    assert done.status_code == 303
    listed = await owner.read("/settings/locations")
    assert "Kandy Lake" in listed.text
    assert (await owner.send(listed, f"{path}/retirement")).status_code == 303
    kept = (await clinic.get(f"/locations/{made['id']}")).json()
    assert (kept["active"], kept["address"]["city"]) == (False, "Kandy")
    await owner.send(await owner.read("/settings/locations"), f"{path}/return")
    assert (await clinic.get(f"/locations/{made['id']}")).json()["active"]
    await owner.send(await owner.read("/settings/locations"), f"{path}/retirement")


async def test_a_room_says_which_visit_types_need_it(owner: Desk, clinic: Clinic) -> None:
    feature = uuid7().hex
    kind = await clinic.made("/visit-types", visit_type(name="Echo", room_needed=True, room_features=[feature]))
    page = await owner.read("/settings/rooms/new")
    fields = {"name": "Echo room", "location_id": clinic.location, "features": f"{feature}, couch"}
    answer = await owner.send(page, "/settings/rooms", fields | {"location_id": ""})
    assert (answer.status_code, Page(answer.text).having("id", "room-location_id-error") != []) == (422, True)
    assert (await owner.send(Page(answer.text), "/settings/rooms", fields)).status_code == 303
    (room,) = [one for one in (await clinic.get("/rooms")).json()["items"] if feature in one["features"]]
    assert room["features"] == sorted(["couch", feature])
    await clinic.put(f"/visit-types/{kind}", json=visit_type(name="Echo", active=False) | {"version": 1})
    await owner.send(await owner.read("/settings/rooms"), f"/settings/rooms/{room['id']}/retirement")
    assert not (await clinic.get(f"/rooms/{room['id']}")).json()["active"]


async def test_a_visit_type_is_kept_as_it_was_typed(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read("/settings/visit-types/new")
    fields = {
        "name": "Scan", "duration_minutes": "25", "price": "1,500.50", "kind": "deposit", "when": "before",
        "hours_before": "48", "deposit": "500", "notice_hours": "1.5", "reminders": "48, 4", "tax_rate": "18",
        "consultant_ids": clinic.consultant, "location_ids": clinic.location, "follow_visits": "2", "fee": "100",
        "when_gateway_is_down": "due", "max_moves": "", "colour": "#00aa00",
    }  # fmt: skip
    answer = await owner.send(page, "/settings/visit-types", fields | {"deposit": "2000", "duration_minutes": "none"})
    wrong = Page(answer.text)
    assert answer.status_code == 422
    assert wrong.having("id", "visit-deposit-error")
    assert wrong.having("id", "visit-duration_minutes-error")
    assert (await owner.send(wrong, "/settings/visit-types", fields)).status_code == 303
    (made,) = [one for one in (await clinic.get("/visit-types?limit=200")).json()["items"] if one["name"] == "Scan"]
    expected = {
        "duration_minutes": 25, "price": {"amount": 150050, "currency": "LKR"}, "min_notice_minutes": 90,
        "reminder_offsets_hours": [48, 4], "consultant_ids": [clinic.consultant], "location_ids": [clinic.location],
        "tax": {"name": "VAT", "rate": 1800, "inclusive": True}, "colour": "#00aa00", "active": True,
        "follow_up": {"visits": 2, "days": 14, "of": "visit_type"},
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    policy = made["payment_policy"]
    assert (policy["kind"], policy["when"], policy["hours_before"]) == ("deposit", "before", 48)
    assert (policy["deposit"]["amount"], policy["when_gateway_is_down"]) == (50000, "due")
    path = f"/settings/visit-types/{made['id']}"
    assert (await owner.send(await owner.read(path), path, {})).status_code == 303
    same = (await clinic.get(f"/visit-types/{made['id']}")).json()
    assert same == made  # opened and saved again, nothing changes
    done = await owner.send(await owner.read("/settings/visit-types"), f"{path}/retirement")
    assert done.status_code == 303
    assert not (await clinic.get(f"/visit-types/{made['id']}")).json()["active"]


async def test_what_somebody_else_changed_meanwhile_is_said_and_nothing_typed_is_lost(
    owner: Desk, clinic: Clinic
) -> None:
    wanted = visit_type(name=f"Check {uuid7().hex[-6:]}", room_features=[])
    path = f"/settings/visit-types/{await clinic.made('/visit-types', wanted)}"
    mine = await owner.read(path)
    await owner.send(await owner.read(path), path, price="9,000", duration_minutes="45", capacity="3")
    answer = await owner.send(mine, path, price="7,000", slot_step_minutes="10")
    page = Page(answer.text)
    assert (answer.status_code, page.having("role", "alert") != []) == (409, True)
    assert "9000.00" in page.text  # what the other one wrote, beside what was typed
    fields = page.form(path).fields
    assert (fields["price"], fields["slot_step_minutes"]) == ("7,000", "10")
    assert (fields["duration_minutes"], fields["capacity"]) == ("45", "3")
    assert (await owner.send(page, path, {})).status_code == 303
    kept = (await clinic.get(f"/visit-types/{path.rpartition('/')[2]}")).json()
    assert (kept["price"]["amount"], kept["duration_minutes"], kept["slot_step_minutes"]) == (700_000, 45, 10)


@pytest.mark.parametrize("section", WRITTEN)
async def test_who_may_not_change_the_catalogue_sees_it_and_no_more(
    front_desk: Desk, owner: Desk, section: str
) -> None:
    page = await front_desk.read(f"/settings/{section}")
    assert f"/settings/{section}/new" not in page.links
    assert all("retirement" not in form.action for form in page.forms)
    await front_desk.read(f"/settings/{section}/new", status=403)
    fields = (await owner.read(f"/settings/{section}/new")).form(f"/settings/{section}").fields
    sent = fields | {"csrf_token": await front_desk.token()}
    refused = await front_desk.post(f"/settings/{section}", sent, script=True)
    assert refused.status_code == 403


@pytest.mark.parametrize("section", WRITTEN)
async def test_no_other_organisation_finds_a_record(stranger: Desk, owner: Desk, clinic: Clinic, section: str) -> None:
    room = {"location_id": clinic.location, "name": "Attic", "active": False}
    made = {"locations": clinic.location, "visit-types": clinic.desk_visit}.get(section)
    path = f"/settings/{section}/{made or await clinic.made('/rooms', room)}"
    await owner.read(path)
    await stranger.read(path, status=404)


async def test_a_long_list_of_choices_is_found_by_typing(owner: Desk) -> None:
    page = await owner.read("/options/zones?find=lord how", part="list")
    assert [one["data-value"] for one in page.having("data-value")] == ["Australia/Lord_Howe"]
    page = await owner.read("/options/zones?find=europe", part="list")
    assert len(page.having("data-value")) == 20
    assert "more; type to narrow" in page.text
