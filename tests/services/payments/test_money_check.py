"""Money checks inside the payments service: every kind of orphan planted, found, and mended where policy allows."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.gateways.protocol import Order
from tests.services.payments.conftest import SCOPES, Desk, invoice_body, money, payment_body

Plant = Callable[..., Awaitable[None]]
NOW = {"grace_seconds": 0}


@pytest.fixture
def plant(apps: Callable[[str], Any], actor: Callable[..., Actor]) -> Plant:
    """Change the tables behind the service's back."""

    async def change(sql: str, **values: Any) -> None:
        async with apps("payments").state.database.write(actor()) as session:
            await session.execute(sa.text(sql), values)

    return change


@pytest.fixture
async def gateway(apps: Callable[[str], Any], actor: Callable[..., Actor]) -> Any:
    """Speak with the gateway as somebody else would who has our account there."""
    return await apps("payments").state.gateways.of(actor(), "sandbox")


async def check(desk: Desk, **asked: Any) -> dict[str, list[dict[str, Any]]]:
    """Make all comparisons of a check, two rows at a time; give what waits, by kind."""
    check_id = uuid7()
    begun = (await desk.ask("PUT", f"/money-checks/{check_id}", {})).json()
    path, compared, matched = f"/money-checks/{check_id}", {}, 0
    cursor = None
    while True:
        body = NOW | asked | {"gateway": begun["gateways"][0], "cursor": cursor, "limit": 2}
        page = (await desk.ask("POST", f"{path}/charges", body)).json()
        matched, cursor = matched + page["matched"], page["next_cursor"]
        if cursor is None:
            break
    uncharged = (await desk.ask("POST", f"{path}/uncharged", {"matched": matched})).json()
    if not uncharged["certain"]:
        await desk.ask("POST", f"{path}/charges", NOW | {"gateway": "sandbox", "remember": True})
        uncharged = (await desk.ask("POST", f"{path}/uncharged", {"remembered": True})).json()
    compared["payments"] = uncharged["payments"]
    for part in ("invoices", "payments", "refunds", "entries", "claims", "drawers"):
        after = None
        while True:
            page = (
                await desk.ask("POST", f"{path}/books", NOW | asked | {"part": part, "after": after, "limit": 2})
            ).json()
            after = page["last"]
            if after is None:
                break
    ended = await desk.ask("PUT", f"{path}/conclusion", {"compared": compared})
    assert ended.status_code == 200, ended.text
    waiting: dict[str, list[dict[str, Any]]] = {}
    for one in (await desk.get("/orphans"))["items"]:
        waiting.setdefault(one["kind"], []).append(one)
    assert ended.json()["open"] == sum(map(len, waiting.values()))
    return waiting


async def mended(desk: Desk, orphan: dict[str, Any]) -> str:
    """Mend an orphan, twice."""
    answers = [await desk.ask("PUT", f"/orphans/{orphan['id']}/mending") for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].text
    status: str = answers[0].json()["status"]
    return status


async def test_books_that_agree_have_no_orphans(desk: Desk) -> None:
    payment = await desk.captured()
    await desk.refund(payment, 1_000)
    await desk.authorised()
    await desk.void(await desk.authorised())
    await desk.release(await desk.captured(), cancel_invoice=True)
    await desk.release(uuid7())
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body())
    assert await check(desk) == {}
    last = (await desk.get("/money-checks"))["last"]
    assert (last["status"], last["found"], last["open"]) == ("completed", 0, 0)


