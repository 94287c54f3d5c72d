"""A time is held for ten minutes, for ten more if that is asked, and is then free, whatever died meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from careconnect.ids import uuid7
from services.appointments.errors import SlotTaken
from tests.workflows.holding import HoldingDesk
from tests.workflows.trouble import refusing, silence

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def desk(engine: Client) -> AsyncIterator[HoldingDesk]:
    async with HoldingDesk(engine).open() as opened:
        yield opened


async def test_a_held_time_is_free_after_ten_minutes_or_after_twenty_if_it_was_extended_which_is_possible_once(
    desk: HoldingDesk,
) -> None:
    desk.opening(desk.consultant_id)
    outcome = await desk.hold()
    assert outcome.hold
    taken = await desk.hold(uuid7())
    assert taken.refused
    assert (taken.refused.code, taken.refused.extra["alternatives"]) == ("slot_taken", [])
    await desk.pass_time(desk.holder, 9 * MINUTE)
    first, second = await desk.extend(), await desk.extend()
    assert first.hold
    assert first.hold.expires_at - outcome.hold.expires_at == 10 * MINUTE
    assert second.refused
    assert second.refused.code == "hold_extended"
    await desk.pass_time(desk.holder, 10 * MINUTE)
    assert (desk.held, desk.count("freed")) == ("held", 0)
    await desk.pass_time(desk.holder, MINUTE)
    await desk.holder.result()
    assert desk.held == "expired"
    # Time that is passed may take a step's answer away: then it is taken once more, which changes nothing.
    assert desk.count("end") == desk.count("freed") >= 1
    assert (await desk.hold(uuid7())).hold, "whoever comes next has it"


async def test_an_extension_that_is_under_way_when_the_time_is_up_counts(desk: HoldingDesk) -> None:
    await desk.hold()
    desk.on(
        "extended", *[silence] * 5
    )  # so often that the next try is a timer of the workflow, beside that of the hold
    extending = asyncio.create_task(desk.extend())
    await desk.until(lambda: desk.count("extended") == 4)
    await desk.pass_time(desk.holder, 11 * MINUTE)
    extended = await extending
    assert extended.hold, "the repeated step is the same extension"
    assert (desk.held, desk.count("end")) == ("held", 0)
    await desk.pass_time(desk.holder, 10 * MINUTE)
    await desk.holder.result()
    assert desk.held == "expired"


async def test_a_time_that_is_given_back_is_free_before_the_answer_and_giving_it_back_again_is_harmless(
    desk: HoldingDesk,
) -> None:
    await desk.hold()
    desk.on("end", silence)
    await desk.release()
    assert (desk.held, desk.count("end"), desk.count("freed")) == ("released", 2, 1)
    with pytest.raises(RPCError):
        await desk.release()


async def test_whoever_is_free_holds_the_time_and_who_cannot_is_told_the_nearest(desk: HoldingDesk) -> None:
    for one in (desk.consultant_id, uuid7()):
        desk.opening(one)
    desk.on("place", refusing(SlotTaken()))
    outcome = await desk.hold(consultant_id=None, patient_id=desk.patients.known)
    assert outcome.hold
    assert desk.count("place") == 2
    assert outcome.hold.terms["consultant_name"] == "Dr. Silva"
    desk.appointments.free.clear()
    nobody = await desk.hold(uuid7(), consultant_id=None)
    assert nobody.refused
    assert nobody.refused.code == "slot_taken"
    stranger = await desk.hold(uuid7(), start=desk.start + timedelta(days=1), patient_id=uuid7())
    assert stranger.refused
    assert stranger.refused.code == "patient_not_found"


async def test_a_hold_whose_worker_died_is_given_back_when_there_is_one_again(engine: Client) -> None:
    desk = HoldingDesk(engine)
    async with desk.open():
        await desk.hold()
    passing = asyncio.create_task(desk.pass_time(desk.holder, 11 * MINUTE))
    assert desk.held == "held", "nobody comes to it"
    async with desk.open():
        await passing
        await desk.holder.result()
    assert (desk.held, desk.count("freed")) == ("expired", 1)
