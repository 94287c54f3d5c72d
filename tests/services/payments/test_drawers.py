"""Cash drawers: what is counted in, moves and is counted out, and that each note is in one drawer or in none."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from careconnect.auth import Actor
from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money


async def opened(desk: Desk, opening: dict[str, Any] | None = None, **also: Any) -> UUID:
    """Open a drawer with 1,000.00 in it."""
    key = uuid7()
    wanted = {"location_id": str(uuid7()), "opening": opening or {"sum": money(100_000)}} | also
    answer = await desk.ask("PUT", f"/drawers/{key}", wanted)
    assert answer.status_code == 201, answer.text
    return key


async def cash(desk: Desk, amount: int = 350_000, currency: str = "LKR") -> httpx.Response:
    """Take cash for a new invoice."""
    lines = [{"description": "Consultation", "quantity": 1, "unit": money(amount, currency)}]
    invoice = {"id": str(uuid7())} | invoice_body(lines=lines)
    return await desk.pay(uuid7(), {"invoice": invoice, "method": "cash", "amount": money(amount, currency)})


async def moved(desk: Desk, drawer: UUID, kind: str, amount: int) -> httpx.Response:
    """Put cash in, or take it out."""
    body = {"kind": kind, "amount": money(amount), "reason": "as the rules say"}
    return await desk.ask("PUT", f"/drawers/{drawer}/movements/{uuid7()}", body)


async def closed(desk: Desk, drawer: UUID, amount: int, **also: Any) -> httpx.Response:
    """Close a drawer with what was counted."""
    return await desk.ask("PUT", f"/drawers/{drawer}/closing", {"counted": {"sum": money(amount)}} | also)


async def test_a_drawer_expects_what_was_counted_in_and_what_moved_and_books_the_difference(desk: Desk) -> None:
    pieces = [{"unit": money(500_00), "pieces": 2}, {"unit": money(20_00), "pieces": 0}]
    drawer = await opened(desk, {"pieces": pieces})
    paid = (await cash(desk)).json()
    assert paid["drawer_id"] == str(drawer)
    assert (await desk.refund(paid["id"], 50_000)).json()["drawer_id"] == str(drawer)
    assert (await moved(desk, drawer, "bank_drop", 200_000)).status_code == 201
    assert (await moved(desk, drawer, "bank_cash", 30_000)).status_code == 201
    assert (await moved(desk, drawer, "petty_cash", 10_000)).status_code == 201
    assert (await moved(desk, drawer, "petty_return", 1_000)).status_code == 201
    short = await moved(desk, drawer, "bank_drop", 221_001)
    assert (short.status_code, short.json()["code"], short.json()["expected"]) == (409, "drawer_too_empty", 221_000)
    known = await desk.get(f"/drawers/{drawer}")
    names = ("opening", "takings", "refunds", "put_in", "taken_out", "expected")
    assert [known[name]["amount"] for name in names] == [100_000, 350_000, 50_000, 31_000, 210_000, 221_000]
    assert known["opening_count"] == [{"unit": money(500_00), "pieces": 2}]
    listed = await desk.get(f"/drawers/{drawer}/movements")
    assert sum(one["amount"]["amount"] for one in listed) == 121_000
    assert [one["kind"] for one in listed] == [
        "petty_return", "petty_cash", "bank_cash", "bank_drop", "refund", "payment"
    ]  # fmt: skip

    asked = await closed(desk, drawer, 220_500)
    assert (asked.status_code, asked.json()["code"], asked.json()["difference"]) == (409, "drawer_differs", -500)
    for _ in range(2):
        done = (await closed(desk, drawer, 220_500, reason="a coin fell behind the desk")).json()
        assert (done["status"], done["difference"]["amount"], done["expected"]["amount"]) == ("closed", -500, 221_000)
    assert (await closed(desk, drawer, 220_501, reason="another")).json()["code"] == "drawer_closed"
    assert (await moved(desk, drawer, "bank_cash", 1)).json()["code"] == "drawer_closed"
    assert (await cash(desk)).json()["drawer_id"] is None
    reviewed = (await desk.ask("PUT", f"/drawers/{drawer}/review", {"note": "seen"})).json()
    assert reviewed["review_note"] == "seen"
    assert await desk.balances() == {
        "cash": 221_000 - 500 - 100_000 + 350_000, "bank": 170_000, "petty_expenses": 9_000, "cash_over_short": 500,
        "refunds": 50_000, "deposits": -700_000,
    }  # fmt: skip


async def test_a_person_has_one_drawer_open_and_others_do_not_see_it(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    drawer = await opened(desk)
    wanted = {"location_id": str(uuid7()), "opening": {"sum": money(0)}}
    other = await desk.ask("PUT", f"/drawers/{uuid7()}", wanted)
    assert (other.status_code, other.json()["code"], other.json()["drawer_id"]) == (409, "drawer_open", str(drawer))
    assert (await desk.ask("PUT", f"/drawers/{drawer}", wanted)).json()["code"] == "idempotency_conflict"
    answers = await asyncio.gather(*(closed(desk, drawer, 100_000) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    both = await asyncio.gather(*(desk.ask("PUT", f"/drawers/{uuid7()}", wanted) for _ in range(5)))
    assert sorted(answer.status_code for answer in both) == [201, 409, 409, 409, 409]

    colleague = Desk(http, act("payments:read", "payments:write"))
    assert (await colleague.ask("GET", f"/drawers/{drawer}")).json()["code"] == "drawer_not_found"
    assert (await closed(colleague, drawer, 100_000)).json()["code"] == "drawer_not_found"
    assert (await colleague.get("/drawers"))["items"] == []
    assert (await cash(colleague)).json()["drawer_id"] is None
    for scope in ("drawers:review", "audit:read"):
        overseer = Desk(http, act("payments:read", scope))
        assert len((await overseer.get("/drawers"))["items"]) == 2


async def test_cash_needs_a_drawer_in_its_currency_once_the_organisation_says_so(desk: Desk) -> None:
    assert (await desk.get("/cash-rule")) == {"drawer_needed": False}
    assert (await cash(desk)).status_code == 201
    await desk.ask("PUT", "/cash-rule", {"drawer_needed": True})
    refused = await cash(desk)
    assert (refused.status_code, refused.json()["code"]) == (409, "drawer_needed")
    await opened(desk)
    assert (await cash(desk)).status_code == 201
    assert (await cash(desk, 1_234, "KWD")).json()["code"] == "drawer_needed"
    assert (await desk.captured()) is not None


async def test_cash_taken_while_the_drawer_closes_is_counted_or_in_no_drawer(desk: Desk) -> None:
    drawer = await opened(desk)
    amounts = [1_000 + number for number in range(12)]
    first, rest = amounts[:4], amounts[4:]
    await asyncio.gather(*(cash(desk, amount) for amount in first))
    reason = {"reason": "not counted while patients pay"}
    answers = await asyncio.gather(
        *(cash(desk, amount) for amount in rest[:5]), closed(desk, drawer, 100_000 + sum(first), **reason),
        *(cash(desk, amount) for amount in rest[5:]),
    )  # fmt: skip
    done = answers[5].json()
    assert done["status"] == "closed"
    payments = (await desk.get("/payments", limit=200))["items"]
    assert sorted(one["amount"]["amount"] for one in payments) == amounts
    inside = [one["amount"]["amount"] for one in payments if one["drawer_id"]]
    assert {one["drawer_id"] for one in payments} <= {str(drawer), None}
    assert done["takings"]["amount"] == sum(inside)
    assert done["expected"]["amount"] == 100_000 + sum(inside)
    balances = await desk.balances()
    assert balances["cash"] == sum(amounts) + done["difference"]["amount"]
    assert -balances.get("cash_over_short", 0) == done["difference"]["amount"]


async def test_postgres_takes_no_cash_into_a_closed_drawer_and_keeps_what_was_counted(
    desk: Desk, apps: Callable[[str], Any], actor: Callable[..., Actor]
) -> None:
    drawer = await opened(desk)
    paid = (await cash(desk)).json()
    await closed(desk, drawer, 450_000)
    for change, law in (
        ("UPDATE payments SET drawer_id = :drawer", "is not open"),
        ("UPDATE payments SET method = 'card'", "ck_payments_drawer"),
        ("UPDATE cash_drawers SET counted = counted - 1 WHERE id = :drawer", "stays"),
        ("UPDATE cash_drawers SET closed_at = NULL WHERE id = :drawer", "stays"),
        ("DELETE FROM cash_drawers WHERE id = :drawer", "stays"),
        ("DELETE FROM cash_movements WHERE drawer_id = :drawer", "permission denied"),
    ):
        given = {"drawer": drawer} if ":drawer" in change else {}
        with pytest.raises(DBAPIError, match=law):
            async with apps("payments").state.database.write(actor()) as session:
                await session.execute(sa.text(change), given)
    assert (await desk.payment(UUID(paid["id"])))["drawer_id"] == str(drawer)
