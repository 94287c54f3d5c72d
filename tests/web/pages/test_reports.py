"""Reports: what took place on some days in words and charts, and the same as CSV."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from careconnect.errors import Unavailable
from services.payments.client import PaymentsClient
from tests.web.clinic import ZONE, Clinic
from tests.web.pages.desk import Desk, Page
from web.formats import ABSENT


@pytest.fixture(scope="module")
async def booked(clinic: Clinic) -> list[date]:
    """Book two visits, of which one is cancelled and paid back; give the local days on which they were to be."""
    kept, cancelled = await clinic.booked(), await clinic.booked()
    answer = await clinic.post(f"/appointments/{cancelled['id']}/cancellation", json={"reason": "pat"}, key="cancel")
    assert answer.status_code in {200, 202}, answer.text
    return [datetime.fromisoformat(one["start"]).astimezone(ZoneInfo(ZONE)).date() for one in (kept, cancelled)]


async def figures(desk: Desk, **asked: Any) -> dict[tuple[str, str], str]:
    """Read the CSV, by figure and part."""
    answer = await desk.http.get("/reports/figures.csv", params={name.rstrip("_"): str(asked[name]) for name in asked})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert all(row["as_of"] and row["period_from"] < row["period_to"] for row in rows)
    return {(row["figure"], row["part"]): row["value"] for row in rows}


async def test_any_days_can_be_chosen_and_only_what_is_on_them_counts(owner: Desk, booked: list[date]) -> None:
    first, last = min(booked), max(booked)
    both = await figures(owner, from_=first, to=last)
    assert (both["appointments", "total"], both["appointments", "cancelled"]) == ("2", "1")
    one = await figures(owner, from_=booked[0], to=booked[0])
    assert (one["appointments", "total"], one["appointments", "booked"]) == ("1", "1")
    before = await figures(owner, from_=first - timedelta(days=30), to=first - timedelta(days=20))
    assert before["appointments", "total"] == "0"


async def test_utilisation_is_what_is_booked_of_the_hours_worked(owner: Desk, booked: list[date]) -> None:
    asked = {"from_": booked[0], "to": booked[0]}
    found = await figures(owner, **asked)
    assert found["booked_minutes", "Dr Anula Silva"] == "30"
    assert found["working_minutes", "Dr Anula Silva"] == "1440"
    assert found["utilisation_percent", "Dr Anula Silva"] == "2.1"
    page = await owner.read(f"/reports?from={booked[0]}&to={booked[0]}")
    for words in ("Utilisation 2.1%", "Dr Anula Silva 30 min 24 h 2.1%", "Appointments 1"):
        assert words in page.text, words


async def test_money_is_told_by_currency_with_what_went_back(owner: Desk, booked: list[date]) -> None:
    assert booked
    found = await figures(owner, period="day")
    assert float(found["captured", ""]) == 7000
    assert float(found["captured", ""]) - float(found["refunded", ""]) == float(found["revenue", "total"])
    page = await owner.read("/reports?period=day")
    assert "LKR LKR 7,000 2 payments" in page.text


async def test_a_week_or_a_month_that_was_asked_for_day_by_day_is_that_period(owner: Desk) -> None:
    page = await owner.read("/reports?from=2026-02-02&to=2026-02-08")
    assert "The week from 2 Feb 2026" in page.text
    assert "/reports?period=week&day=2026-02-09" in page.links
    page = await owner.read("/reports?from=2026-02-03&to=2026-02-08")
    assert "/reports?from=2026-02-09&to=2026-02-14" in page.links
    assert "/reports?from=2026-01-28&to=2026-02-02" in page.links


async def test_a_period_keeps_the_place_and_a_year_is_the_most(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read(f"/reports?from=2024-01-01&to=2026-12-31&location_id={clinic.location}")
    assert "A report covers a year at most" in page.text
    assert page.having("value", "2024-12-31")
    assert f"/reports?period=week&location_id={clinic.location}" in page.links
    assert page.form("/reports").fields["location_id"] == clinic.location
    assert "Revenue by month" in (await revenue(owner, "from=2024-01-01&to=2024-12-31")).text


async def revenue(desk: Desk, asked: str) -> Page:
    """Read a report."""
    return await desk.read(f"/reports?{asked}")


async def test_days_that_make_no_sense_are_the_present_month(owner: Desk) -> None:
    month = datetime.now(UTC).astimezone(ZoneInfo(ZONE)).date().replace(day=1)
    for asked in ("period=today", "day=tomorrow", "period=century&day=x"):
        assert (await revenue(owner, asked)).having("value", month.isoformat()), asked


async def test_what_a_service_that_is_away_would_tell_is_a_dash_and_the_rest_is_there(
    owner: Desk, booked: list[date], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(PaymentsClient, "takings", away)
    page = await owner.read(f"/reports?from={booked[0]}&to={booked[0]}")
    assert f"Revenue {ABSENT} The service that counts this does not answer" in page.text
    assert "Appointments 1" in page.text


async def test_reports_are_for_those_who_may_see_figures(edge: FastAPI, clinic: Clinic) -> None:
    clinician = await Desk.open(edge, clinic, "clinician")
    for path in ("/reports", "/reports/figures.csv"):
        assert (await clinician.http.get(path)).status_code == 403
    assert "/reports" not in (await clinician.read("/settings")).links


async def test_a_report_tells_nothing_of_another_organisation(stranger: Desk, booked: list[date]) -> None:
    found = await figures(stranger, from_=min(booked), to=max(booked))
    assert found["appointments", "total"] == "0"
    assert not any(figure == "captured" for figure, _ in found)