async def test_a_charge_without_a_payment_goes_back_and_leaves_the_books_in_balance(desk: Desk, gateway: Any) -> None:
    stray = uuid7()
    await gateway.authorise(Order(stray, Money(amount=900, currency="LKR"), "pm_card_visa"), "a")
    assert (await check(desk, grace_seconds=60)) == {}  # it may be under way
    (alone,) = (await check(desk))["authorisation_alone"]
    assert alone["subject_id"] == str(stray)
    await gateway.capture(stray, Money(amount=900, currency="LKR"), "c")
    (orphan,) = (await check(desk))["charge_without_payment"]
    assert (orphan["here"], orphan["there"]) == (money(0), money(900))
    assert await mended(desk, orphan) == "mended"
    (charge,) = await desk.charges()
    assert charge["refunded"] == money(900)
    assert await desk.balances() == {}
    assert await check(desk) == {}
    assert (await desk.get("/money-checks"))["last"]["open"] == 0


async def test_an_authorisation_that_nobody_came_back_for_is_let_go(desk: Desk, gateway: Any) -> None:
    stray = uuid7()
    await gateway.authorise(Order(stray, Money(amount=900, currency="LKR"), "pm_card_visa"), "a")
    (orphan,) = (await check(desk))["authorisation_alone"]
    assert await mended(desk, orphan) == "mended"
    assert (await gateway.find(stray)).status == "voided"
    assert await check(desk) == {}


async def test_a_payment_without_a_charge_is_found_among_others(desk: Desk, plant: Plant) -> None:
    kept = [await desk.captured() for _ in range(3)]
    await plant("DELETE FROM sandbox_charges WHERE reference = :key", key=kept[1])
    (orphan,) = (await check(desk))["payment_without_charge"]
    assert (orphan["subject_id"], orphan["here"], orphan["there"]) == (str(kept[1]), money(350_000), money(0))


@pytest.mark.parametrize(
    ("change", "kind", "amounts"),
    [
        ("UPDATE sandbox_charges SET amount = 350001", "amounts_differ", (350_000, 350_001)),
        ("UPDATE sandbox_charges SET captured = 349999", "amounts_differ", (350_000, 349_999)),
        ("UPDATE sandbox_charges SET refunded = 5", "amounts_differ", (0, 5)),
        ("UPDATE sandbox_charges SET status = 'authorised', captured = 0", "amounts_differ", (350_000, 0)),
        ("UPDATE invoices SET refunded = 5", "invoice_sums", (5, 0)),
        ("UPDATE invoice_lines SET total = 5", "invoice_sums", (350_000, 5)),
        ("UPDATE payments SET refunding = 5", "payment_sums", (5, 0)),
    ],
)
async def test_amounts_that_differ_wait_for_a_person(
    desk: Desk, plant: Plant, change: str, kind: str, amounts: tuple[int, int]
) -> None:
    await desk.captured()
    await plant(change)
    (orphan,) = (await check(desk))[kind]
    assert (orphan["here"]["amount"], orphan["there"]["amount"]) == amounts


async def test_a_capture_of_which_no_event_came_is_taken_in(desk: Desk, gateway: Any) -> None:
    payment = await desk.authorised(700)
    await gateway.capture(payment, Money(amount=700, currency="LKR"), "elsewhere")
    (orphan,) = (await check(desk))["status_differs"]
    assert orphan["detail"] == "authorised:captured"
    assert await mended(desk, orphan) == "mended"
    assert (await desk.payment(payment))["status"] == "captured"
    assert await check(desk) == {}


async def test_refunds_of_which_one_side_knows_nothing_are_found(desk: Desk, gateway: Any, plant: Plant) -> None:
    known, unknown = await desk.captured(1_000), await desk.captured(1_000)
    await desk.refund(known, 300)
    await plant("UPDATE sandbox_charges SET refunded = 0 WHERE reference = :key", key=known)
    await plant("DELETE FROM sandbox_refunds")
    await gateway.refund(unknown, uuid7(), Money(amount=200, currency="LKR"), "twice")
    found = await check(desk)
    assert [one["subject_id"] for one in found.pop("refund_missing")] == [str(known)]
    assert [one["payment_id"] for one in found.pop("refund_unknown")] == [str(unknown)]
    assert found == {}


