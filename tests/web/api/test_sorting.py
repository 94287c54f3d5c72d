"""Lists are sorted as is asked, page by page as in one, and an order that nobody knows is refused."""

from typing import Any

import pytest

from tests.web.clinic import Clinic, consultant
from tests.web.conftest import problem

_BY = {
    "/patients": {"registered": ["created_at"], "changed": []},
    "/consultants": {"name": ["last_name", "first_name"], "status": ["status", "last_name"], "registered": []},
    "/payments": {"made": ["created_at"], "amount": ["amount"]},
    "/payments/invoices": {"issued": ["issued_at"], "number": ["number"], "total": ["total"]},
    "/messages": {"made": ["created_at"], "status": ["status", "created_at"]},
    "/appointments": {"start": ["start"], "status": ["status", "start"]},
}
"""The lists, their orders, and by what of an answer each is."""
_EACH = [(path, f"{turn}{name}") for path, orders in _BY.items() for name in orders for turn in ("", "-")]


@pytest.fixture(scope="module")
async def sorted_clinic(clinic: Clinic) -> Clinic:
    """Make some of everything, in no order, and change what was made first."""
    patients = [await clinic.patient() for _ in range(5)]
    await clinic.ask("PATCH", f"/patients/{patients[0]}", json={"language": "si"})
    for name, status in (("Perera", "active"), ("Alwis", "on_leave"), ("Zoysa", "active"), ("Alwis", "inactive")):
        await clinic.made("/consultants", consultant(last_name=name, status=status))
    for amount, patient in zip((300, 100, 200, 100, 500), patients, strict=True):
        money = {"amount": amount, "currency": "LKR"}
        lines = [{"description": "X-ray", "unit": money}]
        invoice = await clinic.made("/payments/invoices", {"patient_id": patient, "lines": lines})
        await clinic.made("/payments", {"invoice_id": invoice, "method": "cash", "amount": money})
        values = {"starts_at": "2030-01-01T09:00:00Z", "zone": "Asia/Colombo"}
        message = {"patient_id": patient, "channel": "sms", "template": "reminder", "values": values}
        await clinic.made("/messages", message)
    booked = [await clinic.booked(patient_id=patient) for patient in reversed(patients)]
    await clinic.post(f"/appointments/{booked[1]['id']}/cancellation", json={"reason": "pat"}, key="cancel")
    return clinic


@pytest.mark.parametrize(("path", "sort"), _EACH)
async def test_a_list_is_in_the_order_that_was_asked_for_on_however_many_pages(
    sorted_clinic: Clinic, path: str, sort: str
) -> None:
    whole = await _pages(sorted_clinic, path, sort, 200)
    assert [one["id"] for one in await _pages(sorted_clinic, path, sort, 2)] == [one["id"] for one in whole]
    assert len({one["id"] for one in whole}) == len(whole) >= 5
    keys = [_key(one, _BY[path][sort.removeprefix("-")]) for one in whole]
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    turned = await _pages(sorted_clinic, path, sort.removeprefix("-") if sort.startswith("-") else f"-{sort}", 200)
    assert [one["id"] for one in turned] == [one["id"] for one in whole][::-1]


async def test_a_patient_whose_record_was_changed_comes_last_and_turned_round_first(sorted_clinic: Clinic) -> None:
    changed = await sorted_clinic.patient()
    assert (await _pages(sorted_clinic, "/patients", "-changed", 200))[0]["id"] == changed
    oldest = (await _pages(sorted_clinic, "/patients", "registered", 200))[0]["id"]
    await sorted_clinic.ask("PATCH", f"/patients/{oldest}", json={"language": "ta"})
    assert (await _pages(sorted_clinic, "/patients", "changed", 200))[-1]["id"] == oldest


@pytest.mark.parametrize("path", list(_BY))
async def test_an_order_that_nobody_knows_is_refused_by_its_name(clinic: Clinic, path: str) -> None:
    refused = problem(await clinic.get(path, params={"sort": "shoe_size"}), 422, "invalid_input")
    assert [one["field"] for one in refused["errors"]] == ["sort"]


async def test_the_next_page_of_one_order_is_no_page_of_another(sorted_clinic: Clinic) -> None:
    for path, one, other in (
        ("/consultants", "registered", "name"),
        ("/payments", "made", "amount"),
        ("/appointments", "start", "status"),
    ):
        first = (await sorted_clinic.get(path, params={"sort": one, "limit": 1})).json()
        asked = {"sort": other, "cursor": first["next_cursor"]}
        problem(await sorted_clinic.get(path, params=asked), 422, "invalid_input")


async def _pages(clinic: Clinic, path: str, sort: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await clinic.get(path, params={"sort": sort, "limit": limit} | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _key(one: dict[str, Any], names: list[str]) -> list[Any]:
    return [one[name]["amount"] if isinstance(one[name], dict) else one[name] for name in names]
