"""The organisation's policies about money on the settings' page."""

from fastapi import FastAPI

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page

HERE = "/settings/money"


async def test_the_policies_are_shown_as_they_hold_and_kept_as_they_are_chosen(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read(HERE)
    assert page.form(HERE).fields["when"] == "desk"
    assert page.form(HERE).fields["dunning_days"] == "1, 7, 14"
    chosen = {"when": "before", "hours_before": "48", "on_decline": "cancel", "when_gateway_is_down": "due"}
    done = await owner.send(page, HERE, chosen, dunning_days="30, 3")
    assert done.status_code == 303
    kept = (await clinic.get("/money-policy")).json()
    assert kept["payment"] == chosen | {"kind": "full", "deposit": None, "hours_before": 48}
    assert kept["dunning_days"] == [3, 30]
    shown = (await owner.read(HERE)).form(HERE).fields
    assert {name: shown[name] for name in chosen} == chosen


async def test_nobody_is_reminded_when_no_day_is_named(owner: Desk, clinic: Clinic) -> None:
    assert (await owner.send(await owner.read(HERE), HERE, dunning_days=" ")).status_code == 303
    assert (await clinic.get("/money-policy")).json()["dunning_days"] == []


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_changed(owner: Desk, clinic: Clinic) -> None:
    before = (await clinic.get("/money-policy")).json()
    wrong: list[tuple[dict[str, str], str]] = [
        ({"when": "before", "hours_before": ""}, "hours_before"),
        ({"when": "before", "hours_before": "1000"}, "hours_before"),
        ({"dunning_days": "1, soon"}, "dunning_days"),
        ({"dunning_days": "400"}, "dunning_days"),
        ({"dunning_days": "1, 2, 3, 4, 5, 6, 7"}, "dunning_days"),
    ]
    for typed, field in wrong:
        answer = await owner.send(await owner.read(HERE), HERE, typed)
        page = Page(answer.text)
        assert answer.status_code == 422
        assert page.having("id", f"money-{field}-error"), typed
        assert page.form(HERE).fields[field] == typed[field]  # nothing typed is lost
    assert (await clinic.get("/money-policy")).json() == before


async def test_what_somebody_else_changed_meanwhile_is_not_written_over(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read(HERE)
    await clinic.put("/money-policy", json={"payment": {"kind": "full", "when": "desk"}, "dunning_days": [9]})
    answer = await owner.send(page, HERE, when_gateway_is_down="refuse")
    assert answer.status_code == 409
    assert Page(answer.text).form(HERE).fields["dunning_days"] == "9"
    assert (await owner.send(Page(answer.text), HERE)).status_code == 303
    assert (await clinic.get("/money-policy")).json()["dunning_days"] == [9]


async def test_only_those_who_keep_the_catalogue_change_the_policies(edge: FastAPI, clinic: Clinic) -> None:
    clerk = await Desk.open(edge, clinic, "billing")
    page = await clerk.read(HERE)
    assert page.having("disabled")
    before = (await clinic.get("/money-policy")).json()
    await clerk.post(HERE, page.form(HERE).fields | {"when": "booking", "on_decline": "keep"})
    assert "Your role does not allow this" in (await clerk.read("/settings")).text
    assert (await clinic.get("/money-policy")).json() == before