async def test_a_refund_that_is_stuck_is_asked_for_again(desk: Desk, plant: Plant) -> None:
    payment, refund = await desk.captured(1_000), uuid7()
    await desk.refund(payment, 300, refund)
    for sql in (
        "UPDATE refunds SET status = 'pending', settled_at = NULL",
        "UPDATE payments SET refunding = 300, refunded = 0",
        "UPDATE invoices SET refunded = 0",
    ):
        await plant(sql)
    found = await check(desk)
    (orphan,) = found["refund_stuck"]
    assert orphan["subject_id"] == str(refund)


async def test_what_the_ledger_does_not_say_and_what_it_says_of_nothing_are_found(
    desk: Desk, plant: Plant, tenant_id: UUID
) -> None:
    payment, entry = await desk.captured(1_000), uuid7()
    await plant(
        "INSERT INTO payments SELECT (again).* FROM (SELECT jsonb_populate_record(payments, jsonb_build_object("
        "'id', CAST(:copy AS uuid), 'gateway', 'desk', 'gateway_reference', NULL)) AS again FROM payments) AS copied",
        copy=uuid7(),
    )
    await plant("UPDATE invoices SET paid = 2000, total = 2000")
    await plant("UPDATE invoice_lines SET total = 2000")
    await plant(
        "WITH entry AS (INSERT INTO ledger_entries (tenant_id, id, kind, subject_id, booked_at, period) "
        "VALUES (:tenant, :entry, 'refund.succeeded', :entry, now(), date_trunc('month', now()))) "
        "INSERT INTO ledger_lines (tenant_id, entry_id, account, currency, amount, period) SELECT :tenant, :entry, "
        "account, 'LKR', amount, date_trunc('month', now()) "
        "FROM (VALUES ('refunds', 5), ('bank', -5)) AS line(account, amount)",
        tenant=tenant_id,
        entry=entry,
    )
    found = await check(desk)
    assert sorted(one["detail"] for one in found.pop("not_booked")) == ["invoice.issued", "payment.captured"]
    assert [one["subject_id"] for one in found.pop("booked_without_event")] == [str(entry)]
    assert found == {}
    assert str(payment)


async def test_a_credit_and_a_price_that_the_ledger_never_heard_of_are_found(desk: Desk, plant: Plant) -> None:
    keys = [uuid7(), uuid7()]
    for key in keys:
        await desk.ask("PUT", f"/invoices/{key}", invoice_body(1_000))
    assert await check(desk) == {}
    await plant("UPDATE invoices SET earned_as = 'visit' WHERE id = :id", id=keys[0])
    await plant("UPDATE invoices SET credited = 100 WHERE id = :id", id=keys[1])
    found = await check(desk)
    assert sorted(one["detail"] for one in found.pop("not_booked")) == ["invoice.credited", "invoice.earned"]
    assert found == {}


_BOOK = (
    "WITH entry AS (INSERT INTO ledger_entries (tenant_id, id, kind, subject_id, booked_at, period) "
    "VALUES (:tenant, :entry, :kind, :subject, now(), date_trunc('month', now()))) "
    "INSERT INTO ledger_lines (tenant_id, entry_id, account, currency, amount, period) SELECT :tenant, :entry, "
    "account, 'LKR', amount, date_trunc('month', now()) "
    "FROM (VALUES ('deposits', CAST(:amount AS bigint)), ('receivables', -:amount)) AS line(account, amount)"
)
"""An entry that reverses an invoice, behind the service's back."""


@pytest.mark.parametrize(("booked", "left"), [(None, 1_000), (900, 100), (1_100, 100), (1_000, 0)])
async def test_an_invoice_that_was_a_mistake_and_is_not_exactly_reversed_is_found(
    desk: Desk, plant: Plant, tenant_id: UUID, booked: int | None, left: int
) -> None:
    key, ended = uuid7(), "status = 'entered_in_error', cancelled_at = now(), cancel_reason = 'x'"
    await desk.ask("PUT", f"/invoices/{key}", invoice_body(1_000))
    await plant(f"UPDATE invoices SET {ended}")  # noqa: S608 - written above
    if booked:
        said = {"kind": "invoice.entered_in_error", "subject": key, "amount": booked}
        await plant(_BOOK, tenant=tenant_id, entry=uuid7(), **said)
    found = await check(desk)
    told = [(one["subject_id"], one["detail"], one["here"], one["there"]) for one in found.pop("not_booked", [])]
    assert told == ([(str(key), "invoice.entered_in_error", money(0), money(left))] if left else [])
    assert found == {}


