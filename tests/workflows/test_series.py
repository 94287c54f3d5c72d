"""A series books each of its appointments once, reports conflicts, and changes one, the following or all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from careconnect.errors import Refusal
from careconnect.ids import uuid7
from services.appointments.errors import SlotTaken
from services.appointments.series.schemas import SeriesStatus
from services.consultants.errors import OutsideHours
from services.patients.errors import PatientArchived
from tests.workflows.desk import Desk
from tests.workflows.trouble import hanging, refusing
from workflows import ids
from workflows.contracts import PaymentChoice, Resolving
from workflows.series import AppointmentSeries

WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)


@pytest.fixture
async def desk(engine: Client) -> AsyncIterator[Desk]:
    async with Desk(engine).open() as opened:
        yield opened


async def test_ten_weeks_with_one_conflict_that_is_resolved_then_moved_from_the_fifth_and_the_rest_cancelled(
    desk: Desk,
) -> None:
    desk.occupied(3)
    free = desk.start + 2 * WEEK + 2 * HOUR
    desk.offer_free(free)
    outcome = await desk.book_series(10)
    assert [one.status for one in outcome.occurrences] == ["booked"] * 2 + ["conflict"] + ["booked"] * 7
    conflict = outcome.occurrences[2]
    assert conflict.refused
    assert (conflict.refused.code, [slot.start for slot in conflict.alternatives]) == ("slot_taken", [free])
    assert desk.count("authorise") == 0, "each visit is paid at the desk"
    assert desk.told == [], "one message tells of all"

    asked = Resolving(actor=desk.actor, number=3, start=free)
    resolved = await desk.series.execute_update(AppointmentSeries.resolve, asked)
    assert (resolved.status, desk.book_of_series.places[desk.series_id][3].status) == ("booked", "booked")

    moved = await desk.move_series(5, "following", desk.start + 4 * WEEK + timedelta(days=7) + HOUR)
    assert [(one.number, one.refused) for one in moved.changes] == [(number, None) for number in range(5, 11)]
    weeks = [0, 1, 3, *(number + 1 for number in range(4, 10))]
    expected = sorted([desk.start + week * WEEK + (HOUR if week > 3 else 0 * HOUR) for week in weeks] + [free])
    assert desk.starts() == expected, "each has gone a week on, onto the day of the one after it"

    gone = await desk.cancel_series(7, "following")
    assert [one.number for one in gone.changes] == [7, 8, 9, 10]
    assert (await desk.cancel_series(7, "one")).refused, "what is cancelled is not ahead"
    assert desk.book_of_series.status[desk.series_id] == SeriesStatus.ACTIVE
    await desk.cancel_series(1, "all")
    await desk.series.result()
    assert (desk.starts(), desk.book_of_series.status[desk.series_id]) == ([], SeriesStatus.CANCELLED)
    await desk.until(lambda: desk.count("series_dates") == 4)
    assert [told[0] for told in desk.told] == [], "and none of them was told of by itself"


async def test_a_move_that_is_refused_for_one_leaves_that_one_where_it_is_and_says_so(desk: Desk) -> None:
    await desk.book_series(3)
    desk.occupied(5)
    await desk.move_series(3, "one", desk.start + 4 * WEEK + 2 * HOUR)
    desk.on("move", refusing(SlotTaken()))
    changed = await desk.move_series(1, "all", desk.start + HOUR)
    refused = {one.number: one.refused.code for one in changed.changes if one.refused}
    assert refused == {3: "slot_taken"}, "the last is asked first"
    assert desk.starts() == [desk.start + HOUR, desk.start + WEEK + HOUR, desk.start + 4 * WEEK + 2 * HOUR]
    await desk.series.terminate()


@pytest.mark.parametrize("why", [SlotTaken, OutsideHours])
async def test_what_cannot_move_is_told_the_nearest_time_that_it_could(desk: Desk, why: type[Refusal]) -> None:
    await desk.book_series(2)
    free = desk.start + 2 * HOUR
    desk.offer_free(free)
    desk.on("move", refusing(why()))
    changed = await desk.move_series(1, "one", desk.start + HOUR)
    told = [(one.refused and one.refused.code, [slot.start for slot in one.alternatives]) for one in changed.changes]
    assert told == [(why.code, [free])]
    await desk.series.terminate()


async def test_a_patient_who_cannot_be_booked_has_no_series(desk: Desk) -> None:
    desk.on("verify_patient", refusing(PatientArchived()))
    outcome = await desk.book_series(3)
    assert outcome.refused
    assert (outcome.refused.code, desk.book_of_series.plans) == ("patient_archived", {})
    await desk.series.result()
    bad = await desk.book_series(3, "FREQ=HOURLY;COUNT=3", series_id=uuid7())
    assert bad.refused
    assert bad.refused.code == "invalid_rule"


async def test_a_series_survives_the_end_of_its_worker_and_a_repeated_request_finds_it(engine: Client) -> None:
    desk = Desk(engine)
    desk.on("confirm", hanging, hanging)
    async with desk.open():
        first = asyncio.create_task(desk.book_series(5))
        await desk.until(lambda: desk.count("confirm") >= 2)
        first.cancel()
    desk.trouble.clear()
    async with desk.open():
        outcomes = [await desk.book_series(5) for _ in range(2)]
        assert outcomes[0] == outcomes[1]
        assert [one.status for one in outcomes[0].occurrences] == ["booked"] * 5
        assert (len(desk.appointments.rows), len(desk.starts())) == (5, 5)
        expected = {
            ids.occurrence_of(desk.series_id, number, desk.start + (number - 1) * WEEK) for number in range(1, 6)
        }
        assert set(desk.appointments.rows) == expected


async def test_a_booking_that_was_refused_before_the_series_heard_of_it_is_a_conflict_like_any_other(
    desk: Desk,
) -> None:
    desk.occupied(1)
    key = ids.occurrence_of(desk.series_id, 1, desk.start)
    await desk.begin(None, appointment_id=key, payment=PaymentChoice(method="at_desk"))
    await desk.client.get_workflow_handle(ids.appointment(key)).result()
    outcome = await desk.book_series(2)
    assert [(one.status, one.refused and one.refused.code) for one in outcome.occurrences] == [
        ("conflict", "slot_taken"), ("booked", None),
    ]  # fmt: skip
    await desk.series.terminate()


async def test_a_series_ends_a_day_after_its_last_appointment(desk: Desk) -> None:
    await desk.book_series(2)
    await desk.pass_time(desk.series, timedelta(days=17, hours=12))
    assert desk.book_of_series.status[desk.series_id] == SeriesStatus.ACTIVE
    await desk.pass_time(desk.series, timedelta(days=1))
    await desk.series.result()
    assert desk.book_of_series.status[desk.series_id] == SeriesStatus.ENDED


async def test_a_whole_series_that_was_cancelled_comes_back_and_nobody_is_told(desk: Desk) -> None:
    await desk.book_series(3)
    await desk.until(lambda: desk.count("series_dates") == 1)
    gone = await desk.cancel_series(1, "all", undoable=True)
    assert [one.refused for one in gone.changes] == [None] * 3
    assert desk.starts() == []
    back = await desk.undo_series()
    assert [(one.number, one.refused) for one in back.changes] == [(1, None), (2, None), (3, None)]
    assert desk.starts() == [desk.start + week * WEEK for week in range(3)]
    nothing_left = (await desk.undo_series()).refused
    assert nothing_left
    assert nothing_left.code == "undo_window_over"
    await desk.pass_time(desk.series, timedelta(minutes=11))
    assert (desk.count("series_dates"), desk.book_of_series.status[desk.series_id]) == (1, SeriesStatus.ACTIVE)
    await desk.series.terminate()


async def test_a_series_whose_cancellation_is_not_undone_ends_and_its_patient_is_told_then(desk: Desk) -> None:
    await desk.book_series(2)
    await desk.until(lambda: desk.count("series_dates") == 1)
    await desk.cancel_series(1, "all", undoable=True)
    assert desk.count("series_dates") == 1
    await desk.pass_time(desk.series, timedelta(minutes=11))
    await desk.series.result()
    assert (desk.count("series_dates"), desk.book_of_series.status[desk.series_id]) == (2, SeriesStatus.CANCELLED)


async def test_what_cannot_come_back_stays_cancelled_and_is_told_of(desk: Desk) -> None:
    await desk.book_series(3)
    await desk.cancel_series(2, "following", undoable=True)
    desk.on("undo cancellation", refusing(SlotTaken()))
    back = await desk.undo_series()
    assert sorted(one.refused.code if one.refused else "" for one in back.changes) == ["", "slot_taken"]
    assert len(desk.starts()) == 2
    await desk.until(lambda: desk.count("series_dates") == 2)
    await desk.series.terminate()


async def test_the_fee_of_each_is_waived_with_the_reason_that_was_drafted_with_it(desk: Desk) -> None:
    desk.start -= timedelta(days=9, hours=1)
    await desk.book_series(2)
    waiver = uuid7()
    await desk.cancel_series(1, "all", waive_fee=True, waiver=waiver)
    await desk.series.result()
    ahead = [ids.occurrence_of(desk.series_id, number, desk.start + (number - 1) * WEEK) for number in (1, 2)]
    assert set(desk.appointments.kept) == {ids.waiver_of(waiver, key) for key in ahead}
