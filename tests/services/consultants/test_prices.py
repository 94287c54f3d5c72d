"""Price lists, taxes and the organisation's own policies decide on what a visit costs and when it is paid."""

import asyncio
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careconnect.ids import uuid7
from careconnect.money import Money
from services.consultants.prices import Listed, Visit, listed_price
from tests.services.consultants.clinic import MONDAY_NINE, Clinic


def rupees(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "LKR"}


async def enter(clinic: Clinic, amount: int, *, expect: int = 201, **whose: Any) -> dict[str, Any]:
    wanted = {"visit_type_id": str(clinic.visit_type_id), "price": rupees(amount)} | whose
    return await clinic.put(f"/price-lists/{uuid7()}", wanted, expect=expect)


async def price(clinic: Clinic, start: str = MONDAY_NINE, **asked: Any) -> int:
    answer = await clinic.offer(start, **asked)
    assert answer.status_code == 200, answer.text
    found: int = answer.json()["price"]["amount"]
    return found


async def test_the_most_specific_price_of_the_lists_wins(clinic: Clinic) -> None:
    payer, consultant, here = str(uuid7()), str(clinic.consultant_id), str(clinic.location_id)
    assert await price(clinic) == 350000
    await enter(clinic, 320000)
    assert await price(clinic) == 320000
    await enter(clinic, 310000, location_id=here)
    await enter(clinic, 999999, location_id=str(uuid7()))
    assert await price(clinic) == 310000
    await enter(clinic, 400000, consultant_id=consultant)
    assert await price(clinic) == 400000
    await enter(clinic, 410000, consultant_id=consultant, location_id=here)
    assert await price(clinic) == 410000
    await enter(clinic, 280000, payer_id=payer)
    assert (await price(clinic), await price(clinic, payer_id=payer)) == (410000, 280000)


async def test_a_price_holds_on_its_days_of_the_visit_and_two_never_hold_at_once(clinic: Clinic) -> None:
    made = await enter(clinic, 300000, valid_from="2026-11-03")
    assert (await price(clinic), await price(clinic, "2026-11-03T09:00:00+05:30")) == (350000, 300000)
    assert (await enter(clinic, 290000, expect=409, valid_to="2026-11-03"))["code"] == "prices_overlap"
    await enter(clinic, 290000, valid_to="2026-11-02")
    assert await price(clinic) == 290000
    answer = await clinic.http.delete(f"/price-lists/{made['id']}", headers=clinic.headers)
    assert answer.status_code == 204
    assert await price(clinic, "2026-11-03T09:00:00+05:30") == 350000


async def test_a_changed_price_names_its_version_and_a_repeat_changes_nothing(clinic: Clinic) -> None:
    path = f"/price-lists/{uuid7()}"
    wanted = {"visit_type_id": str(clinic.visit_type_id), "price": rupees(1000)}
    made = await clinic.put(path, wanted, expect=201)
    assert await clinic.put(path, wanted, expect=200) == made
    assert (await clinic.put(path, wanted | {"price": rupees(2000)}, expect=409))["code"] == "price_exists"
    changed = await clinic.put(f"{path}/record", wanted | {"price": rupees(2000), "version": 1}, expect=200)
    assert changed["version"] == 2
    stale = await clinic.put(f"{path}/record", wanted | {"price": rupees(3000), "version": 1}, expect=409)
    assert stale["code"] == "version_conflict"
    other = await clinic.put(f"{path}/record", wanted | {"price": {"amount": 1, "currency": "USD"}}, expect=422)
    assert other["code"] == "price_currency"


@pytest.mark.parametrize(("inclusive", "paid"), [(True, 350000), (False, 413000)])
async def test_an_offer_tells_the_price_with_its_tax(clinic: Clinic, *, inclusive: bool, paid: int) -> None:
    visit_type = uuid7()
    told = (await clinic.http.get(f"/visit-types/{clinic.visit_type_id}", headers=clinic.headers)).json()
    terms = {name: value for name, value in told.items() if name not in {"id", "version"}}
    tax = {"name": "VAT", "rate": 1800, "inclusive": inclusive}
    await clinic.put(f"/visit-types/{visit_type}", terms | {"tax": tax}, expect=201)
    offer = (await clinic.offer(MONDAY_NINE, visit_type_id=str(visit_type))).json()
    assert (offer["price"], offer["listed"], offer["tax"]) == (rupees(paid), rupees(350000), tax)