async def test_mistakes_that_were_reversed_with_all_that_was_booked_for_them_are_no_orphans(
    desk: Desk, plant: Plant, tenant_id: UUID
) -> None:
    tax = {"name": "VAT", "rate": 1_800, "inclusive": True}
    lines = [{"description": "Consultation", "quantity": 1, "unit": money(118_000), "tax": tax}]
    plain, changed, open_one = (f"/invoices/{uuid7()}" for _ in range(3))
    for path in (plain, changed, open_one):
        await desk.ask("PUT", path, invoice_body(lines=lines))
    await desk.ask("PUT", f"{changed}/discounts/{uuid7()}", {"percent": 50, "reason": "Staff"})
    credit = {"amount": money(9_000), "reason": "shorter"}
    assert (await desk.ask("PUT", f"{changed}/credits/{uuid7()}", credit)).status_code == 200
    for path in (plain, changed):
        assert (await desk.ask("PUT", f"{path}/entered-in-error", {"reason": "x"})).status_code == 200
    assert await check(desk) == {}
    subject = UUID(open_one.rsplit("/", 1)[1])
    said = {"kind": "invoice.entered_in_error", "subject": subject, "amount": 5}
    await plant(_BOOK, tenant=tenant_id, entry=uuid7(), **said)
    (orphan,) = (await check(desk))["booked_without_event"]
    assert orphan["detail"] == "invoice.entered_in_error"


async def test_an_orphan_is_noted_once_goes_by_itself_and_stays_dismissed_until_it_changes(
    desk: Desk, plant: Plant
) -> None:
    await desk.captured()
    await plant("UPDATE invoices SET refunded = 5")
    (first,) = (await check(desk))["invoice_sums"]
    (second,) = (await check(desk))["invoice_sums"]
    assert first["id"] == second["id"]
    await plant("UPDATE invoices SET refunded = 0")
    assert await check(desk) == {}
    assert [one["status"] for one in (await desk.get("/orphans", status="gone"))["items"]] == ["gone"]
    await plant("UPDATE invoices SET refunded = 5")
    (again,) = (await check(desk))["invoice_sums"]
    path = f"/orphans/{again['id']}/dismissal"
    dismissed = (await desk.ask("PUT", path, {"reason": "known to the bank"})).json()
    assert (dismissed["status"], dismissed["reason"]) == ("dismissed", "known to the bank")
    assert await check(desk) == {}
    await plant("UPDATE invoices SET refunded = 6")
    assert len((await check(desk))["invoice_sums"]) == 1


async def test_a_check_that_missed_a_part_lets_nothing_go(desk: Desk, plant: Plant) -> None:
    await desk.captured()
    await plant("UPDATE invoices SET refunded = 5")
    await check(desk)
    await plant("UPDATE invoices SET refunded = 0")
    check_id = uuid7()
    await desk.ask("PUT", f"/money-checks/{check_id}", {})
    body = {"compared": {}, "missing": ["charges"]}
    ended = (await desk.ask("PUT", f"/money-checks/{check_id}/conclusion", body)).json()
    assert (ended["status"], ended["missing"], ended["open"]) == ("incomplete", ["charges"], 1)


