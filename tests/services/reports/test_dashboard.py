"""What the dashboard shows, over HTTP with a real Postgres."""

from datetime import datetime, timedelta

import httpx
import pytest

from careconnect.ids import uuid7
from tests.conftest import Act
from tests.services.reports.views import ANSWERS, MIDNIGHT, NINE, SCOPES, read, view, write


@pytest.mark.parametrize(("method", "path", "scope"), [("PUT", "/snapshots", "write"), ("GET", "/dashboard", "read")])
async def test_anonymous_may_not_and_every_other_right_does_not_open_it(
    http: httpx.AsyncClient, act: Act, method: str, path: str, scope: str
) -> None:
    anonymous = await http.request(method, path)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")
    body = {"as_of": NINE.isoformat(), "views": [view()]} if method == "PUT" else None
    answer = await http.request(method, path, json=body, headers=act(*(SCOPES - {f"reports:{scope}"})))
    assert (answer.status_code, answer.json()["needed"]) == (403, f"reports:{scope}")


async def test_before_the_first_snapshot_the_dashboard_is_there_and_empty(
    http: httpx.AsyncClient, both: dict[str, str]
) -> None:
    found = await read(http, both, period="week")
    assert (found["period"], found["as_of"], found["from"], found["by_hour"]) == ("week", None, None, [])
    assert {name: (one["as_of"], one["stale"]) for name, one in found["sources"].items()} == dict.fromkeys(
        ANSWERS, (None, True)
    )
    assert {tile["value"] for tile in found["tiles"].values()} == {None}


async def test_the_dashboard_shows_what_the_services_answered(http: httpx.AsyncClient, both: dict[str, str]) -> None:
    await write(http, both, NINE, view())
    found = await read(http, both)
    assert datetime.fromisoformat(found["as_of"]) == NINE
    assert (datetime.fromisoformat(found["from"]), found["zone"]) == (MIDNIGHT, "Asia/Colombo")
    assert [found["sources"][name]["watermark"] for name in ANSWERS] == [40, 50, 60, 70]
    tiles = found["tiles"]
    assert tiles["patients"].items() >= {"value": 300, "previous": 297, "change": 3, "change_percent": 1}.items()
    assert tiles["consultants"].items() >= {"value": 12, "active": 10, "on_leave": 1, "change": None}.items()
    assert tiles["appointments"].items() >= {"value": 30, "previous": 24, "change": 6, "change_percent": 25}.items()
    assert tiles["revenue"]["value"] == {"amount": 90_000, "currency": "LKR"}
    assert tiles["revenue"]["change"] == {"amount": -30_000, "currency": "LKR"}
    assert (tiles["revenue"]["change_percent"], tiles["revenue"]["pending"], tiles["revenue"]["failed"]) == (-25, 2, 1)
    assert (found["by_status"], found["attention"]) == ({"booked": 28, "cancelled": 2}, 1)
    assert found["by_hour"] == ANSWERS["appointments"]["by_hour"]


async def test_every_local_day_of_the_period_has_its_revenue_even_where_clocks_change(
    http: httpx.AsyncClient, both: dict[str, str]
) -> None:
    week = view(
        start=datetime.fromisoformat("2026-10-19T00:00:00+02:00"),
        end="2026-10-26T00:00:00+01:00",
        zone="Europe/Berlin",
        period="week",
    )
    money = ANSWERS["payments"] | {"by_day": [{"day": "2026-10-20", "amount": 5}, {"day": "2026-10-25", "amount": -2}]}
    week["answers"] |= {"payments": money}
    await write(http, both, NINE, week)
    found = (await read(http, both, period="week"))["revenue_by_day"]
    assert [(one["day"][-2:], one["amount"]["amount"]) for one in found] == [
        ("19", 0), ("20", 5), ("21", 0), ("22", 0), ("23", 0), ("24", 0), ("25", -2)
    ]  # fmt: skip


async def test_a_silent_source_keeps_its_last_figures_and_their_time_and_only_it_is_stale(
    http: httpx.AsyncClient, both: dict[str, str]
) -> None:
    await write(http, both, NINE, view())
    await write(http, both, NINE + timedelta(minutes=1), view("payments"))
    await write(http, both, NINE + timedelta(minutes=2), view("payments"))
    found = await read(http, both)
    assert {name for name, one in found["sources"].items() if one["stale"]} == {"payments"}
    assert datetime.fromisoformat(found["sources"]["payments"]["as_of"]) == NINE
    assert datetime.fromisoformat(found["sources"]["patients"]["as_of"]) == NINE + timedelta(minutes=2)
    assert found["tiles"]["revenue"]["value"]["amount"] == 90_000
    await write(http, both, NINE + timedelta(minutes=3), view())
    assert not any(one["stale"] for one in (await read(http, both))["sources"].values())


async def test_yesterdays_figures_are_never_shown_as_todays(http: httpx.AsyncClient, both: dict[str, str]) -> None:
    await write(http, both, NINE, view())
    await write(http, both, NINE + timedelta(days=1), view(*ANSWERS, start=MIDNIGHT + timedelta(days=1)))
    found = await read(http, both)
    assert (found["tiles"]["appointments"]["value"], found["tiles"]["revenue"]["value"]) == (None, None)
    assert (found["by_status"], found["by_hour"], found["revenue_by_day"]) == ({}, [], [])
    assert (found["tiles"]["consultants"]["value"], found["tiles"]["patients"]["value"]) == (12, 300)
    assert found["tiles"]["patients"]["change"] is None
    assert {datetime.fromisoformat(one["as_of"]) for one in found["sources"].values()} == {NINE}


async def test_a_source_that_never_answered_is_stale_and_has_no_figures(
    http: httpx.AsyncClient, both: dict[str, str]
) -> None:
    await write(http, both, NINE, view("appointments"))
    found = await read(http, both)
    assert found["sources"]["appointments"] == {"as_of": None, "stale": True, "watermark": None}
    assert (found["tiles"]["appointments"]["value"], found["attention"]) == (None, None)


async def test_a_locations_view_says_which_figures_are_of_all_locations(
    http: httpx.AsyncClient, both: dict[str, str]
) -> None:
    location = str(uuid7())
    here = view(location_id=location)
    here["answers"] |= {"appointments": ANSWERS["appointments"] | {"total": 7}}
    await write(http, both, NINE, view(), here)
    everywhere, there = await read(http, both), await read(http, both, location_id=location)
    assert (everywhere["tiles"]["appointments"]["value"], there["tiles"]["appointments"]["value"]) == (30, 7)
    assert {name for name, tile in there["tiles"].items() if tile["all_locations"]} == {
        "patients", "consultants", "revenue"
    }  # fmt: skip
    assert all(tile["all_locations"] for tile in everywhere["tiles"].values())
