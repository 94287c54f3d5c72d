"""Consultants over HTTP: registration, changes, status, archive, search and figures."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.services.consultants.clinic import consultant


async def register(http: httpx.AsyncClient, headers: dict[str, str], **changed: Any) -> dict[str, Any]:
    answer = await http.put(f"/consultants/{uuid7()}", json=consultant(**changed), headers=headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_registered_consultant_reads_back_as_entered(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await register(http, everything, bio="Trained in Kandy.")
    assert made["name"] == "Dr Amara Jayasinghe"
    assert (made["status"], made["archived"], made["version"]) == ("active", False, 1)
    assert (await http.get(f"/consultants/{made['id']}", headers=everything)).json() == made


async def test_a_repeated_registration_is_harmless_and_another_one_under_its_id_is_refused(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    path, details = f"/consultants/{uuid7()}", consultant()
    first = await http.put(path, json=details, headers=everything)
    again = await http.put(path, json=details, headers=everything)
    other = await http.put(path, json=details | {"first_name": "Bandula"}, headers=everything)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "consultant_exists")


async def test_a_registration_sent_ten_times_at_once_makes_one_consultant_and_ten_good_answers(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    path, details = f"/consultants/{uuid7()}", consultant()
    answers = await asyncio.gather(*(http.put(path, json=details, headers=everything) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]


async def test_two_consultants_cannot_share_a_registration_number(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await register(http, everything)
    number = made["registration_number"]
    other = await register(http, everything)
    refused = [
        await http.put(f"/consultants/{uuid7()}", json=consultant(registration_number=number), headers=everything),
        await http.patch(f"/consultants/{other['id']}", json={"registration_number": number}, headers=everything),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [
        (409, "registration_number_taken")
    ] * 2


async def test_a_patch_changes_what_it_names_and_a_null_removes_only_what_may_be_missing(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await register(http, everything)
    path = f"/consultants/{made['id']}"
    changed = await http.patch(path, json={"title": "Prof", "phone": None}, headers=everything)
    assert changed.json() == made | {"title": "Prof", "name": "Prof Amara Jayasinghe", "phone": None, "version": 2}
    refused = await http.patch(path, json={"last_name": None}, headers=everything)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


async def test_a_stale_change_is_refused_and_one_that_is_there_already_is_not(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    details = consultant()
    path = f"/consultants/{uuid7()}"
    await http.put(path, json=details, headers=everything)
    first = await http.put(f"{path}/record", json=details | {"title": "Prof", "version": 1}, headers=everything)
    again = await http.put(f"{path}/record", json=details | {"title": "Prof", "version": 1}, headers=everything)
    stale = await http.put(f"{path}/record", json=details | {"title": "Mr", "version": 1}, headers=everything)
    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert again.json() == first.json()
    assert (stale.status_code, stale.json()["code"], stale.json()["current_version"]) == (409, "version_conflict", 2)


async def test_of_ten_changes_made_at_once_from_one_version_one_lands(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await register(http, everything)
    path = f"/consultants/{made['id']}"
    answers = await asyncio.gather(
        *(http.patch(path, json={"bio": f"life {turn}", "version": 1}, headers=everything) for turn in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert (await http.get(path, headers=everything)).json()["version"] == 2


async def test_a_status_is_switched_once_however_often_it_is_asked_for(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await register(http, everything)
    path = f"/consultants/{made['id']}/status"
    first = await http.put(path, json={"status": "on_leave"}, headers=everything)
    again = await http.put(path, json={"status": "on_leave"}, headers=everything)
    assert (first.json()["status"], first.json()["version"]) == ("on_leave", 2)
    assert again.json() == first.json()


async def test_an_archived_consultant_leaves_the_list_refuses_changes_and_comes_back(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    made = await register(http, everything)
    path = f"/consultants/{made['id']}"
    assert [(await http.delete(path, headers=everything)).status_code for _ in range(2)] == [204, 204]
    assert (await http.get("/consultants", headers=everything)).json()["items"] == []
    archived = (await http.get("/consultants", params={"archived": True}, headers=everything)).json()["items"]
    assert [one["id"] for one in archived] == [made["id"]]
    refused = await http.put(f"{path}/status", json={"status": "inactive"}, headers=everything)
    assert (refused.status_code, refused.json()["code"]) == (409, "consultant_archived")
    back = await http.post(f"{path}/restoration", headers=everything)
    assert (back.json()["archived"], back.json()["status"]) == (False, "active")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("jaya", ["Jayasinghe"]),
        ("DR AMARA", ["Jayasinghe"]),
        ("cardio", ["Fernando", "Jayasinghe"]),
        ("élan", ["Élan"]),
        ("elan", ["Élan"]),
        ("slmc 4711", ["Fernando"]),
        ("4711", ["Fernando"]),
        ("ayasinghe", []),
        ("%", ["Fernando", "Jayasinghe", "Élan"]),
        ("nobody", []),
    ],
)
async def test_each_word_of_a_search_begins_a_word_of_the_consultant(
    http: httpx.AsyncClient, everything: dict[str, str], q: str, found: list[str]
) -> None:
    await register(http, everything)
    await register(http, everything, last_name="Fernando", first_name="Ruwan", registration_number="SLMC 4711")
    await register(http, everything, last_name="Élan", first_name="Claire", specialties=["Dermatology"])
    listed = (await http.get("/consultants", params={"q": q}, headers=everything)).json()["items"]
    assert [one["last_name"] for one in listed] == found


async def test_the_list_narrows_by_status_and_speciality_and_pages_without_gap_or_repeat(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    for turn in range(7):
        specialties = ["Paediatric Cardiology"] if turn % 2 else ["Dermatology"]
        await register(http, everything, last_name=f"Name {turn}", specialties=specialties)
    away = await register(http, everything, last_name="Away", status="on_leave")
    only_away = await http.get("/consultants", params={"status": "on_leave"}, headers=everything)
    assert [one["id"] for one in only_away.json()["items"]] == [away["id"]]
    hearts = await http.get("/consultants", params={"specialty": "paediatric  CARDIOLOGY"}, headers=everything)
    assert [one["last_name"] for one in hearts.json()["items"]] == ["Name 1", "Name 3", "Name 5"]
    seen, cursor = [], None
    while True:
        asked = {"limit": 3, "count": True} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/consultants", params=asked, headers=everything)).json()
        seen += [one["last_name"] for one in page["items"]]
        assert page["total"] == 8
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Away", *(f"Name {turn}" for turn in range(7))]


async def test_names_come_for_the_ids_that_are_known(http: httpx.AsyncClient, everything: dict[str, str]) -> None:
    made = await register(http, everything)
    asked = {"ids": [made["id"], str(uuid7())]}
    named = (await http.post("/consultants/names", json=asked, headers=everything)).json()
    assert [(one["id"], one["name"]) for one in named] == [(made["id"], "Dr Amara Jayasinghe")]


async def test_figures_count_who_is_not_archived_and_tell_up_to_which_change(
    http: httpx.AsyncClient, everything: dict[str, str]
) -> None:
    before = (await http.get("/figures", headers=everything)).json()
    assert before == {"watermark": 0, "total": 0, "active": 0, "on_leave": 0}
    made = [await register(http, everything, status=status) for status in ("active", "active", "on_leave", "inactive")]
    await http.delete(f"/consultants/{made[0]['id']}", headers=everything)
    after = (await http.get("/figures", headers=everything)).json()
    assert {name: after[name] for name in ("total", "active", "on_leave")} == {"total": 3, "active": 1, "on_leave": 1}
    assert after["watermark"] > 0


async def test_specialities_are_named_once(http: httpx.AsyncClient, everything: dict[str, str]) -> None:
    await register(http, everything, specialties=["Neurology", "Cardiology"])
    await register(http, everything)
    assert (await http.get("/specialties", headers=everything)).json() == ["Cardiology", "Neurology"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_name": ""},
        {"specialties": []},
        {"email": "not an address"},
        {"phone": "call me"},
        {"colour": "blue"},
        {"status": "retired"},
        {"favourite_dish": "kottu"},
    ],
)
async def test_wrong_details_are_refused_by_field(
    http: httpx.AsyncClient, everything: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = await http.put(f"/consultants/{uuid7()}", json=consultant(**wrong), headers=everything)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert {error["field"].split(".")[0] for error in answer.json()["errors"]} == set(wrong)


async def test_an_unknown_consultant_is_not_found(http: httpx.AsyncClient, everything: dict[str, str]) -> None:
    answer = await http.get(f"/consultants/{UUID(int=7)}", headers=everything)
    assert (answer.status_code, answer.json()["code"]) == (404, "consultant_not_found")
