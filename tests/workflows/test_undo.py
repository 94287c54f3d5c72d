"""The laws of compensation, and of what workflows may import."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, RetryState
from temporalio.worker import Replayer

from activities.answers import insisting
from careconnect.errors import Conflict, Unavailable
from services.appointments.schemas import Status
from services.payments.errors import RefundFailed
from tests.workflows.office import WORKFLOWS, Office
from tests.workflows.sandbox import sandbox
from tests.workflows.trouble import hanging, refusing, silence
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import Resolution
from workflows.undo import Undos, ours, refusal_code, regardless, within


async def test_undos_run_in_reverse_and_those_that_fail_stay_for_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("temporalio.workflow.logger", logging.getLogger(__name__))
    done: list[str] = []
    undos, broken = Undos(), {"second"}

    def undo(step: str) -> Any:
        async def run() -> None:
            if step in broken:
                raise ApplicationError("no", non_retryable=True, type="refused")
            done.append(step)

        return run

    for step in ("first", "second", "third"):
        undos.add(step, undo(step))
    assert await undos.run() == ["second"]
    assert (done, undos.may_heal) == (["third", "first"], False)
    broken.clear()
    assert await undos.run() == []
    assert await undos.run() == []
    assert done == ["third", "first", "second"]


async def test_a_bug_in_an_undo_is_not_taken_for_a_step_that_failed() -> None:
    undos = Undos()

    async def bug() -> None:
        raise TypeError

    undos.add("step", bug)
    with pytest.raises(TypeError):
        await undos.run()


def test_only_failed_and_cancelled_steps_are_ours() -> None:
    assert ours(ApplicationError("x"))
    assert ours(CancelledError())
    assert not ours(TypeError())
    assert not ours(AssertionError())


def test_a_refusal_for_good_is_told_from_a_fault_however_the_engine_wraps_it() -> None:
    def wrapped(cause: BaseException) -> ActivityError:
        error = ActivityError(
            "failed", scheduled_event_id=1, started_event_id=2, identity="", activity_type="", activity_id="",
            retry_state=RetryState.TIMEOUT,
        )  # fmt: skip
        error.__cause__ = cause
        return error

    refused = ApplicationError("no", type="refund_failed", non_retryable=True)
    assert (refusal_code(refused), refusal_code(wrapped(refused))) == ("refund_failed", "refund_failed")
    fault = ApplicationError("down", type="Unavailable")
    assert (refusal_code(fault), refusal_code(wrapped(fault))) == (None, None)


async def test_a_step_that_takes_too_long_fails_as_a_step_and_may_heal() -> None:
    with pytest.raises(ApplicationError) as caught:
        await within(timedelta(milliseconds=1), hanging())
    assert ours(caught.value)
    assert refusal_code(caught.value) is None


async def test_what_is_done_regardless_gives_its_result_and_its_errors() -> None:
    async def answer() -> int:
        return 42

    async def bug() -> None:
        raise TypeError

    assert await regardless(answer()) == 42
    with pytest.raises(TypeError):
        await regardless(bug())


async def test_an_insisting_step_fails_for_good_on_a_refusal_and_not_on_a_fault() -> None:
    @insisting
    async def refuse() -> None:
        raise Conflict("words that may speak of somebody")

    @insisting
    async def fault() -> None:
        raise Unavailable

    with pytest.raises(ApplicationError) as caught:
        await refuse()
    assert (caught.value.type, caught.value.non_retryable, "words" in str(caught.value)) == ("conflict", True, False)
    with pytest.raises(Unavailable):
        await fault()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_workflow_passes_the_sandbox(workflow: type) -> None:
    Replayer(workflows=[workflow], workflow_runner=sandbox())


async def test_an_undo_that_is_refused_is_flagged_the_others_run_and_a_person_heals_it(office: Office) -> None:
    office.on("release_payment", refusing(RefundFailed()))
    assert (await office.book("pm_card_chargeDeclined")).refused
    await office.until(lambda: office.row.needs_attention == "release_payment")
    assert office.row.status == Status.EXPIRED
    described = await office.process.describe()
    assert described.typed_search_attributes[ids.NEEDS_ATTENTION] is True
    assert described.typed_search_attributes[ids.FAILED_STEPS] == ["release_payment"]
    asked = Resolution(actor=office.actor, action="retry")
    await office.process.execute_update(AppointmentBooking.resolve, asked)
    await office.process.result()
    assert (office.count("release_payment"), office.row.needs_attention) == (2, None)
    described = await office.process.describe()
    assert described.typed_search_attributes[ids.NEEDS_ATTENTION] is False


async def test_a_retry_that_fails_again_leaves_the_flag_and_a_skip_takes_it_away(office: Office) -> None:
    office.on("release_payment", refusing(RefundFailed()), refusing(RefundFailed()))
    await office.book("pm_card_chargeDeclined")
    await office.until(lambda: office.count("flag") == 1)
    for action, flagged in (("retry", "release_payment"), ("skip", None)):
        asked = Resolution.model_validate({"actor": office.actor, "action": action})
        await office.process.execute_update(AppointmentBooking.resolve, asked)
        assert office.row.needs_attention == flagged
    await office.process.result()


async def test_an_undo_that_meets_a_fault_is_repeated_before_anybody_is_bothered(office: Office) -> None:
    office.on("release_payment", silence, silence)
    await office.book("pm_card_chargeDeclined")
    await office.process.result()
    assert (office.count("release_payment"), office.count("flag")) == (3, 0)


async def test_a_refused_undo_is_not_repeated_while_it_waits_for_a_person(office: Office) -> None:
    office.on("release_payment", refusing(RefundFailed()))
    await office.book("pm_card_chargeDeclined")
    await office.until(lambda: office.count("flag") == 1)
    assert office.count("release_payment") == 1
