"""The laws of the visit: its steps, its end by the clock, moving and cancelling, and what becomes of the money."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle

from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.errors import SlotTaken, WrongState
from services.appointments.schemas import Status
from services.consultants.schemas import CancellationPolicy, PaymentPolicy
from services.payments.errors import RefundFailed
from services.payments.states import InvoiceStatus, Method, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from tests.workflows.till import HALF
from tests.workflows.trouble import refusing, silence
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import Resolution, Settlement
from workflows.payment import PaymentCapture

MINUTE = timedelta(minutes=1)
NO_SHOW_OPEN = timedelta(hours=12, minutes=1)


async def soon(office: Office, *, paid: Money | None = None) -> None:
    """Adopt an appointment that is a few minutes away: too late for reminders, and so with nobody beside it."""
    office.start = office.start - timedelta(days=10) + 5 * MINUTE
    office.adopted()
    if paid:
        office.till.add(uuid7(), office.appointment_id, paid, PaymentStatus.captured)
    assert (await office.book(None, adopted=True)).reminders == []


async def after_grace(office: Office) -> None:
    await office.pass_time(office.process, await office.until_visit(timedelta(minutes=46)))


async def test_a_visit_goes_from_arrival_to_completion_and_steps_can_be_undone(office: Office) -> None:
    await office.book()
    seen = []
    for verb, undo in (
        ("arrival", False), ("arrival", True), ("check-in", False), ("check-in", True), ("check-in", False),
        ("completion", False),
    ):  # fmt: skip
        changed = await office.step(verb, undo=undo)
        assert changed.appointment
        seen.append(changed.appointment.status.value)
    assert seen == ["arrived", "booked", "checked_in", "arrived", "checked_in", "fulfilled"]
    await office.process.result()
    assert office.till.kept() == PRICE.amount


async def test_a_step_that_does_not_fit_is_an_answer_and_changes_nothing(office: Office) -> None:
    await office.book()
    changed = await office.step("completion")
    assert changed.refused
    assert changed.refused.code == "wrong_state"
    assert (await office.step("arrival")).refused is None


async def test_who_has_not_come_when_the_grace_period_is_over_is_noted_as_not_shown(office: Office) -> None:
    await soon(office)
    await office.pass_time(office.process, await office.until_visit(timedelta(minutes=44)))
    assert office.row.status == Status.BOOKED
    await office.pass_time(office.process, 2 * MINUTE)
    await office.until(lambda: office.row.status == Status.NO_SHOW)


async def test_a_visit_whose_end_nobody_noted_is_completed_after_the_grace_period(office: Office) -> None:
    await soon(office, paid=PRICE)
    await office.step("check-in")
    await after_grace(office)
    await office.process.result()
    assert (office.row.status, office.till.kept()) == (Status.FULFILLED, PRICE.amount)


async def test_an_undone_no_show_is_open_again_and_not_noted_at_once_once_more(office: Office) -> None:
    await soon(office)
    await after_grace(office)
    await office.until(lambda: office.row.status == Status.NO_SHOW)
    assert (await office.step("no-show", undo=True)).refused is None
    assert (await office.step("arrival")).refused is None
    assert (await office.step("completion")).refused is None
    await office.process.result()
    assert office.count("no-show") == 1


async def test_a_no_show_that_the_service_refuses_is_not_asked_for_without_a_pause(office: Office) -> None:
    await soon(office)
    office.on("no-show", refusing(WrongState()))
    await after_grace(office)
    await office.until(lambda: office.count("standing") > 1)
    assert (office.count("no-show"), office.row.status) == (1, Status.BOOKED)
    await office.pass_time(office.process, timedelta(hours=2, minutes=1))
    await office.until(lambda: office.row.status == Status.NO_SHOW)


@pytest.mark.parametrize(("percent", "kept"), [(100, PRICE.amount), (40, 140_000), (0, 0)])
async def test_a_no_show_costs_what_the_policy_says_once_it_cannot_be_undone(
    office: Office, percent: int, kept: int
) -> None:
    office.consultants.cancellation = CancellationPolicy(no_show_fee_percent=percent)
    await soon(office, paid=PRICE)
    await after_grace(office)
    await office.until(lambda: office.row.status == Status.NO_SHOW)
    assert office.till.kept() == PRICE.amount
    await office.pass_time(office.process, NO_SHOW_OPEN)
    await office.process.result()
    assert office.till.kept() == kept


async def test_who_cancels_in_time_gets_everything_back_and_a_message(office: Office) -> None:
    await office.book()
    changed = await office.cancel()
    assert changed.appointment
    assert (changed.appointment.status, office.till.kept()) == (Status.CANCELLED, 0)
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.cancelled]
    await office.process.result()
    assert ("cancellation", 1, None) in office.told
    await office.reminders.result()


@pytest.mark.parametrize(("waived", "kept"), [(False, HALF.amount), (True, 0)])
async def test_who_cancels_late_pays_the_fee_unless_it_is_waived(office: Office, waived: bool, kept: int) -> None:
    office.start -= timedelta(days=9, hours=1)
    await office.book()
    await office.cancel(waive_fee=waived)
    await office.process.result()
    assert office.till.kept() == kept


async def test_what_was_not_paid_is_not_owed_after_a_cancellation(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="none")
    await office.book(None)
    await office.cancel()
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.cancelled]


async def test_money_of_an_adopted_appointment_goes_back_whoever_took_it_and_however(office: Office) -> None:
    office.adopted()
    first, second = uuid7(), uuid7()
    office.till.add(first, office.appointment_id, HALF, PaymentStatus.authorised)
    office.till.add(second, office.appointment_id, HALF, PaymentStatus.captured, method=Method.cash)
    office.till.add(uuid7(), None, PRICE, PaymentStatus.captured)
    await office.book(None, adopted=True)
    await office.cancel()
    await office.process.result()
    assert office.till.payments[first].status == PaymentStatus.voided
    assert office.till.payments[second].refunded == HALF
    assert office.till.kept() == PRICE.amount


async def test_the_fee_of_a_late_cancellation_is_taken_from_the_oldest_payments_first(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    office.adopted()
    third = Money(amount=100_000, currency="LKR")
    keys = [uuid7(), uuid7(), uuid7()]
    for key in keys:
        office.till.add(key, office.appointment_id, third, PaymentStatus.captured)
    await office.book(None, adopted=True)
    await office.cancel()
    await office.process.result()
    left = [office.till.payments[key].captured.amount - office.till.payments[key].refunded.amount for key in keys]
    assert left == [100_000, 75_000, 0]


async def test_a_payment_whose_process_runs_is_settled_by_it(office: Office) -> None:
    await office.book()
    await office.accompanied()
    await office.cancel()
    await office.process.result()
    assert (await office.payment().result()).payment.status == PaymentStatus.captured
    assert office.till.kept() == 0


async def test_a_payment_whose_process_has_ended_is_settled_by_another(office: Office) -> None:
    await office.book()
    await office.accompanied()
    await office.payment().terminate()
    await office.cancel()
    await office.process.result()
    assert office.till.kept() == 0


async def test_a_refund_that_fails_is_flagged_and_made_again_when_a_person_says_so(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    await office.book()
    office.on("refund", refusing(RefundFailed()))
    await office.cancel()
    await office.until(lambda: office.row.needs_attention == "return_money")
    await office.process.execute_update(
        AppointmentBooking.resolve, Resolution(actor=office.actor, action="retry"), id="once"
    )
    await office.process.result()
    assert (office.till.kept(), office.row.needs_attention) == (HALF.amount, None)


async def test_a_person_may_let_a_failed_refund_be(office: Office) -> None:
    await office.book()
    office.on("release_payment", refusing(RefundFailed()))
    await office.cancel()
    await office.until(lambda: office.row.needs_attention == "return_money")
    await office.process.execute_update(AppointmentBooking.resolve, Resolution(actor=office.actor, action="skip"))
    await office.process.result()
    assert (office.till.kept(), office.row.needs_attention) == (PRICE.amount, None)


async def test_an_appointment_moves_with_its_reminders_and_its_deadline(office: Office) -> None:
    await office.book()
    await office.accompanied()
    later = office.start + timedelta(days=3)
    changed = await office.move(later)
    assert changed.appointment
    assert (changed.appointment.version, changed.appointment.start) == (2, later)
    assert await office.reminders.query("upcoming") == [
        (later - timedelta(hours=hours)).isoformat().replace("+00:00", "Z") for hours in (72, 24, 2)
    ]
    described = await office.process.describe()
    assert described.typed_search_attributes[ids.VISIT_AT] == later
    await office.until(lambda: ("rescheduling", 2, None) in office.told)


async def test_the_deadline_of_an_appointment_that_was_moved_is_the_new_one(office: Office) -> None:
    await soon(office)
    await office.move(office.row.start + timedelta(hours=1), notify=False)
    await office.pass_time(office.process, timedelta(hours=1))
    assert office.row.status == Status.BOOKED
    await after_grace(office)
    await office.until(lambda: office.row.status == Status.NO_SHOW)


async def test_an_appointment_that_had_no_reminders_left_gets_some_when_it_moves_away(office: Office) -> None:
    await soon(office)
    await office.move(office.row.start + timedelta(days=5))
    assert len(await office.reminders.query("upcoming")) == 3


async def test_a_time_that_is_taken_moves_nothing(office: Office) -> None:
    await office.book()
    office.on("move", refusing(SlotTaken()))
    changed = await office.move(office.start + timedelta(days=1))
    assert changed.refused
    assert (changed.refused.code, office.row.version) == ("slot_taken", 1)


async def test_a_change_after_the_end_is_refused(office: Office) -> None:
    await soon(office, paid=PRICE)
    office.on("read_money", *[silence] * 3)
    ending = asyncio.create_task(office.cancel())
    await office.until(lambda: office.count("read_money") > 0)
    changed = await office.step("arrival")
    assert changed.refused
    assert changed.refused.code == "wrong_state"
    assert (await ending).refused is None
    await office.process.result()


async def test_a_change_of_a_refused_booking_is_refused_while_it_waits_for_a_person(office: Office) -> None:
    office.on("release_payment", refusing(RefundFailed()))
    await office.book("pm_card_chargeDeclined")
    changed = await office.cancel()
    assert changed.refused
    assert changed.refused.code == "wrong_state"


async def test_of_two_changes_at_once_the_second_sees_what_the_first_has_done(office: Office) -> None:
    await office.book()
    answers = await asyncio.gather(*(office.move(office.start + timedelta(days=days)) for days in (1, 2)))
    assert sorted(one.appointment.version for one in answers if one.appointment) == [2, 3]
    first, second = await asyncio.gather(office.cancel(), office.cancel())
    assert {first.refused is None, second.refused is None} <= {True, False}
    assert office.count("refund") + office.count("release_payment") == 1


async def test_a_mail_server_that_is_down_disturbs_nobody(office: Office) -> None:
    office.on("booking_confirmation", *[silence] * 50)
    assert (await office.book()).refused is None
    assert (await office.step("arrival")).refused is None


async def test_a_settlement_finds_the_process_that_the_desk_has_just_begun(office: Office) -> None:
    await office.book()
    await office.accompanied()
    handle: WorkflowHandle[PaymentCapture, object] = office.payment()
    await handle.signal(PaymentCapture.settle, Settlement(actor=office.actor))
    await office.cancel()
    await office.process.result()
    assert office.till.kept() == 0
