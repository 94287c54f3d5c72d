"""Column heads sort tables: the order is in the address, is told to assistive technology, and stays while filtering."""

import pytest

from tests.web.clinic import Clinic, consultant
from tests.web.pages.desk import Desk
from web.pages.sorting import Sorting

_HEADS = {
    "/patients": ["registered"],
    "/consultants": ["name", "status"],
    "/messages": ["made", "status"],
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


def test_a_head_first_sorts_as_people_expect_and_the_usual_order_is_not_in_the_address() -> None:
    usual = Sorting.of("/billing", ("-made", "-amount"), "", status="captured")
    assert usual.href("amount") == "/billing?status=captured&sort=-amount"
    assert usual.href("made") == "/billing?status=captured&sort=made"
    assert Sorting.of("/billing", ("-made", "-amount"), "-amount").href("made") == "/billing"
