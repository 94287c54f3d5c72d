"""Who works when, and on which terms: the two questions on the path of a booking, over HTTP."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.services.consultants.clinic import MONDAY_NINE, Clinic, consultant, hours, visit_type

MONDAY = ("2026-11-02T00:00:00+05:30", "2026-11-03T00:00:00+05:30")


def spans(windows: list[dict[str, Any]]) -> list[str]:
    return [f"{window['start']}/{window['end']}" for window in windows]


async def test_working_time_is_the_weekly_hours_as_instants(clinic: Clinic) -> None:
    windows = await clinic.windows(*MONDAY)
    assert windows == [
        {
            "consultant_id": str(clinic.consultant_id),
            "location_id": str(clinic.location_id),
            "zone": "Asia/Colombo",
            "start": "2026-11-02T03:30:00Z",
            "end": "2026-11-02T07:30:00Z",
            "anchor": "2026-11-02T03:30:00Z",
            "rooms": None,
        }
    ]


async def test_working_time_is_clipped_to_the_period_and_keeps_its_anchor(clinic: Clinic) -> None:
    windows = await clinic.windows("2026-11-02T10:07:00+05:30", "2026-11-02T12:00:00+05:30")
    assert spans(windows) == ["2026-11-02T04:37:00Z/2026-11-02T06:30:00Z"]
    assert windows[0]["anchor"] == "2026-11-02T03:30:00Z"


async def test_leave_closes_blocked_time_cuts_and_extra_hours_open(clinic: Clinic) -> None:
    await clinic.deviates("leave", "2026-11-03T00:00:00+05:30", "2026-11-04T00:00:00+05:30")
    await clinic.deviates("blocked", "2026-11-02T10:00:00+05:30", "2026-11-02T10:30:00+05:30")
    place = str(clinic.location_id)
    await clinic.deviates("extra", "2026-11-07T09:00:00+05:30", "2026-11-07T10:00:00+05:30", location_id=place)
    windows = await clinic.windows("2026-11-02T00:00:00+05:30", "2026-11-09T00:00:00+05:30")
    assert spans(windows) == [
        "2026-11-02T03:30:00Z/2026-11-02T04:30:00Z",
        "2026-11-02T05:00:00Z/2026-11-02T07:30:00Z",
        "2026-11-04T03:30:00Z/2026-11-04T07:30:00Z",
        "2026-11-05T03:30:00Z/2026-11-05T07:30:00Z",
        "2026-11-06T03:30:00Z/2026-11-06T07:30:00Z",
        "2026-11-07T03:30:00Z/2026-11-07T04:30:00Z",
    ]


async def test_a_closure_at_one_location_leaves_the_others_open(clinic: Clinic) -> None:
    elsewhere = uuid7()
    await clinic.works(hours(clinic.location_id, 0, "09:00", "11:00"), hours(elsewhere, 0, "12:00", "14:00"))
    await clinic.deviates("blocked", *MONDAY, location_id=str(clinic.location_id))
    assert [window["location_id"] for window in await clinic.windows(*MONDAY)] == [str(elsewhere)]


async def test_windows_narrow_by_consultant_speciality_and_location(clinic: Clinic) -> None:
    other, elsewhere = uuid7(), uuid7()
    await clinic.put(f"/consultants/{other}", consultant(specialties=["Cardiology", "Neurology"]), expect=201)
    path = f"/consultants/{other}/schedule"
    await clinic.put(path, {"hours": [hours(elsewhere, 0, "08:00", "10:00")]}, expect=200)

    async def who(**narrowed: Any) -> list[str]:
        return [window["consultant_id"] for window in await clinic.windows(*MONDAY, **narrowed)]

    assert await who() == [str(other), str(clinic.consultant_id)]
    assert await who(consultant_id=str(other)) == [str(other)]
    assert await who(specialty="NEUROLOGY") == [str(other)]
    assert await who(location_id=str(clinic.location_id)) == [str(clinic.consultant_id)]


@pytest.mark.parametrize("status", ["inactive", "on_leave"])
async def test_a_consultant_who_is_not_active_is_not_offered(clinic: Clinic, status: str) -> None:
    await clinic.put(f"/consultants/{clinic.consultant_id}/status", {"status": status}, expect=200)
    assert await clinic.windows(*MONDAY) == []
    refused = await clinic.offer(MONDAY_NINE)
    assert (refused.status_code, refused.json()["code"]) == (409, "consultant_unavailable")


async def test_an_archived_consultant_is_not_offered(clinic: Clinic) -> None:
    await clinic.http.delete(f"/consultants/{clinic.consultant_id}", headers=clinic.headers)
    assert await clinic.windows(*MONDAY) == []
    assert (await clinic.offer(MONDAY_NINE)).json()["code"] == "consultant_unavailable"


@pytest.mark.parametrize(
    ("terms", "offered"),
    [
        ({"specialty": None}, True),
        ({"specialty": "Cardiology"}, True),
        ({"specialty": "Dermatology"}, False),
        ({"active": False}, False),
        ({"specialty": "Dermatology", "consultant_ids": ["me"]}, True),
        ({"specialty": "Cardiology", "consultant_ids": ["other"]}, False),
    ],
)
async def test_those_who_are_named_offer_a_visit_type_else_its_speciality_else_everybody(
    clinic: Clinic, terms: dict[str, Any], offered: bool
) -> None:
    other = uuid7()
    await clinic.put(f"/consultants/{other}", consultant(), expect=201)
    ids = {"me": str(clinic.consultant_id), "other": str(other)}
    named = {"consultant_ids": [ids[who] for who in terms.get("consultant_ids", [])]}
    await clinic.put(f"/visit-types/{clinic.visit_type_id}/record", visit_type(**(terms | named)), expect=200)
    assert bool(await clinic.windows(*MONDAY)) is offered
    answer = await clinic.offer(MONDAY_NINE)
    assert answer.json().get("code") == (None if offered else "not_offered")
    asked = {"consultant_id": ids["me"], "active": "true"}
    listed = await clinic.http.get("/visit-types", params=asked, headers=clinic.headers)
    assert bool(listed.json()["items"]) is offered


async def test_an_offer_tells_what_is_occupied_what_it_costs_and_which_policies_hold(clinic: Clinic) -> None:
    assert (await clinic.offer(MONDAY_NINE)).json() == {
        "consultant_id": str(clinic.consultant_id),
        "consultant_name": "Dr Amara Jayasinghe",
        "location_id": str(clinic.location_id),
        "visit_type_id": str(clinic.visit_type_id),
        "visit_type_name": "Consultation",
        "zone": "Asia/Colombo",
        "start": "2026-11-02T03:30:00Z",
        "end": "2026-11-02T04:00:00Z",
        "occupied_from": "2026-11-02T03:25:00Z",
        "occupied_to": "2026-11-02T04:10:00Z",
        "price": {"amount": 350000, "currency": "LKR"},
        "listed": {"amount": 350000, "currency": "LKR"},
        "tax": None,
        "follow_up": None,
        "specialty": "cardiology",
        "free_because": None,
        "payment_policy": {
            "kind": "full",
            "when": "booking",
            "deposit": None,
            "hours_before": None,
            "on_decline": "keep",
            "when_gateway_is_down": "refuse",
        },
        "cancellation_policy": {
            "free_until_hours": 24,
            "fee_percent": 50,
            "no_show_fee_percent": 0,
            "fee": None,
            "no_show_fee": None,
            "reschedule_until_hours": 0,
            "max_moves": None,
            "grace_minutes": 15,
        },
        "reminder_offsets_hours": [72, 24, 2],
        "mode": "in_person",
        "within_hours": True,
        "capacity": 1,
        "rooms": None,
        "payer_id": None,
        "payer_name": "",
        "coverage_id": None,
        "covered": None,
    }


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("2026-11-02T12:30:00+05:30", None),
        ("2026-11-02T12:31:00+05:30", "outside_hours"),
        ("2026-11-02T08:59:00+05:30", "outside_hours"),
        ("2026-11-07T09:00:00+05:30", "outside_hours"),
        ("2026-11-01T12:29:00+05:30", "too_soon"),
        ("2026-10-30T09:00:00+05:30", "too_soon"),
        ("2027-01-29T12:30:00+05:30", None),
        ("2027-02-01T09:00:00+05:30", "beyond_horizon"),
    ],
)
async def test_a_visit_lies_inside_the_hours_after_its_notice_and_before_the_horizon(
    clinic: Clinic, start: str, code: str | None
) -> None:
    answer = await clinic.offer(start)
    assert answer.json().get("code") == code
    assert answer.status_code == (422 if code else 200)


async def test_a_visit_lies_inside_one_stretch_and_not_across_blocked_time(clinic: Clinic) -> None:
    await clinic.deviates("blocked", "2026-11-02T09:10:00+05:30", "2026-11-02T09:20:00+05:30")
    assert (await clinic.offer(MONDAY_NINE)).json()["code"] == "outside_hours"
    assert (await clinic.offer("2026-11-02T09:20:00+05:30")).status_code == 200


async def test_overriding_the_hours_overrides_nothing_else(clinic: Clinic) -> None:
    outside = await clinic.offer("2026-11-07T20:00:00+05:30", override_hours=True)
    assert (outside.status_code, outside.json()["within_hours"]) == (200, False)
    assert (outside.json()["location_id"], outside.json()["zone"]) == (str(clinic.location_id), "Asia/Colombo")
    inside = await clinic.offer(MONDAY_NINE, override_hours=True)
    assert inside.json()["within_hours"] is True
    assert (await clinic.offer("2026-11-01T12:00:00+05:30", override_hours=True)).json()["code"] == "too_soon"
    assert (await clinic.offer("2027-02-01T09:00:00+05:30", override_hours=True)).json()["code"] == "beyond_horizon"


async def test_outside_of_all_hours_a_visit_says_where_it_takes_place(clinic: Clinic) -> None:
    newcomer, elsewhere = uuid7(), str(uuid7())
    await clinic.put(f"/consultants/{newcomer}", consultant(), expect=201)

    async def asked(**place: str) -> httpx.Response:
        return await clinic.offer(MONDAY_NINE, consultant_id=str(newcomer), override_hours=True, **place)

    assert (await asked()).json()["code"] == "location_needed"
    assert (await asked(location_id=elsewhere)).json()["code"] == "location_needed"
    known = await asked(location_id=str(clinic.location_id))  # others work there, so its zone is known
    assert (known.status_code, known.json()["zone"]) == (200, "Asia/Colombo")


async def test_a_visit_at_another_location_than_the_consultant_works_at_is_outside_hours(clinic: Clinic) -> None:
    assert (await clinic.offer(MONDAY_NINE, location_id=str(uuid7()))).json()["code"] == "outside_hours"


async def test_what_does_not_exist_is_named_in_the_refusal(clinic: Clinic) -> None:
    nobody = await clinic.offer(MONDAY_NINE, consultant_id=str(UUID(int=1)))
    nothing = await clinic.offer(MONDAY_NINE, visit_type_id=str(UUID(int=1)))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "consultant_not_found")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "visit_type_not_found")
    asked = {"from": MONDAY[0], "to": MONDAY[1], "visit_type_id": str(UUID(int=1))}
    unknown = await clinic.http.get("/windows", params=asked, headers=clinic.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "visit_type_not_found")


@pytest.mark.parametrize("end", ["2026-11-02T00:00:00+05:30", "2027-11-20T00:00:00+05:30", "2026-11-03T00:00:00"])
async def test_a_period_that_is_empty_endless_or_without_offset_is_refused(clinic: Clinic, end: str) -> None:
    asked = {"from": MONDAY[0], "to": end, "visit_type_id": str(clinic.visit_type_id)}
    answer = await clinic.http.get("/windows", params=asked, headers=clinic.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("zone", "block", "period", "expected"),
    [
        (
            "Europe/London",
            ("00:30", "02:30"),
            ("2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z"),
            ["2027-03-28T00:30:00Z/2027-03-28T01:30:00Z"],
        ),
        (
            "America/New_York",
            ("00:30", "02:30"),
            ("2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"),
            ["2026-11-01T04:30:00Z/2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z/2026-11-01T07:30:00Z"],
        ),
        (
            "Australia/Lord_Howe",
            ("01:00", "03:00"),
            ("2027-04-04T00:00:00+11:00", "2027-04-05T00:00:00+10:30"),
            ["2027-04-03T14:00:00Z/2027-04-03T15:00:00Z", "2027-04-03T15:30:00Z/2027-04-03T16:30:00Z"],
        ),
        (
            "Asia/Colombo",
            ("00:30", "02:30"),
            ("2027-03-28T00:00:00+05:30", "2027-03-29T00:00:00+05:30"),
            ["2027-03-27T19:00:00Z/2027-03-27T21:00:00Z"],
        ),
    ],
)
async def test_on_the_day_of_a_clock_change_a_skipped_hour_is_missing_and_a_repeated_one_comes_once(
    clinic: Clinic, zone: str, block: tuple[str, str], period: tuple[str, str], expected: list[str]
) -> None:
    await clinic.works(hours(clinic.location_id, 6, *block, zone=zone))
    assert spans(await clinic.windows(*period)) == expected
