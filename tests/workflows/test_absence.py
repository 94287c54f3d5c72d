"""The laws of an absence: each appointment once, each patient once, one undo, and choices until their deadline."""

from collections import Counter
from datetime import timedelta

from temporalio.client import Client

from services.appointments.absences.schemas import AbsenceState, Action, ItemState
from tests.workflows.ward import Ward
from workflows.contracts.absence import Steer

MOVE, OFFER, CANCEL = Action.MOVE, Action.OFFER, Action.CANCEL
WINDOW = timedelta(minutes=10, seconds=5)


async def test_a_patient_with_three_appointments_is_told_once_after_the_last(engine: Client) -> None:
    async with Ward(engine, MOVE, CANCEL, OFFER, MOVE, patients=2).open() as ward:
        await ward.start()
        await ward.until(AbsenceState.FINISHED)
        assert Counter(one.step.appointment_id for one in ward.taken) == {one.appointment_id: 1 for one in ward.steps}
        await ward.steer(Steer.UNDO)
        await ward.until(AbsenceState.UNDONE)
        await ward.process.result()
        assert Counter((one.patient_id, one.undone) for one in ward.told) == {
            (one.patient_id, undone): 1 for one in ward.steps for undone in (False, True)
        }
        assert ward.removed == [ward.exception_id]
        assert {one.step.appointment_id for one in ward.restored} == {one.appointment_id for one in ward.steps}


async def test_who_has_not_chosen_in_time_is_cancelled_and_not_told_again(engine: Client) -> None:
    async with Ward(engine, OFFER, OFFER, OFFER).open() as ward:
        await ward.start()
        await ward.until(AbsenceState.FINISHED)
        assert (await ward.choose(0)).state is ItemState.MOVED
        assert (await ward.choose(1, place=False)).state is ItemState.CANCELLED
        again = await ward.choose(0)
        assert again.refused
        assert again.refused.code == "offer_over"
        await ward.pass_time(WINDOW)
        await ward.pass_time(timedelta(hours=48))
        await ward.process.result()
        late = [one for one in ward.taken if one.step == ward.steps[2]]
        assert [(one.action, one.undoable) for one in late] == [(OFFER, True), (CANCEL, False)]
        in_time = next(one for one in ward.taken if one.step == ward.steps[1] and one.action is CANCEL)
        assert in_time.undoable, "its money waits, since all of it can still be undone"
        assert len(ward.told) == 3
        assert ward.states[-1] is AbsenceState.CLOSED


async def test_a_time_that_was_taken_meanwhile_leaves_the_offer_open(engine: Client) -> None:
    async with Ward(engine, OFFER).open() as ward:
        await ward.start()
        await ward.until(AbsenceState.FINISHED)
        ward.refuse_choice = True
        refused = await ward.choose(0)
        assert refused.refused
        ward.refuse_choice = False
        assert (await ward.choose(0)).state is ItemState.MOVED
        assert len({one.number for one in ward.taken}) == 3


async def test_a_pause_begins_nothing_more_and_one_that_fails_stops_nobody(engine: Client) -> None:
    async with Ward(engine, *[MOVE] * 8).open() as ward:
        ward.dead = {ward.steps[2].appointment_id}
        ward.gate.clear()
        await ward.start()
        assert (await ward.steer(Steer.PAUSE)).state is AbsenceState.PAUSED
        early = await ward.steer(Steer.UNDO)
        assert early.refused
        ward.gate.set()
        assert (await ward.steer(Steer.RESUME)).state is AbsenceState.RUNNING
        await ward.until(AbsenceState.FINISHED)
        assert len({one.step.appointment_id for one in ward.taken}) == 8
        progress = await ward.process.query("progress")
        assert (progress["stage"], progress["done"], progress["total"]) == ("finished", 8, 8)


async def test_what_is_over_cannot_be_undone(engine: Client) -> None:
    async with Ward(engine, MOVE).open() as ward:
        await ward.start()
        await ward.until(AbsenceState.FINISHED)
        await ward.pass_time(WINDOW)
        await ward.process.result()
        assert ward.restored == []
        assert ward.states == [AbsenceState.FINISHED, AbsenceState.CLOSED]
