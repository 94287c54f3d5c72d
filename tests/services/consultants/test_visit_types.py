"""The catalogue of visit types over HTTP."""

from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from careconnect.money import Money
from services.consultants.schemas import CancellationPolicy
from tests.services.consultants.clinic import consultant, visit_type


async def add(http: httpx.AsyncClient, headers: dict[str, str], **changed: Any) -> dict[str, Any]:
    answer = await http.put(f"/visit-types/{uuid7()}", json=visit_type(**changed), headers=headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_visit_type_reads_back_as_entered_with_its_defaults(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await add(http, everything, reminder_offsets_hours=[2, 48])
    assert made["reminder_offsets_hours"] == [48, 2]
    assert (made["slot_step_minutes"], made["mode"], made["active"], made["version"]) == (15, "in_person", True, 1)
    assert (await http.get(f"/visit-types/{made['id']}", headers=everything)).json() == made


async def test_a_repeat_is_harmless_and_other_terms_under_the_same_id_are_refused(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    who = uuid7()
    await http.put(f"/consultants/{who}", json=consultant(), headers=everything)
    path, terms = f"/visit-types/{uuid7()}", visit_type(consultant_ids=[str(who)])
    answers = [await http.put(path, json=terms, headers=everything) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    other = await http.put(path, json=terms | {"duration_minutes": 45}, headers=everything)
    assert (other.status_code, other.json()["code"]) == (409, "visit_type_exists")


async def test_a_replacement_raises_the_version_and_a_stale_one_is_refused(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    who = [str(uuid7()) for _ in range(3)]
    for one in who:
        await http.put(f"/consultants/{one}", json=consultant(), headers=everything)
    made = await add(http, everything, consultant_ids=who[:2])
    path = f"/visit-types/{made['id']}/record"
    changed = visit_type(consultant_ids=who[1:], price={"amount": 4000, "currency": "JPY"})
    first = await http.put(path, json=changed | {"version": 1}, headers=everything)
    again = await http.put(path, json=changed | {"version": 1}, headers=everything)
    stale = await http.put(path, json=visit_type(version=1), headers=everything)
    assert (first.json()["version"], first.json()["consultant_ids"]) == (2, sorted(who[1:]))
    assert again.json() == first.json()
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")


async def test_only_those_who_offer_it_changed_raises_the_version_too(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    who = uuid7()
    await http.put(f"/consultants/{who}", json=consultant(), headers=everything)
    made = await add(http, everything)
    path = f"/visit-types/{made['id']}/record"
    changed = await http.put(path, json=visit_type(consultant_ids=[str(who)]), headers=everything)
    assert (changed.json()["version"], changed.json()["consultant_ids"]) == (2, [str(who)])


async def test_a_visit_type_names_only_consultants_who_exist(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    answer = await http.put(
        f"/visit-types/{uuid7()}", json=visit_type(consultant_ids=[str(uuid7())]), headers=everything
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "consultant_not_found")


async def test_the_catalogue_is_listed_by_name_and_narrows_to_what_is_offered(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    for name, active in (("Echo", True), ("Consultation", True), ("Stress test", False)):
        await add(http, everything, name=name, active=active)
    whole = (await http.get("/visit-types", headers=everything)).json()
    assert [one["name"] for one in whole["items"]] == ["Consultation", "Echo", "Stress test"]
    offered = (await http.get("/visit-types", params={"active": True}, headers=everything)).json()
    assert [one["name"] for one in offered["items"]] == ["Consultation", "Echo"]
    page = (await http.get("/visit-types", params={"limit": 2}, headers=everything)).json()
    rest = (await http.get("/visit-types", params={"cursor": page["next_cursor"]}, headers=everything)).json()
    assert [one["name"] for one in rest["items"]] == ["Stress test"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": {"amount": -1, "currency": "LKR"}},
        {"price": {"amount": 10, "currency": "rupees"}},
        {"price": {"amount": 0, "currency": "LKR"}, "payment_policy": {"kind": "full"}},
        {"payment_policy": {"kind": "deposit"}},
        {"payment_policy": {"kind": "full", "deposit": {"amount": 1, "currency": "LKR"}}},
        {"payment_policy": {"kind": "deposit", "deposit": {"amount": 0, "currency": "LKR"}}},
        {"payment_policy": {"kind": "deposit", "deposit": {"amount": 350001, "currency": "LKR"}}},
        {"payment_policy": {"kind": "deposit", "deposit": {"amount": 100, "currency": "USD"}}},
        {"cancellation_policy": {"fee_percent": 101}},
        {"duration_minutes": 0},
        {"buffer_after_minutes": -5},
        {"reminder_offsets_hours": [24, 24]},
        {"video_url": "https://video.example/room"},
        {"mode": "telehealth", "video_url": "http://video.example/room"},
        {"slot_step_minutes": 0},
        {"mode": "by_letter"},
    ],
)
async def test_terms_that_do_not_add_up_are_refused(
    http: httpx.AsyncClient, everything: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = await http.put(f"/visit-types/{uuid7()}", json=visit_type(**wrong), headers=everything)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "Value error" not in answer.text, "no words of the library before our own"


async def test_a_deposit_is_a_part_of_the_price(http: httpx.AsyncClient, everything: dict[str, str]) -> None:
    policy = {"kind": "deposit", "when": "booking", "deposit": {"amount": 100000, "currency": "LKR"}}
    made = await add(http, everything, payment_policy=policy)
    assert made["payment_policy"] == policy | {
        "hours_before": None, "on_decline": "keep", "when_gateway_is_down": "refuse",
    }  # fmt: skip


@pytest.mark.parametrize(("fixed", "costs"), [(None, 50_000), (0, 0), (20_000, 20_000), (900_000, 100_000)])
def test_a_fixed_fee_counts_where_there_is_one_even_if_it_is_nothing(fixed: int | None, costs: int) -> None:
    price = Money(amount=100_000, currency="LKR")
    fee = None if fixed is None else Money(amount=fixed, currency="LKR")
    policy = CancellationPolicy(fee_percent=50, no_show_fee_percent=50, fee=fee, no_show_fee=fee)
    assert [policy.cancellation_fee(price).amount, policy.missing_fee(price).amount] == [costs, costs]
