"""Recalling what is due: in the mornings of the policy, never again once it is paid, and each reminder counted once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from careconnect.ids import derived_id, uuid7
from services.payments.mornings import FIRST, LAST, morning, next_morning
from tests.services.payments.conftest import Desk, invoice_body, money, payment_body

ZONE = "Asia/Colombo"
END = datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
"""Half past ten in the morning, in Colombo."""
DAY = timedelta(days=1)


async def recalled(desk: Desk, days: list[int]) -> UUID:
    key = uuid7()
    assert (await desk.ask("PUT", f"/invoices/{key}", invoice_body())).status_code == 201
    body = {"since": END.isoformat(), "zone": ZONE, "days": days}
    for _ in range(2):
        answer = await desk.ask("PUT", f"/invoices/{key}/dunning", body)
        assert (answer.status_code, answer.json()["status"]) == (200, "running"), answer.text
    return key


async def standing(desk: Desk, invoice: UUID, at: datetime) -> tuple[str, datetime | None]:
    found = await desk.get(f"/invoices/{invoice}/dunning", at=at.isoformat())
    return found["status"], datetime.fromisoformat(found["next_at"]) if found["next_at"] else None


async def remind(desk: Desk, invoice: UUID, number: int, at: datetime) -> Any:
    body = {"number": number, "at": at.isoformat(), "statuses": {"email": "sent"}}
    answer = await desk.ask("PUT", f"/invoices/{invoice}/dunning/reminders/{derived_id(invoice, number)}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def pay(desk: Desk, invoice: UUID, amount: int = 350_000) -> None:
    body = payment_body(amount) | {"method": "cash", "token": None, "invoice_id": str(invoice)}
    del body["invoice"]
    assert (await desk.pay(uuid7(), body)).status_code == 201


async def test_reminders_follow_the_policy_are_counted_once_and_end_with_a_person(desk: Desk) -> None:
    invoice = await recalled(desk, [7, 1])
    status, first = await standing(desk, invoice, END)
    assert (status, first) == ("running", morning(END.date() + DAY, ZONE, invoice))
    assert first is not None
    for _ in range(2):
        assert len((await remind(desk, invoice, 1, first))["reminders"]) == 1
    assert await standing(desk, invoice, first) == ("running", morning(END.date() + 7 * DAY, ZONE, invoice))
    assert [one for one in await desk.get("/dunnings") if one["invoice_id"] == str(invoice)] == []
    await remind(desk, invoice, 2, first + 6 * DAY)
    assert await standing(desk, invoice, first + 6 * DAY) == ("exhausted", None)
    await pay(desk, invoice, 100_000)
    assert [one["due"] for one in await desk.get("/dunnings")] == [money(250_000)]
    assert (await desk.ask("PUT", f"/invoices/{invoice}/dunning/dismissal")).status_code == 200
    assert await desk.get("/dunnings") == []


@pytest.mark.parametrize("how", ["paid", "cancelled", "let go", "paused"])
async def test_what_was_paid_cancelled_let_go_or_paused_is_recalled_no_more(desk: Desk, how: str) -> None:
    invoice = await recalled(desk, [1, 7])
    if how == "paid":
        await pay(desk, invoice)
    elif how == "cancelled":
        await desk.ask("POST", f"/invoices/{invoice}/cancellation", {"reason": "pat"})
    elif how == "let go":
        await desk.ask("PUT", f"/invoices/{invoice}/credits/{uuid7()}", {"amount": money(350_000), "reason": "oth"})
    else:
        await desk.ask("PUT", f"/invoices/{invoice}/dunning/pause", {"paused": True})
    expected = "paused" if how == "paused" else "over"
    assert await standing(desk, invoice, END + 30 * DAY) == (expected, None)
    if how == "paused":
        await desk.ask("PUT", f"/invoices/{invoice}/dunning/pause", {"paused": False})
        assert (await standing(desk, invoice, END))[0] == "running"
    else:
        fresh = await desk.ask(
            "PUT", f"/invoices/{invoice}/dunning", {"since": END.isoformat(), "zone": ZONE, "days": []}
        )
        assert fresh.json()["status"] == "over"


async def test_nobody_is_reminded_of_nothing(desk: Desk) -> None:
    invoice = uuid7()
    await desk.ask("PUT", f"/invoices/{invoice}", invoice_body())
    await pay(desk, invoice)
    body = {"since": END.isoformat(), "zone": ZONE, "days": [1]}
    answer = await desk.ask("PUT", f"/invoices/{invoice}/dunning", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_due")
    assert (await desk.ask("GET", f"/invoices/{invoice}/dunning")).json()["code"] == "dunning_not_found"


@pytest.mark.parametrize("hour", range(24))
def test_a_reminder_whose_morning_was_missed_goes_out_in_a_morning_and_not_before_now(hour: int) -> None:
    key = uuid7()
    now = datetime(2026, 11, 2, hour, 17, tzinfo=UTC)
    for zone in (ZONE, "America/New_York", "Pacific/Auckland"):
        found = next_morning(now - 3 * DAY, now, zone, key)
        there = found.astimezone(morning(now.date(), zone, key).tzinfo)
        assert FIRST <= there.hour < LAST
        assert now <= found < now + DAY
