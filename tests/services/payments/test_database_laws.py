"""What Postgres itself refuses, whatever the code above it believes."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from careconnect.auth import Actor
from careconnect.db import Database, WriteSession
from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk

Open = Callable[[], Any]


@pytest.fixture
def database(apps: Callable[[str], Any], actor: Callable[..., Actor]) -> Open:
    """Open transactions of this test's tenant as the service's own role."""
    kept: Database = apps("payments").state.database
    return lambda: kept.write(actor())


async def _refused(database: Open, sql: str, **values: Any) -> str:
    with pytest.raises(DBAPIError) as refusal:
        async with database() as session:
            await session.execute(sa.text(sql), values)
    return str(refusal.value.orig)


async def _enter(session: WriteSession, lines: dict[str, int]) -> None:
    entry = uuid7()
    said = {"tenant": session.tenant_id, "entry": entry}
    await session.execute(
        sa.text("INSERT INTO ledger_entries VALUES (:tenant, :entry, 'invoice.issued', :entry, now())"), said
    )
    for account, amount in lines.items():
        await session.execute(
            sa.text("INSERT INTO ledger_lines VALUES (:tenant, :entry, :account, 'LKR', :amount)"),
            said | {"account": account, "amount": amount},
        )


@pytest.mark.parametrize("lines", [{}, {"cash": 5}, {"cash": 5, "revenue": -4}], ids=["none", "one side", "unequal"])
async def test_an_entry_that_does_not_balance_cannot_be_committed(database: Open, lines: dict[str, int]) -> None:
    with pytest.raises(DBAPIError, match="does not balance"):
        async with database() as session:
            await _enter(session, lines)


async def test_a_line_cannot_be_added_to_an_entry_that_balances(desk: Desk, database: Open) -> None:
    await desk.captured()
    added = "INSERT INTO ledger_lines SELECT tenant_id, id, 'bank', 'LKR', 1 FROM ledger_entries LIMIT 1"
    assert "does not balance" in await _refused(database, added)


@pytest.mark.parametrize(
    "change",
    ["UPDATE ledger_lines SET amount = 1", "DELETE FROM ledger_lines", "UPDATE ledger_entries SET kind = 'x'"],
)
async def test_the_ledger_cannot_be_changed_by_the_service(desk: Desk, database: Open, change: str) -> None:
    await desk.captured()
    assert "permission denied" in await _refused(database, change)


async def test_an_event_is_booked_once(desk: Desk, database: Open) -> None:
    await desk.captured()
    again = "INSERT INTO ledger_entries SELECT tenant_id, :id, kind, subject_id, booked_at FROM ledger_entries LIMIT 1"
    assert "uq_ledger_entries_tenant_id_kind_subject_id" in await _refused(database, again, id=uuid7())


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ("UPDATE payments SET captured = amount + 1", "ck_payments_captured_within_amount"),
        ("UPDATE payments SET refunded = captured + 1", "ck_payments_refunded_within_captured"),
        ("UPDATE payments SET refunded = 1, refunding = captured", "ck_payments_refunded_within_captured"),
        ("UPDATE payments SET status = 'authorised'", "ck_payments_status"),
        ("UPDATE payments SET status = 'lost'", "ck_payments_status"),
        ("UPDATE payments SET invoice_id = NULL", "ck_payments_closed_door"),
        ("UPDATE invoices SET paid = total + 1", "ck_invoices"),
        ("UPDATE invoices SET reserved = 1", "ck_invoices_collected_within_total"),
        ("UPDATE invoices SET refunded = paid + 1", "ck_invoices_refunded_within_paid"),
        ("UPDATE invoices SET status = 'issued'", "ck_invoices_status"),
        ("UPDATE invoices SET status = 'cancelled'", "ck_invoices_status"),
        ("UPDATE sandbox_charges SET refunded = captured + 1", "ck_sandbox_charges_sums"),
    ],
)
async def test_sums_and_states_that_cannot_be_are_refused(desk: Desk, database: Open, change: str, law: str) -> None:
    await desk.captured()
    assert law in await _refused(database, change)


async def test_every_change_leaves_an_audit_event_and_an_outbox_event_without_free_text(
    desk: Desk, database: Open
) -> None:
    payment_id = await desk.captured()
    await desk.refund(payment_id)
    await desk.release(payment_id, cancel_invoice=True)
    async with database() as session:
        told = (await session.execute(sa.text("SELECT type, data::text FROM outbox_events ORDER BY id"))).all()
        audited = (await session.scalars(sa.text("SELECT action FROM audit_events ORDER BY id"))).all()
    assert (
        [kind for kind, _ in told]
        == list(audited)
        == [
            "invoice.issued",
            "payment.authorised",
            "payment.captured",
            "refund.requested",
            "refund.succeeded",
            "payment.released",
            "invoice.cancelled",
        ]
    )
    assert not [data for _, data in told if "moved away" in data or "booking failed" in data]


async def test_free_text_is_sealed_in_the_columns(desk: Desk, database: Open) -> None:
    await desk.refund(await desk.captured())
    async with database() as session:
        reason = await session.scalar(sa.text("SELECT reason FROM refunds"))
        description = await session.scalar(sa.text("SELECT description FROM invoice_lines"))
    assert b"moved away" not in reason
    assert b"Consultation" not in description
