"""Reports: the snapshot's figures in words and charts, and the same as CSV, each with its moment."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.reports.schemas import SnapshotWrite
from tests.services.reports.views import ANSWERS, NINE, view
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk
from web.formats import ABSENT

_STATES = {"booked": 22, "fulfilled": 27, "no_show": 3}


@pytest.fixture
async def counted(clinic: Clinic) -> Clinic:
    """Write a snapshot of a day everywhere, and of one at the clinic's place, where the payments are silent."""
    writer = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="workflow", scopes=frozenset({"reports:write"}))
    visits = ANSWERS["appointments"] | {"by_status": _STATES}
    whole = view(answers=ANSWERS | {"appointments": visits})
    here: dict[str, Any] = view("payments", location_id=clinic.location)
    told = SnapshotWrite.model_validate({"as_of": (NINE + timedelta(days=3650)).isoformat(), "views": [whole, here]})
    await clinic.gateway.reports.write(writer, told)
    return clinic


async def test_the_page_shows_what_was_counted_and_when(owner: Desk, counted: Clinic) -> None:
    page = await owner.read("/reports")
    for words in ("Appointments 30", "No-show rate 10 %", "New patients 3", "LKR 900", "Fulfilled 27", "As of"):
        assert words in page.text, words
    assert counted.location in page.html


async def test_no_rate_is_told_where_no_visit_is_over_and_no_money_that_nobody_counted(
    owner: Desk, counted: Clinic
) -> None:
    page = await owner.read(f"/reports?location_id={counted.location}")
    assert f"No-show rate {ABSENT}" in page.text
    assert "Not counted yet" in page.text


async def test_the_export_says_the_same_each_with_its_moment(owner: Desk, counted: Clinic) -> None:
    assert counted
    answer = await owner.http.get("/reports/figures.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    known = {(one["figure"], one["part"]): one["value"] for one in rows}
    assert known["appointments", "total"] == "30"
    assert known["appointments", "no_show"] == "3"
    assert known["no_show_rate_percent", ""] == "10.0"
    assert known["patients", "new"] == "3"
    assert known["revenue", "2026-11-02"] == "900.00"
    assert all(one["as_of"] and one["period_from"] for one in rows)


async def test_reports_are_for_those_who_may_see_figures(edge: FastAPI, clinic: Clinic) -> None:
    clinician = await Desk.open(edge, clinic, "clinician")
    for path in ("/reports", "/reports/figures.csv"):
        assert (await clinician.http.get(path)).status_code == 403
    assert "/reports" not in (await clinician.read("/settings")).links
