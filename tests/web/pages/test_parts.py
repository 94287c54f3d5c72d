"""What pages are made of: forms, formats, static files."""

from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from careconnect import clock
from careconnect.money import Money
from tests.web.conftest import ADDRESS
from tests.web.pages.desk import Page
from web import formats
from web.forms import Form
from web.looks import CHOICES, LOOKS

NOW = datetime(2026, 11, 18, 4, 50, tzinfo=UTC)
SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock stand at a Wednesday morning in Colombo."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (350_000, "LKR", f"LKR{SPACE}3,500.00"),
        (350_050, "LKR", f"LKR{SPACE}3,500.50"),
        (3_500, "JPY", "JP¥3,500"),
        (3_500, "KWD", f"KWD{SPACE}3.500"),
        (-50, "EUR", "-€0.50"),
    ],
)
def test_money_has_the_digits_of_its_currency(amount: int, currency: str, shown: str) -> None:
    assert formats.money(Money(amount=amount, currency=currency)) == shown


def test_whole_amounts_may_leave_out_what_is_nothing() -> None:
    assert formats.money(Money(amount=350_000, currency="LKR"), whole=True) == f"LKR{SPACE}3,500"
    assert formats.money(Money(amount=350_050, currency="LKR"), whole=True) == f"LKR{SPACE}3,500.50"
    assert formats.money(Money(amount=3_500, currency="JPY"), whole=True) == "JP¥3,500"


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("3500", "LKR", 350_000),
        ("3,500.5", "LKR", 350_050),
        ("1,250", "LKR", 125_000),
        (" 12.50 ", "EUR", 1_250),
        (".5", "EUR", 50),
        ("1,00,000.00", "LKR", 10_000_000),
        ("12,345,678.90", "USD", 1_234_567_890),
        ("3500", "JPY", 3_500),
        ("1,000", "JPY", 1_000),
        ("3.5", "KWD", 3_500),
        ("1,250.000", "KWD", 1_250_000),
        ("1,250,000", "KWD", 1_250_000_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(typed: str, currency: str, minor: int) -> None:
    form = Form("x", "").fill({"amount": typed})
    assert form.money("amount", currency) == Money(amount=minor, currency=currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [
        ("12,50", "EUR"),
        ("12,5", "LKR"),
        ("1.234,50", "EUR"),
        ("1,2,345", "LKR"),
        ("1,25,0", "LKR"),
        ("1234,567", "LKR"),
        ("1,000,00", "USD"),
        ("1,250", "KWD"),
        ("12,50", "JPY"),
    ],
)
def test_a_comma_that_may_have_been_meant_as_a_point_is_asked_about(typed: str, currency: str) -> None:
    form = Form("x", "").fill({"amount": typed})
    assert form.money("amount", currency) is None
    assert "by a point" in form.errors["amount"]


def test_an_amount_is_not_rounded_to_what_its_currency_is_paid_in() -> None:
    form = Form("x", "").fill({"rupees": "1.250", "yen": "1.000", "dinars": "1.2500"})
    assert [form.money(*one) for one in (("rupees", "LKR"), ("yen", "JPY"), ("dinars", "KWD"))] == [None] * 3
    assert set(form.errors) == {"rupees", "yen", "dinars"}


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.234", "1e9999", "nan", "inf", "many", ".", ",", "9" * 14])
def test_what_is_no_amount_is_said_beside_the_field(typed: str) -> None:
    form = Form("x", "").fill({"amount": typed})
    assert form.money("amount", "LKR") is None
    assert form.errors["amount"]


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 18, 5, 0, tzinfo=UTC), "Today 10:30"),
        (datetime(2026, 11, 18, 20, 0, tzinfo=UTC), "Tomorrow 01:30"),
        (datetime(2026, 11, 17, 5, 0, tzinfo=UTC), "Yesterday 10:30"),
        (datetime(2026, 11, 21, 5, 0, tzinfo=UTC), "Sat 21 Nov 10:30"),
        (datetime(2027, 1, 9, 5, 0, tzinfo=UTC), "Sat, 9 Jan 2027 10:30"),
        (datetime(2025, 11, 21, 5, 0, tzinfo=UTC), "21 Nov 2025 10:30"),
    ],
)
def test_an_instant_is_told_in_the_places_own_day(moment: datetime, shown: str) -> None:
    assert formats.when(moment, "Asia/Colombo") == shown


@pytest.mark.usefixtures("still")
def test_an_age_counts_birthdays() -> None:
    assert formats.age(date(2000, 11, 18), "Asia/Colombo") == "26 years"
    assert formats.age(date(2000, 11, 19), "Asia/Colombo") == "25 years"
    assert formats.age(date(2025, 11, 18), "Asia/Colombo") == "1 year"


def test_somebody_is_a_year_older_once_it_is_the_day_where_the_clinic_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 17, 19, 0, tzinfo=UTC))
    ages = [formats.age(date(2000, 11, 18), zone) for zone in ("Asia/Colombo", "Europe/London")]
    assert ages == ["26 years", "25 years"]


def test_lengths_are_told_in_hours_and_minutes() -> None:
    assert [formats.duration(minutes) for minutes in (0, 45, 60, 90)] == ["0 min", "45 min", "1 h", "1 h 30 min"]
    assert [formats.offset(hours) for hours in (2, 24, 72)] == ["2 hours before", "1 day before", "3 days before"]


def test_what_was_searched_is_marked_and_everything_else_is_escaped() -> None:
    assert formats.mark("Nimal <b>Perera", "per") == "Nimal &lt;b&gt;Perera"
    assert formats.mark("Nimal Perera<", "per") == "Nimal <mark>Per</mark>era&lt;"
    assert formats.mark("O'Neil", "nei") == "O&#39;<mark>Nei</mark>l"


def test_initials_leave_out_titles() -> None:
    names = ("Dr. Anula Silva", "Prof Nihal Perera", "Nimal", "")
    assert [formats.initials(name) for name in names] == ["AS", "NP", "N", "?"]


def test_every_look_has_its_icon_and_its_tone() -> None:
    static = Path(__file__).parents[3] / "web/static"
    icons, tokens = (static / "icons.svg").read_text(), (static / "css/tokens.css").read_text()
    for look in (look for looks in (*LOOKS.values(), *CHOICES.values()) for look in looks.values()):
        assert f'id="{look.icon}"' in icons, look
        assert f"--{look.tone}-soft:" in tokens, look


async def test_static_files_are_kept_for_good_under_their_version(edge: FastAPI) -> None:
    transport = httpx.ASGITransport(app=edge)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        page = Page((await http.get("/sign-in")).text)
        address = next(said["href"] for said in page.having("rel", "stylesheet"))
        answer = await http.get(address, headers={"accept-encoding": "gzip"})
        assert answer.headers["cache-control"].endswith("immutable")
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].startswith("text/css")
        older = await http.get("/static/0000000000/css/tokens.css")
        assert older.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/static/x/../app.py", "/static/x/%2e%2e/app.py", "/static/x//etc/passwd", "/static/x/"]
)
async def test_no_other_file_is_served(edge: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(app=edge)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        assert (await http.get(f"/static/{path}")).status_code == 404
