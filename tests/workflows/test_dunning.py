"""Recalling what is due: one message a step, none once it is paid, and never twice, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from careconnect import clock
from careconnect.ids import uuid7
from services.payments.states import InvoiceStatus
from tests.workflows.office import Office
from tests.workflows.recall import ZONE, Recall
from tests.workflows.services import PRICE
from tests.workflows.trouble import for_good, silence
from workflows import ids
from workflows.contracts import DunningRequest, DunningTurn, PaymentChoice, ReminderAsk
from workflows.dunning import InvoiceDunning


@pytest.fixture
async def recall(engine: Client) -> AsyncIterator[Recall]:
    """Give an invoice that is due, with the workers that recall it."""
    async with Recall(engine).open() as found:
        yield found


@pytest.mark.parametrize(("paid", "recalled"), [(False, True), (True, False)])
async def test_a_visit_that_took_place_and_is_not_paid_is_recalled(office: Office, paid: bool, recalled: bool) -> None:
    await office.book(None, payment=PaymentChoice(method="at_desk"))
    invoice_id = ids.invoice_of(office.appointment_id)
    if paid:
        office.till.invoices[invoice_id] = office.till.invoices[invoice_id].model_copy(
            update={"status": InvoiceStatus.balanced, "due": PRICE - PRICE}
        )
    await office.step("arrival")
    await office.step("completion")
    await office.process.result()
    assert await started(office, ids.dunning(invoice_id)) is recalled


async def started(office: Office, workflow_id: str) -> bool:
    try:
        await office.client.get_workflow_handle(workflow_id).result()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return office.count("dunning_turn") == 1


async def test_three_reminders_go_out_with_a_link_on_each_channel_and_then_a_person_looks(recall: Recall) -> None:
    await recall.begin()
    for days, times in ((2, 1), (6, 2), (7, 3)):
        await recall.days_pass(days)
        await recall.reminded(times)
    assert await recall.process.result() == 3
    assert recall.told() == ["email"] * 3 + ["sms"] * 3
    assert recall.row
    assert recall.row.exhausted_at
    said = [one.values for one in recall.letters.values()]
    assert {str(one.link)[:30] for one in said} == {"https://clinic.example/p/pay/1"}
    assert {one.amount and one.amount.amount for one in said} == {900}


async def test_a_reminder_cut_off_anywhere_goes_out_once(recall: Recall) -> None:
    recall.on("sms", silence)
    recall.on("note", silence, for_good)
    await recall.begin()
    await recall.days_pass(2)
    await recall.until(lambda: recall.count("note") >= 2)
    await recall.days_pass(1)
    await recall.reminded(1)
    assert recall.count("note") == 3
    assert recall.told() == ["email", "sms"]


async def test_what_is_paid_between_two_steps_is_recalled_no_more(recall: Recall) -> None:
    await recall.begin()
    await recall.days_pass(2)
    await recall.reminded(1)
    recall.invoice.collect(900)
    assert recall.invoice.status == InvoiceStatus.balanced
    await recall.days_pass(6)
    assert await recall.process.result() == 1
    assert recall.told() == ["email", "sms"]


async def test_a_pause_stops_it_and_what_was_missed_follows_one_a_day(recall: Recall) -> None:
    recall.days = [1, 2, 3]
    await recall.begin()
    assert recall.row
    recall.row.pause(paused=True)
    await recall.days_pass(3)
    assert recall.sent == []
    recall.row.pause(paused=False)
    await recall.process.signal(InvoiceDunning.look)
    for times in (1, 2):
        await recall.days_pass(1)
        await recall.until(lambda: len(recall.sent) >= times)  # noqa: B023 - awaited before `times` changes
    assert len(recall.sent) <= 3, "one at once, if it is morning just now, and one a day"
    gaps = [later.sent_at - sooner.sent_at for sooner, later in zip(recall.sent, recall.sent[1:], strict=False)]
    assert all(gap > timedelta(hours=20) for gap in gaps)


async def test_remind_now_counts_as_the_next_step_once_however_often_it_is_asked(recall: Recall) -> None:
    recall.unwanted = {"sms"}
    await recall.begin()
    asked = ReminderAsk(reminder_id=uuid7())
    turns: list[DunningTurn] = await asyncio.gather(
        *(recall.process.execute_update(InvoiceDunning.remind, asked, id=f"click-{click}") for click in range(4))
    )
    assert {str(turn.statuses) for turn in turns} == {str({"email": "sent", "sms": "skipped"})}
    assert recall.told() == ["email"]
    recall.invoice.collect(900)
    late = await recall.process.execute_update(InvoiceDunning.remind, ReminderAsk(reminder_id=uuid7()))
    assert late.refused
    assert late.refused.code == "nothing_due"
    assert await recall.process.result() == 1


async def test_a_policy_without_days_recalls_nothing(recall: Recall) -> None:
    recall.days = []
    request = DunningRequest(tenant_id=recall.tenant_id, invoice_id=recall.invoice_id, since=clock.now(), zone=ZONE)
    handle = await recall.client.start_workflow(
        InvoiceDunning.run, request, id=ids.dunning(recall.invoice_id), task_queue=recall.queue
    )
    assert await handle.result() == 0
