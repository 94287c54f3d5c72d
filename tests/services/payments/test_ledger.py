"""The books by month: what each holds, and that a closed one takes no more."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments import accounts, ledger, totals
from services.payments.models import LedgerTotal
from services.payments.repository import entries
from services.payments.states import CashMove, Method
from tests.services.payments.conftest import Desk, invoice_body, payment_body

CLOSE = {"status": "closed", "reason": "the month is over"}
OPEN = {"status": "open", "reason": "an invoice was forgotten"}
JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, 9, 0, tzinfo=UTC) for month in (1, 2, 3))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def kept(actor: Callable[..., Actor], apps: Callable[[str], Any]) -> Callable[[], Awaitable[list[str]]]:
    """Name the months whose totals are kept."""

    async def months() -> list[str]:
        async with apps("payments").state.database.read(actor()) as session:
            found = await session.scalars(sa.select(LedgerTotal.period).distinct().order_by(LedgerTotal.period))
            return [f"{one:%Y-%m}" for one in found]

    return months


def _of(rows: list[dict[str, Any]], account: str) -> list[tuple[int, int, int, int]]:
    names = ("opening", "debits", "credits", "balance")
    return [tuple(row[name]["amount"] for name in names) for row in rows if row["account"] == account]


async def test_balances_open_with_what_was_before_and_follow_each_other_month_by_month(
    desk: Desk, at: Callable[[datetime], None]
) -> None:
    at(JANUARY)
    await desk.captured(1_000)
    at(MARCH)
    payment = await desk.captured(500)
    await desk.refund(payment, 200)
    clearing = "gateway_clearing:sandbox"
    assert _of(await desk.get("/ledger/balances"), clearing) == [(0, 1_500, -200, 1_300)]
    assert _of(await desk.get("/ledger/balances", **{"from": "2026-02", "to": "2026-03"}), clearing) == [
        (1_000, 500, -200, 1_300)
    ]
    assert _of(await desk.get("/ledger/balances", to="2026-02"), clearing) == [(0, 1_000, 0, 1_000)]
    each = await desk.get("/ledger/balances", each_period=True)
    assert _of(each, clearing) == [(0, 1_000, 0, 1_000), (1_000, 500, -200, 1_300)]
    assert [row["period"] for row in each if row["account"] == clearing] == ["2026-01", "2026-03"]
    assert sum(row["balance"]["amount"] for row in await desk.get("/ledger/balances")) == 0


async def test_the_entries_of_a_month_are_found_by_account_and_kind_newest_first(
    desk: Desk, at: Callable[[datetime], None]
) -> None:
    at(JANUARY)
    payment = await desk.captured(1_000)
    await desk.refund(payment, 400)
    kinds = [one["kind"] for one in (await desk.get("/ledger/entries", period="2026-01"))["items"]]
    assert sorted(kinds) == ["invoice.issued", "payment.captured", "refund.succeeded"]
    (refund,) = (await desk.get("/ledger/entries", period="2026-01", account="refunds"))["items"]
    assert [(line["account"], line["amount"]["amount"]) for line in refund["lines"]] == [
        ("refunds", 400), ("gateway_clearing:sandbox", -400)
    ]  # fmt: skip
    (taken,) = (await desk.get("/ledger/entries", period="2026-01", kind="payment.captured"))["items"]
    assert taken["subject_id"] == str(payment)
    assert (await desk.get("/ledger/entries", period="2026-02"))["items"] == []


async def test_a_month_ends_where_the_first_invoice_was_issued(desk: Desk, at: Callable[[datetime], None]) -> None:
    at(datetime(2026, 1, 31, 20, 0, tzinfo=UTC))  # 01:30 on the first of February in Colombo
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(700, zone="Asia/Colombo"))
    (issued,) = (await desk.get("/ledger/entries", period="2026-02"))["items"]
    assert issued["kind"] == "invoice.issued"


async def test_a_late_event_stands_in_the_first_open_month_and_keeps_its_own_date(
    desk: Desk, at: Callable[[datetime], None]
) -> None:
    at(JANUARY)
    payment = await desk.captured(1_000)
    at(MARCH)
    for month in ("2026-01", "2026-02"):
        assert (await desk.ask("PUT", f"/ledger/periods/{month}", CLOSE)).status_code == 200
    at(JANUARY)  # a clock that is behind, an event that comes late
    assert (await desk.refund(payment, 300)).status_code == 201
    (refund,) = (await desk.get("/ledger/entries", period="2026-03"))["items"]
    assert (refund["period"], refund["booked_at"][:10]) == ("2026-03", "2026-01-10")


async def test_postgres_refuses_whoever_posts_into_a_closed_month(
    desk: Desk, at: Callable[[datetime], None], apps: Callable[[str], Any], actor: Callable[..., Actor]
) -> None:
    at(JANUARY)
    await desk.captured(1_000)
    at(MARCH)
    await desk.ask("PUT", "/ledger/periods/2026-01", CLOSE)
    forced = "INSERT INTO ledger_entries (tenant_id, id, kind, subject_id, booked_at, period) SELECT tenant_id, :id, \
 'x', :id, booked_at, '2026-01-01' FROM ledger_entries LIMIT 1"
    with pytest.raises(DBAPIError, match="takes nothing into 2026-01"):
        async with apps("payments").state.database.write(actor()) as session:
            await session.execute(sa.text(forced), {"id": uuid7()})


async def test_months_are_closed_in_their_order_once_they_are_over_and_opened_from_the_last(
    desk: Desk, at: Callable[[datetime], None]
) -> None:
    at(JANUARY)
    await desk.captured(1_000)
    at(FEBRUARY)
    await desk.captured(1_000)

    async def ask(month: str, body: dict[str, str]) -> tuple[int, str]:
        answer = await desk.ask("PUT", f"/ledger/periods/{month}", body)
        return answer.status_code, answer.json().get("code") or answer.json()["status"]

    assert await ask("2026-02", CLOSE) == (409, "period_not_over")
    at(MARCH)
    assert await ask("2026-02", CLOSE) == (409, "earlier_period_open")
    assert await ask("2026-01", CLOSE) == (200, "closed")
    assert await ask("2026-01", CLOSE) == (200, "closed")
    assert await ask("2026-02", CLOSE) == (200, "closed")
    assert await ask("2026-01", OPEN) == (409, "later_period_closed")
    assert await ask("2026-02", OPEN) == (200, "open")
    months = await desk.get("/ledger/periods")
    assert [(one["period"], one["status"]) for one in months] == [
        ("2026-03", "open"), ("2026-02", "open"), ("2026-01", "closed")
    ]  # fmt: skip
    assert months[1]["reason"] == OPEN["reason"]


async def test_no_entry_slips_into_a_month_that_is_being_closed(desk: Desk, at: Callable[[datetime], None]) -> None:
    at(datetime(2026, 1, 31, 12, 0, tzinfo=UTC))
    await desk.captured(1_000)
    at(FEBRUARY)
    payments = [desk.pay(uuid7(), payment_body(method="cash", card=None)) for _ in range(4)]
    await asyncio.gather(desk.ask("PUT", "/ledger/periods/2026-01", CLOSE), *payments)
    before = await desk.get("/ledger/balances", to="2026-01")
    at(datetime(2026, 1, 31, 23, 0, tzinfo=UTC))
    await desk.captured(1_000)
    assert await desk.get("/ledger/balances", to="2026-01") == before


async def test_months_that_have_ended_are_added_up_once_and_again_after_a_late_line(
    desk: Desk, at: Callable[[datetime], None], kept: Callable[[], Awaitable[list[str]]]
) -> None:
    for month in (JANUARY, FEBRUARY, MARCH):
        at(month)
        await desk.captured(1_000)
    each = await desk.get("/ledger/balances", each_period=True)
    assert (await kept(), await desk.get("/ledger/balances", each_period=True)) == ([], each)
    for _ in range(2):
        assert (await desk.ask("PUT", f"/money-checks/{uuid7()}", {"cause": "request"})).is_success
        assert (await kept(), await desk.get("/ledger/balances", each_period=True)) == (["2026-01", "2026-02"], each)
    at(JANUARY)
    late = await desk.captured(500)
    assert await kept() == ["2026-02"]
    clearing = _of(await desk.get("/ledger/balances", each_period=True), "gateway_clearing:sandbox")
    assert clearing == [(0, 1_500, 0, 1_500), (1_500, 1_000, 0, 2_500), (2_500, 1_000, 0, 3_500)]
    at(MARCH)
    await desk.refund(late, 500)
    assert _of(await desk.get("/ledger/balances", to="2026-02"), "gateway_clearing:sandbox") == [(0, 2_500, 0, 2_500)]


async def test_no_line_slips_past_totals_that_are_being_made(
    desk: Desk, actor: Callable[..., Actor], apps: Callable[[str], Any]
) -> None:
    who, database = actor("payments:write"), apps("payments").state.database

    async def keep() -> None:
        async with database.write(who) as session:
            await totals.keep(session, date.max)  # as if the present month had ended

    for _ in range(4):
        payments = [desk.pay(uuid7(), payment_body(method="cash", card=None)) for _ in range(6)]
        await asyncio.gather(*payments, keep(), keep())
    await keep()
    async with database.read(who) as session:
        there = await totals.until(session, date.max)
        summed = sa.text("SELECT account, sum(amount) FROM ledger_lines GROUP BY account ORDER BY account")
        lines = (await session.execute(summed)).all()
    assert [(row.account, row.debits + row.credits) for row in there] == [tuple(row) for row in lines]
    assert len(lines) > 2


async def test_totals_are_left_for_later_while_somebody_posts(
    desk: Desk, actor: Callable[..., Actor], apps: Callable[[str], Any], kept: Callable[[], Awaitable[list[str]]]
) -> None:
    who, database = actor("payments:write"), apps("payments").state.database
    await desk.captured(1_000)
    async with database.write(who) as posting:
        await entries.post(
            posting, ledger.cash_moved(uuid7(), CashMove.petty_return, Money(amount=500, currency="LKR"))
        )
        async with asyncio.timeout(5), database.write(who) as session:
            await totals.keep(session, date.max)
        assert await kept() == []
    async with database.write(who) as session:
        await totals.keep(session, date.max)
    assert len(await kept()) == 1


async def test_the_chart_in_code_is_the_law_in_postgres(
    desk: Desk, apps: Callable[[str], Any], actor: Callable[..., Actor]
) -> None:
    await desk.captured()
    async with apps("payments").state.database.read(actor()) as session:
        law = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_ledger_lines_account'"
        said = await session.scalar(sa.text(law))
    assert {part for part in said.split("'")[3::2] if part != ":"} == {one.code for one in accounts.CHART}
    assert {accounts.account_of(ledger.money_account(one, "sandbox")).kind for one in Method} == {"asset", "liability"}
