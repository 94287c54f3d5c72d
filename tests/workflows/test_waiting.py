"""Who waits is offered a free time for a quarter of an hour, in the order of the line, and has it or has it not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from services.appointments.errors import HoldExpired, SlotTaken
from services.appointments.schemas import Status
from tests.workflows.desk import Desk
from tests.workflows.trouble import hanging, refusing
from workflows.contracts import Leaving
from workflows.waiting import WaitlistEntry

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def desk(engine: Client) -> AsyncIterator[Desk]:
    async with Desk(engine).open() as opened:
        yield opened


async def test_silence_for_a_quarter_of_an_hour_gives_the_time_to_the_next_who_declines_and_the_third_has_it(
    desk: Desk,
) -> None:
    line = [await desk.wait_for_visit() for _ in range(3)]
    slot = desk.free()
    assert (await desk.match()).offered == 1
    assert [desk.standing(key) for key in line] == [("offered", ["offered"]), ("waiting", []), ("waiting", [])]
    held = desk.appointments.rows[desk.waitlist.of(line[0])[0].id]
    assert (held.status, held.start) == (Status.HELD, slot.start)
    assert (await desk.match()).offered == 0, "the time is held, so there is nothing for the next"

    await desk.pass_time(desk.entry(line[0]), 14 * MINUTE)
    assert desk.standing(line[0]) == ("offered", ["offered"])
    await desk.pass_time(desk.entry(line[0]), 2 * MINUTE)
    await desk.until(lambda: desk.standing(line[0]) == ("waiting", ["lapsed"]) and desk.count("freed") == 1)
    late = await desk.answer(line[0], accept=True)
    assert late.refused
    assert (late.refused.code, desk.appointments.rows[held.id].status) == ("offer_over", Status.EXPIRED)

    assert (await desk.match()).offered == 1, "who was silent is not asked again about the same time"
    declined = await desk.answer(line[1], accept=False)
    assert (declined.appointment, declined.refused) == (None, None)
    assert (await desk.match()).offered == 1
    accepted = await desk.answer(line[2], accept=True)
    assert accepted.appointment
    assert (accepted.appointment.start, accepted.appointment.status) == (slot.start, Status.BOOKED)
    await desk.entry(line[2]).result()
    assert [desk.standing(key) for key in line] == [
        ("waiting", ["lapsed"]), ("waiting", ["declined"]), ("booked", ["accepted"]),
    ]  # fmt: skip
    assert desk.count("waitlist_offer") == 3
    assert accepted.appointment.id == desk.waitlist.of(line[2])[0].id, "the hold itself became the visit"


async def test_an_offer_survives_the_end_of_its_worker_and_its_time_runs_on(engine: Client) -> None:
    desk = Desk(engine)
    async with desk.open():
        first, second = [await desk.wait_for_visit() for _ in range(2)]
        desk.free()
        desk.free(8)
        assert (await desk.match()).offered == 2
        desk.on("confirm", hanging)
        answering = asyncio.create_task(desk.answer(second, accept=True))
        await desk.until(lambda: desk.count("confirm") == 1)
        answering.cancel()
    desk.trouble.clear()
    async with desk.open():
        accepted = await desk.answer(second, accept=True)
        assert accepted.appointment
        await desk.entry(second).result()
        await desk.pass_time(desk.entry(first), 16 * MINUTE)
        await desk.until(lambda: desk.standing(first) == ("waiting", ["lapsed"]))
    states = sorted(row.status.value for row in desk.appointments.rows.values())
    assert states == ["booked", "expired"]


async def test_a_time_that_was_taken_meanwhile_leaves_the_patient_in_line_for_the_next(desk: Desk) -> None:
    key = await desk.wait_for_visit()
    desk.free()
    later = desk.free(7)
    desk.on("hold", refusing(SlotTaken()))
    assert (await desk.match()).offered == 1
    (offer,) = desk.waitlist.of(key)
    assert offer.start == later.start
    desk.on("confirm", refusing(HoldExpired()))
    answered = await desk.answer(key, accept=True)
    assert answered.refused
    assert answered.refused.code == "hold_expired"
    await desk.until(lambda: desk.standing(key) == ("waiting", ["withdrawn"]))
    await desk.entry(key).terminate()


async def test_who_leaves_gives_the_time_back_and_who_waited_to_the_end_is_no_more_in_line(desk: Desk) -> None:
    leaving, staying = await desk.wait_for_visit(), await desk.wait_for_visit(weekdays=[])
    desk.free()
    await desk.match()
    await desk.entry(leaving).execute_update(WaitlistEntry.leave, Leaving(actor=desk.actor))
    assert desk.standing(leaving) == ("left", ["withdrawn"])
    desk.appointments.free.clear()
    await desk.pass_time(desk.entry(staying), timedelta(days=31))
    await desk.entry(staying).result()
    assert desk.standing(staying) == ("lapsed", [])