async def test_what_is_held_for_appointments_is_listed_by_invoice(desk: Desk) -> None:
    kept, reserved = await desk.captured(1_000), await desk.authorised(700)
    await desk.refund(kept, 400)
    await desk.release(await desk.captured())
    page = await desk.get("/money-checks/kept", limit=2)
    items = page["items"] + (await desk.get("/money-checks/kept", after=page["last"]))["items"]
    found = {one["payment_id"]: (one["kept"], one["reserved"]) for item in items for one in item["payments"]}
    assert found == {str(kept): (600, 0), str(reserved): (0, 700)}
    assert all(item["since"] <= (clock.now() + timedelta(seconds=1)).isoformat() for item in items)


async def test_an_invoice_that_nobody_pays_is_listed_with_what_is_due_and_mended_by_its_end(desk: Desk) -> None:
    key = uuid7()
    await desk.ask("PUT", f"/invoices/{key}", invoice_body(1_000))
    (kept,) = (await desk.get("/money-checks/kept"))["items"]
    assert (kept["invoice_id"], kept["due"], kept["payments"]) == (str(key), 1_000, [])
    check_id = uuid7()
    await desk.ask("PUT", f"/money-checks/{check_id}", {})
    note = {"kind": "invoice_without_visit", "subject_id": str(key), "invoice_id": str(key), "here": 1_000, "there": 0}
    await desk.ask("POST", f"/money-checks/{check_id}/orphans", {"orphans": [note | {"currency": "LKR"}]})
    (orphan,) = (await desk.get("/orphans"))["items"]
    assert await desk.get(f"/orphans/{orphan['id']}") == orphan
    assert await mended(desk, orphan) == "mended"
    assert (await desk.get(f"/invoices/{key}"))["status"] == "cancelled"
    assert await desk.balances() == {}


async def test_a_claim_and_a_drawer_that_differ_from_their_other_side_are_found(desk: Desk, plant: Plant) -> None:
    drawer = uuid7()
    opened = {"location_id": str(uuid7()), "opening": {"sum": money(500)}}
    assert (await desk.ask("PUT", f"/drawers/{drawer}", opened)).status_code == 201
    await desk.pay(uuid7(), payment_body(1_000, method="cash", card=None))
    counted = {"counted": {"sum": money(1_500)}}
    assert (await desk.ask("PUT", f"/drawers/{drawer}/closing", counted)).status_code == 200
    payer = "INSERT INTO payers SELECT tenant_id, id, 'Payer', 'P', 'active', now(), now(), 1 FROM invoices"
    await plant(payer)
    await plant(
        "INSERT INTO claims (tenant_id, id, invoice_id, patient_id, payer_id, coverage_id, currency, amount, paid, "
        "returned, written_off, status, since, created_at, updated_at, version) SELECT tenant_id, id, id, patient_id, "
        "id, id, currency, 300, 0, 0, 0, 'draft', now(), now(), now(), 1 FROM invoices"
    )
    await plant("UPDATE payments SET drawer_id = NULL")
    found = await check(desk)
    amounts = {kind: [(one["here"]["amount"], one["there"]["amount"]) for one in rows] for kind, rows in found.items()}
    assert (amounts["claim_sums"], amounts["drawer_sums"]) == ([(300, 0)], [(1_500, 500)])


async def test_an_organisation_says_what_is_mended_by_itself(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    first = await desk.get("/mending-rule")
    assert (first["version"], len(first["mends"])) == (0, 6)
    said = {"mends": ["status_differs", "refund_stuck"], "version": 0}
    answer = await desk.ask("PUT", "/mending-rule", said)
    assert answer.json() == {"mends": ["refund_stuck", "status_differs"], "version": 1}
    assert (await desk.ask("PUT", "/mending-rule", said)).json()["code"] == "version_conflict"
    assert (await desk.ask("PUT", "/mending-rule", {"mends": [], "version": 1})).json()["mends"] == []
    assert (await desk.get("/mending-rule")) == {"mends": [], "version": 2}
    wrong = await desk.ask("PUT", "/mending-rule", {"mends": ["amounts_differ"]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_input")
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    assert (await stranger.get("/mending-rule")) == first
