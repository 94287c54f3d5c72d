"""One box finds people by whatever is known of them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from careconnect.auth import Actor
from tests.services.patients.desk import Desk

NIMAL = {"national_id": "901030937V", "phone": "0771234567", "email": "Nimal.P@Example.com"}


@pytest.fixture
async def full(desk: Desk) -> Desk:
    """Register Nimal Perera, and somebody who shares nothing with him but the letter N."""
    await desk.register(**NIMAL)
    await desk.register(
        first_name="Nadia", last_name="O'Brien-Silva", date_of_birth="1971-12-01", phone="+44 20 7946 0958",
        national_id="P-0455667",
    )  # fmt: skip
    return desk


@pytest.mark.parametrize(
    "query",
    [
        "Nimal", "nimal perera", "Per Nim", "PERERA", "ni", "pe", "nímal", "  nimal   perera  ",
        "0771234567", "077 123 4567", "077-1234567", "0771", "077123", "771234567", "+94771234567", "+94 77 123",
        "+94 (0) 77 123", "0094771234567", "94771234567", "4567", "(077) 123-4567", "٠٧٧١٢٣٤٥٦٧",
        "MRN-000001", "mrn-1", "MRN 000001", "mrn000001", "1", "000001",
        "901030937V", "901030937v", "90103", "199010300937", "901030937-V",
        "1990-04-12", "12/04/1990", "12.04.1990", "12-4-1990", "1990/4/12",
        "nimal 1990-04-12", "perera 0771234567", "nim 4567 12/04/1990", "nimal.p@example.com", "NIMAL.P@EXAMPLE.COM",
    ],
)  # fmt: skip
async def test_what_is_known_of_somebody_finds_them_alone(full: Desk, query: str) -> None:
    assert await full.find(query) == ["Nimal Perera"]


@pytest.mark.parametrize("query", ["O'Brien", "obrien", "O\u2019Brien", "brien", "silva nad", "+44 20 7946", "020 7946",
                                   "P-0455667", "p0455667", "0455667", "P 0455667", "MRN-000002"])  # fmt: skip
async def test_apostrophes_hyphens_and_foreign_numbers_do_not_hide_anybody(full: Desk, query: str) -> None:
    assert await full.find(query) == ["Nadia O'Brien-Silva"]


@pytest.mark.parametrize("query", ["imal", "nimal silva", "nimal 1990-04-13", "13/04/1990", "MRN-000003", "077999",
                                   "zzz", "%", "_", "'", "\x00", "!!!", "👩🏽‍⚕️", "nimal@example.com", "3",
                                   "٣"])  # fmt: skip
async def test_what_does_not_fit_finds_nobody(full: Desk, query: str) -> None:
    assert await full.find(query) == []


async def test_the_newest_registration_comes_first(full: Desk) -> None:
    assert await full.find("n") == ["Nadia O'Brien-Silva", "Nimal Perera"]


@pytest.mark.parametrize("query", ["", "   "])
async def test_an_empty_box_lists_everybody(full: Desk, query: str) -> None:
    assert len(await full.find(query)) == 2


async def test_a_box_of_two_hundred_letters_is_read_and_a_longer_one_refused(full: Desk) -> None:
    assert await full.find("a b c d e f g h i j " * 10) == []
    assert (await full.ask("GET", "/patients", params={"q": "n" * 201})).status_code == 422


async def test_a_changed_name_or_number_is_found_and_the_old_one_is_not(full: Desk) -> None:
    patient = (await full.ask("GET", "/patients", params={"q": "nimal"})).json()["items"][0]
    change = {"last_name": "Fernando", "phone": "0712222333", "confirm_duplicate": True}
    await full.ask("PATCH", f"/patients/{patient['id']}", json=change)
    assert [await full.find(query) for query in ("fernando", "0712222")] == [["Nimal Fernando"]] * 2
    assert [await full.find(query) for query in ("perera", "0771234567", "4567")] == [[]] * 3
    assert await full.find("nimal 1990-04-12 901030937v") == ["Nimal Fernando"]


async def test_archived_people_are_found_only_among_the_archived(full: Desk) -> None:
    patient = (await full.ask("GET", "/patients", params={"q": "nimal"})).json()["items"][0]
    await full.ask("DELETE", f"/patients/{patient['id']}")
    assert await full.find("nimal") == []
    assert await full.find("nimal", archived=True) == ["Nimal Perera"]


async def test_pages_follow_each_other_without_a_gap_or_a_repetition(desk: Desk) -> None:
    for number in range(7):
        await desk.register(first_name=f"Nim{number}")
    seen, cursor = [], None
    while True:
        params = {"q": "nim", "limit": 3, "count": True} | ({"cursor": cursor} if cursor else {})
        page = (await desk.ask("GET", "/patients", params=params)).json()
        assert page["total"] == 7
        seen += [one["first_name"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"Nim{number}" for number in range(6, -1, -1)]


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 201}, {"cursor": "nonsense"}, {"archived": "perhaps"}])
async def test_a_wrong_page_is_refused(desk: Desk, params: dict[str, str]) -> None:
    answer = await desk.ask("GET", "/patients", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_row_level_security_leaves_a_search_its_index(
    apps: Callable[[str], Any], actor: Callable[..., Actor]
) -> None:
    async with apps("patients").state.database.read(actor("patients:read")) as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await session.scalars(
            text("EXPLAIN SELECT number FROM search_terms WHERE term = 1 ORDER BY number DESC")
        )
        said = "\n".join(plan)
    assert "Index Cond: ((tenant_id = " in said
    assert "AND (term = " in said
    assert "Sort" not in said
