"""Column heads sort tables: the order is in the address, is told to assistive technology, and stays while filtering."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.web.clinic import ZONE, Clinic, consultant
from tests.web.pages.desk import Desk
from web.pages.appointments import listing
from web.pages.sorting import Sorting

_BOOKED = (datetime.now(ZoneInfo(ZONE)) + timedelta(days=4, minutes=30)).date()
"""The day of the visit that `filled` books first."""
_HEADS = {
    "/patients": ["registered"],
    "/consultants": ["name", "status"],
    "/messages": ["made", "status"],
    f"/appointments?range=month&status=booked&date={_BOOKED}": ["start", "status"],
    "/billing?period=month": ["made", "amount"],
    "/billing?show=invoices&period=month": ["number", "issued", "total"],
}


@pytest.fixture(scope="module")
async def filled(clinic: Clinic) -> Clinic:
    """Have a row in every table, and two consultants."""
    await clinic.booked()
    await clinic.made("/consultants", consultant(last_name="Zoysa"))
    return clinic


@pytest.mark.parametrize("path", list(_HEADS))
async def test_every_head_that_sorts_is_a_link_that_turns_round(owner: Desk, filled: Clinic, path: str) -> None:
    assert filled
    page = await owner.read(path)
    assert len(page.having("aria-sort")) == len(_HEADS[path])
    for number, name in enumerate(_HEADS[path]):
        address = [said["href"] for tag, said in page.tags if said.get("class") == "sorts"][number]
        once = await owner.read(address)
        turned = await owner.read([said["href"] for _, said in once.tags if said.get("class") == "sorts"][number])
        directions = [one.having("aria-sort")[number]["aria-sort"] for one in (once, turned)]
        assert sorted(directions) == ["ascending", "descending"], name
        others = {one["aria-sort"] for at, one in enumerate(once.having("aria-sort")) if at != number}
        assert others <= {"none"}


async def test_the_rows_follow_the_head_and_a_filter_keeps_the_order(owner: Desk, filled: Clinic) -> None:
    assert filled
    named = (await owner.read("/consultants")).text
    turned = await owner.read("/consultants?sort=-name")
    assert named.index("Silva") < named.index("Zoysa")
    assert turned.text.index("Zoysa") < turned.text.index("Silva")
    assert turned.form("/consultants").fields["sort"] == "-name"


async def test_an_order_that_makes_no_sense_is_the_usual_one(owner: Desk, filled: Clinic) -> None:
    assert filled
    page = await owner.read("/consultants?sort=shoe_size")
    assert [one["aria-sort"] for one in page.having("aria-sort")] == ["ascending", "none"]


@pytest.mark.parametrize("sort", ["", "-start", "status", "-status"])
async def test_the_pages_of_the_appointments_follow_each_other_in_each_order_with_the_filters(
    owner: Desk, filled: Clinic, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(listing, "_SHOWN", 2)
    for _ in range(5 - len(await walked(owner, filled, sort))):
        await filled.booked()
    whole = await walked(owner, filled, sort)
    assert len(whole) == len(set(whole)) >= 5
    turned = await walked(owner, filled, sort.removeprefix("-") if sort.startswith("-") else f"-{sort or 'start'}")
    assert turned == whole[::-1]


async def walked(desk: Desk, clinic: Clinic, sort: str) -> list[str]:
    """Follow the next links of this month and the next, narrowed to a consultant; give the visits in their order."""
    found: list[str] = []
    day = datetime.now(UTC).date().replace(day=1)
    for month in (day, (day + timedelta(days=32)).replace(day=1)):
        path: str | None = f"/appointments?range=month&date={month}&consultant_id={clinic.consultant}&sort={sort}"
        parts = []
        while path:
            page = await desk.read(path)
            parts += [link for link in page.links if re.fullmatch(r"/appointments/[0-9a-f-]{36}", link)]
            path = next((link for link in page.links if "cursor=" in link), None)
            assert path is None or f"consultant_id={clinic.consultant}" in path
        found = [*parts, *found] if sort.startswith("-") else [*found, *parts]
    return found


def test_a_head_first_sorts_as_people_expect_and_the_usual_order_is_not_in_the_address() -> None:
    usual = Sorting.of("/billing", ("-made", "-amount"), "", status="captured")
    assert usual.href("amount") == "/billing?status=captured&sort=-amount"
    assert usual.href("made") == "/billing?status=captured&sort=made"
    assert Sorting.of("/billing", ("-made", "-amount"), "-amount").href("made") == "/billing"
