"""Lists, sums and the dashboard's numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money, payment_body


async def _at(desk: Desk, monkeypatch: pytest.MonkeyPatch, moment: datetime, amount: int) -> str:
    monkeypatch.setattr(clock, "now", lambda: moment)
    return str(await desk.captured(amount))


async def test_payments_are_listed_newest_first_page_by_page(desk: Desk) -> None:
    made = [str(await desk.authorised(1_000 + number)) for number in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        page = await desk.get("/payments", limit=3, count=True, **({"cursor": cursor} if cursor else {}))
        assert page["total"] == 7
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
    assert page["items"][0]["invoice_number"].endswith("-000001")


async def test_payments_are_found_by_each_filter(desk: Desk) -> None:
    authorised, captured, declined = await desk.authorised(), await desk.captured(), uuid7()
    await desk.pay(declined, payment_body(card="pm_card_chargeDeclined"))
    cash = (await desk.pay(uuid7(), payment_body(method="cash", card=None))).json()
    for name in ("patient_id", "appointment_id", "invoice_id"):
        assert [one["id"] for one in (await desk.get("/payments", **{name: cash[name]}))["items"]] == [cash["id"]]
    for filters, expected in (
        ({"status": "authorised"}, [authorised]),
        ({"status": "captured", "method": "card"}, [captured]),
        ({"status": "declined"}, [declined]),
        ({"method": "cash"}, [cash["id"]]),
        ({"from": cash["created_at"]}, [cash["id"]]),
        ({"to": cash["created_at"], "status": "captured"}, [captured]),
    ):
        assert [one["id"] for one in (await desk.get("/payments", **filters))["items"]] == [
            str(one) for one in expected
        ]


async def test_invoices_are_found_by_patient_appointment_and_status(desk: Desk) -> None:
    payment = (await desk.pay(uuid7(), payment_body())).json()
    await desk.captured()
    for name in ("patient_id", "appointment_id"):
        found = (await desk.get("/invoices", **{name: payment[name]}))["items"]
        assert [one["id"] for one in found] == [payment["invoice_id"]]
        assert found[0]["lines"][0]["description"] == "Consultation"
    assert [one["id"] for one in (await desk.get("/invoices", status="issued"))["items"]] == [payment["invoice_id"]]
    assert (await desk.ask("GET", "/invoices", cursor="nonsense")).status_code == 422


async def test_the_summary_counts_and_adds_up_paid_pending_failed_and_refunded(desk: Desk) -> None:
    await desk.authorised(1_000)
    await desk.pay(uuid7(), payment_body(2_000, "pm_card_chargeDeclined"))
    payment_id = await desk.captured(4_000)
    await desk.refund(payment_id, 500)
    await desk.release(uuid7())
    assert await desk.get("/payments/summary") == {
        "paid": {"count": 1, "amount": money(4_000)},
        "pending": {"count": 1, "amount": money(1_000)},
        "failed": {"count": 1, "amount": money(2_000)},
        "refunded": {"count": 1, "amount": money(500)},
    }
    failed = (await desk.get("/payments", failed="true"))["items"]
    assert [(one["status"], one["amount"]) for one in failed] == [("declined", money(2_000))]
    others = (await desk.get("/payments", failed="false"))["items"]
    assert {one["status"] for one in others} == {"authorised", "captured"}
    empty = await desk.get("/payments/summary", to="2020-01-01T00:00:00Z", currency="USD")
    assert {one["count"] for one in empty.values()} == {0}


async def test_each_currency_is_found_and_summed_up_by_itself(desk: Desk) -> None:
    assert await desk.get("/payments/currencies") == []
    for currency, amount in (("LKR", 1_000), ("USD", 200), ("KWD", 30), ("LKR", 4_000)):
        lines = [{"description": "Consultation", "quantity": 1, "unit": money(amount, currency)}]
        invoice = {"id": str(uuid7())} | invoice_body(lines=lines)
        body = {"invoice": invoice, "method": "cash", "amount": money(amount, currency)}
        assert (await desk.pay(uuid7(), body)).status_code == 201
    assert await desk.get("/payments/currencies") == ["KWD", "LKR", "USD"]
    for currency, count, amount in (("LKR", 2, 5_000), ("USD", 1, 200), ("KWD", 1, 30), ("EUR", 0, 0)):
        paid = (await desk.get("/payments/summary", currency=currency))["paid"]
        assert paid == {"count": count, "amount": money(amount, currency)}
        payments = (await desk.get("/payments", currency=currency))["items"]
        invoices = (await desk.get("/invoices", currency=currency))["items"]
        assert sum(one["amount"]["amount"] for one in payments) == amount
        assert {one["total"]["currency"] for one in invoices} == ({currency} if count else set())
        assert len(payments) == len(invoices) == count
    assert len((await desk.get("/payments"))["items"]) == 4
    assert (await desk.ask("GET", "/payments", currency="rupees")).status_code == 422


async def test_all_the_money_of_one_appointment_is_read_at_once(desk: Desk) -> None:
    body = payment_body()
    payment_id, declined = uuid7(), uuid7()
    await desk.pay(declined, body | {"token": "pm_card_chargeDeclined"})
    await desk.pay(payment_id, body)
    await desk.capture(payment_id)
    await desk.refund(payment_id, 1_000)
    await desk.captured()
    found = await desk.get(f"/appointments/{body['invoice']['appointment_id']}/money")
    assert [one["id"] for one in found["invoices"]] == [body["invoice"]["id"]]
    assert [one["id"] for one in found["payments"]] == [str(declined), str(payment_id)]
    assert [one["amount"] for one in found["refunds"]] == [money(1_000)]


async def test_revenue_is_counted_on_the_local_day_it_came_and_refunds_on_the_day_they_went(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)  # 23:30 in Colombo
    first = await _at(desk, monkeypatch, evening, 10_000)
    await _at(desk, monkeypatch, evening + timedelta(hours=1), 5_000)  # 00:30 on the next day there
    await desk.refund(first, 2_000)  # type: ignore[arg-type]
    period = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z", "currency": "LKR"}
    colombo = await desk.get("/figures", zone="Asia/Colombo", **period)
    assert colombo["by_day"] == [{"day": "2026-03-01", "amount": 10_000}, {"day": "2026-03-02", "amount": 3_000}]
    utc = await desk.get("/figures", zone="UTC", **period)
    assert utc["by_day"] == [{"day": "2026-03-01", "amount": 13_000}]
    assert colombo["revenue"] == utc["revenue"] == 13_000
    half_open = {"from": "2026-03-01T00:00:00Z", "to": evening.isoformat()}
    assert (await desk.get("/figures", zone="UTC", **half_open))["revenue"] == 0


async def test_takings_are_told_by_currency_when_the_money_came_and_when_it_went(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    march, april = datetime(2026, 3, 31, 12, tzinfo=UTC), datetime(2026, 4, 1, 20, tzinfo=UTC)
    kept = await _at(desk, monkeypatch, march, 10_000)
    await desk.authorised(7_000)
    lines = [{"description": "Consultation", "quantity": 1, "unit": money(300, "USD")}]
    body = {"invoice": {"id": str(uuid7())} | invoice_body(lines=lines), "method": "cash", "amount": money(300, "USD")}
    assert (await desk.pay(uuid7(), body)).status_code == 201
    monkeypatch.setattr(clock, "now", lambda: april)
    await desk.refund(kept, 2_000)  # type: ignore[arg-type]
    await desk.refund(kept, 500)  # type: ignore[arg-type]
    nothing, month = {"count": 0, "amount": money(0)}, {"to": "2026-04-01T00:00:00Z", "zone": "Asia/Colombo"}
    assert await desk.get("/takings", **{"from": "2026-03-01T00:00:00Z"} | month) == [
        {
            "currency": "LKR",
            "captured": {"count": 1, "amount": money(10_000)},
            "refunded": nothing,
            "by_day": [{"day": "2026-03-31", "amount": 10_000}],
        },
        {
            "currency": "USD",
            "captured": {"count": 1, "amount": money(300, "USD")},
            "refunded": {"count": 0, "amount": money(0, "USD")},
            "by_day": [{"day": "2026-03-31", "amount": 300}],
        },
    ]
    assert await desk.get(
        "/takings", **{"from": month["to"], "to": "2026-05-01T00:00:00Z", "zone": "Asia/Colombo"}
    ) == [
        {
            "currency": "LKR",
            "captured": nothing,
            "refunded": {"count": 2, "amount": money(2_500)},
            "by_day": [{"day": "2026-04-02", "amount": -2_500}],
        }
    ]


async def test_the_watermark_rises_with_every_change(desk: Desk) -> None:
    period = {"from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"}
    assert (await desk.get("/figures", **period))["watermark"] == 0
    await desk.authorised()
    first = (await desk.get("/figures", **period))["watermark"]
    await desk.pay(uuid7(), payment_body(card="pm_card_chargeDeclined"))
    figures = await desk.get("/figures", **period)
    assert figures["watermark"] > first > 0
    assert (figures["pending"], figures["failed"]) == (1, 1)


async def test_the_gateways_list_has_pages_and_a_beginning(desk: Desk) -> None:
    made = [str(await desk.captured(1_000)) for _ in range(5)]
    first = await desk.get("/gateway/charges", limit=3)
    second = await desk.get("/gateway/charges", limit=3, cursor=first["next_cursor"])
    assert [one["reference"] for one in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None
    since = second["items"][0]["created_at"]
    assert [one["reference"] for one in (await desk.get("/gateway/charges", since=since))["items"]] == made[3:]
    assert (await desk.ask("GET", "/gateway/charges", gateway="elsewhere")).json()["code"] == "gateway_not_found"
