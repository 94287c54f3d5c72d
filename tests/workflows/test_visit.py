"""The laws of the visit: its steps, its end by the clock, and moving."""

import asyncio
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.errors import SlotTaken, WrongState
from services.appointments.schemas import STILL_HERE, Status
from services.consultants.schemas import CancellationPolicy
from services.payments.errors import RefundFailed
from services.payments.states import PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from tests.workflows.trouble import refusing, silence
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import Resolution

MINUTE = timedelta(minutes=1)
NO_SHOW_OPEN = timedelta(hours=12, minutes=1)


async def soon(office: Office, *, paid: Money | None = None) -> None:
    """Adopt an appointment that is a few minutes away: too late for reminders, and so with nobody beside it."""
    office.start = office.start - timedelta(days=10) + 5 * MINUTE
    office.adopted()
    if paid:
        office.till.add(uuid7(), office.appointment_id, paid, PaymentStatus.captured)
    assert (await office.book(None, adopted=True)).reminders == []


async def after_grace(office: Office, minutes: int = 16) -> None:
    await office.pass_time(office.process, await office.until_visit(timedelta(minutes=minutes)))


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


async def test_who_has_not_come_a_grace_period_after_the_start_is_noted_as_not_shown(office: Office) -> None:
    await soon(office)
    await office.pass_time(office.process, await office.until_visit(timedelta(minutes=14)))
    assert office.row.status == Status.BOOKED
    await office.pass_time(office.process, 2 * MINUTE)
    await office.until(lambda: office.row.status == Status.NO_SHOW)


async def the_day_ends(office: Office, later: timedelta = timedelta()) -> None:
    """Let time pass until `later` after the day of the visit is over, or its grace where that is longer."""
    row = office.row
    midnight = datetime.combine(row.end.astimezone(ZoneInfo(row.zone)).date(), time(), ZoneInfo(row.zone))
    midnight += timedelta(days=1)
    over = max(midnight, row.end + 15 * MINUTE)
    await office.pass_time(office.process, await office.until_visit(over - row.start + later))


async def test_a_visit_whose_end_nobody_noted_is_completed_when_its_day_is_over(office: Office) -> None:
    await soon(office, paid=PRICE)
    await office.step("check-in")
    await office.step("consultation")
    await the_day_ends(office, -MINUTE)
    assert office.row.status == Status.CHECKED_IN
    await the_day_ends(office, MINUTE)
    await office.process.result()
    assert (office.row.status, office.till.kept()) == (Status.FULFILLED, PRICE.amount)
    assert office.till.ended == {office.appointment_id: True}


@pytest.mark.parametrize(
    ("here", "became", "status"),
    [("arrival", "departure", Status.CANCELLED), ("check-in", "completion", Status.FULFILLED)],
)
async def test_who_came_and_was_not_seen_waits_for_a_person_when_the_day_is_over(
    office: Office, here: str, became: str, status: Status
) -> None:
    await soon(office, paid=PRICE)
    await office.step(here)
    await the_day_ends(office, -MINUTE)
    assert office.row.needs_attention is None
    await the_day_ends(office, MINUTE)
    await office.until(lambda: office.row.needs_attention == STILL_HERE)
    assert office.count("completion") == 0
    assert (await office.step(became)).refused is None
    assert (office.row.status, office.row.needs_attention) == (status, None)


async def test_who_leaves_open_what_became_of_a_patient_is_asked_again_a_day_later(office: Office) -> None:
    await soon(office)
    await office.step("arrival")
    await the_day_ends(office, MINUTE)
    await office.until(lambda: office.row.needs_attention == STILL_HERE)
    for action, left in (("retry", STILL_HERE), ("skip", None)):
        said = Resolution.model_validate({"actor": office.actor, "action": action})
        await office.process.execute_update(AppointmentBooking.resolve, said)
        assert office.row.needs_attention == left
    await the_day_ends(office, timedelta(days=1, minutes=2))
    await office.until(lambda: office.row.needs_attention == STILL_HERE)
    assert office.row.status == Status.ARRIVED


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


async def test_a_move_to_where_it_is_moves_nothing_and_tells_nobody(office: Office) -> None:
    await office.book()
    await office.accompanied()
    length = {"duration_minutes": 30, "consultant_id": office.consultant_id}
    for also in ({}, length):
        changed = await office.move(office.start, **also)
        assert changed.appointment
        assert (changed.appointment.version, changed.undo_until) == (1, None)
    assert (office.count("move"), "rescheduling" in {one[0] for one in office.told}) == (0, False)


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