async def test_a_visit_type_that_does_not_say_is_paid_as_the_organisation_says(clinic: Clinic) -> None:
    path = f"/visit-types/{clinic.visit_type_id}"
    told = (await clinic.http.get(path, headers=clinic.headers)).json()
    terms = {name: value for name, value in told.items() if name not in {"id", "version"}}
    await clinic.put(f"{path}/record", terms | {"payment_policy": {"kind": "default"}}, expect=200)
    assert (await clinic.offer(MONDAY_NINE)).json()["payment_policy"]["when"] == "desk"
    before = {"kind": "full", "when": "before", "hours_before": 24, "on_decline": "cancel"}
    made = await clinic.put("/money-policy", {"payment": before, "dunning_days": [9, 3]}, expect=200)
    assert (made["dunning_days"], made["version"]) == ([3, 9], 1)
    assert (await clinic.offer(MONDAY_NINE)).json()["payment_policy"] == before | {
        "deposit": None,
        "when_gateway_is_down": "refuse",
    }
    stale = await clinic.put("/money-policy", {"payment": {"kind": "none"}, "version": 7}, expect=409)
    assert stale["code"] == "version_conflict"
    refused = await clinic.put("/money-policy", {"payment": {"kind": "full", "when": "before"}}, expect=422)
    assert refused["code"] == "invalid_input"


@given(st.integers(0, 10**12), st.integers(0, 10_000), st.booleans())
def test_a_tax_is_exact_and_rounded_half_up(amount: int, rate: int, inclusive: bool) -> None:
    split = Money(amount=amount, currency="LKR").taxed(rate, inclusive=inclusive)
    exact = Decimal(amount) * rate / (10_000 + rate if inclusive else 10_000)
    assert split.tax.amount == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    assert split.net + split.tax == split.gross
    assert (split.gross if inclusive else split.net).amount == amount


@given(st.data())
def test_no_row_that_holds_is_more_specific_than_the_one_that_is_taken(data: st.DataObject) -> None:
    keys = [UUID(int=1), UUID(int=2), None]
    some = st.builds(
        Listed, st.integers(0, 9), st.sampled_from(keys), st.sampled_from(keys), st.sampled_from(keys),
        st.none() | st.dates(), st.none() | st.dates(),
    )  # fmt: skip
    rows = data.draw(st.lists(some, max_size=8))
    visit = Visit(UUID(int=1), UUID(int=1), data.draw(st.dates()), data.draw(st.sampled_from(keys)))
    found = listed_price(rows, visit)
    holding = [row for row in rows if row.holds(visit)]
    best = max((row.rank for row in holding), default=None)
    assert (found is None) == (not holding)
    assert found is None or found in {row.amount for row in holding if row.rank == best}


async def _in_yen(clinic: Clinic) -> dict[str, Any]:
    known = (await clinic.http.get(f"/visit-types/{clinic.visit_type_id}", headers=clinic.headers)).json()
    del known["id"]
    policy = known["payment_policy"] | {"deposit": None, "kind": "none", "when": "booking"}
    return {**known, "price": {"amount": 5_000, "currency": "JPY"}, "payment_policy": policy}


async def test_a_visit_type_keeps_its_currency_while_prices_are_listed_in_it(clinic: Clinic) -> None:
    path = f"/visit-types/{clinic.visit_type_id}"
    in_yen = await _in_yen(clinic)
    made = await enter(clinic, 500_000)
    told = await clinic.put(f"{path}/record", in_yen, expect=409)
    assert (told["code"], "remove them first" in told["title"]) == ("priced_in_currency", True)
    assert (await clinic.offer(MONDAY_NINE)).json()["price"] == rupees(500_000)
    await clinic.http.delete(f"/price-lists/{made['id']}", headers=clinic.headers)
    await clinic.put(f"{path}/record", in_yen, expect=200)
    assert (await enter(clinic, 500_000, expect=422))["code"] == "price_currency"


async def test_a_price_and_another_currency_at_once_never_both_come_to_be(clinic: Clinic) -> None:
    path = f"/visit-types/{clinic.visit_type_id}"
    in_yen = await _in_yen(clinic)
    listed = {"visit_type_id": str(clinic.visit_type_id), "price": rupees(500_000)}
    answers = await asyncio.gather(
        clinic.http.put(f"/price-lists/{uuid7()}", json=listed, headers=clinic.headers),
        clinic.http.put(f"{path}/record", json=in_yen, headers=clinic.headers),
    )
    assert [answer.is_success for answer in answers].count(True) == 1, [answer.text for answer in answers]
