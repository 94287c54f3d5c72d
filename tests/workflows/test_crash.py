"""A worker that ends in the middle of a step loses nothing: another one goes on, and every step happened once."""

import asyncio

from temporalio.client import Client

from services.appointments.schemas import Status
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from tests.workflows.trouble import hanging


async def test_a_booking_survives_the_end_of_its_worker_in_the_middle_of_a_step(engine: Client) -> None:
    async def survive(step: str) -> Office:
        office = Office(engine)
        messages = f"messages-{office.queue}"  # one process has one worker for each queue
        office.on(step, hanging)
        async with office.open(messages):
            await office.begin()
            await office.until(lambda: office.count(step) > 0)
        office.trouble.clear()
        async with office.open(messages):
            await office.book()
        return office

    steps = ("hold", "authorise", "confirm")
    for office in await asyncio.gather(*map(survive, steps)):
        assert (office.row.status, office.till.kept(), len(office.till.payments)) == (Status.BOOKED, PRICE.amount, 1)
