"""A worker that ends in the middle of a step loses nothing: another one goes on, and every step happened once."""

import asyncio
from datetime import timedelta

from temporalio.client import Client

from services.appointments.schemas import Status
from services.consultants.errors import OutsideHours
from services.payments.states import PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE, ZONE
from tests.workflows.trouble import hanging, refusing
from workflows import ids


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


async def test_what_a_lost_worker_did_is_undone_although_the_next_one_is_refused_sooner(engine: Client) -> None:
    office = Office(engine)
    when = {"zone": ZONE, "start": office.start, "end": office.start + timedelta(minutes=30)}
    whom = {"patient_id": office.patients.known, "consultant_id": office.consultant_id}
    where = {"location_id": office.consultants.location_id, "visit_type_id": office.consultants.visit_type_id}
    office.appointments.add(office.appointment_id, Status.BOOKED, **when, **whom, **where)
    office.till.add(ids.payment_of(office.appointment_id), office.appointment_id, PRICE, PaymentStatus.authorised)
    office.on("verify_offer", refusing(OutsideHours()))  # the consultant has gone away meanwhile
    async with office.open():
        outcome = await office.book()
    assert outcome.refused
    assert (outcome.refused.code, office.row.status, office.till.kept()) == ("outside_hours", Status.EXPIRED, 0)
    assert office.till.payments[ids.payment_of(office.appointment_id)].status == PaymentStatus.voided


async def test_an_appointment_of_long_ago_with_the_same_key_is_left_alone(engine: Client) -> None:
    office = Office(engine)
    when = {"zone": ZONE, "start": office.start, "end": office.start + timedelta(minutes=30)}
    whom = {"patient_id": office.patients.known, "consultant_id": office.consultant_id}
    where = {"location_id": office.consultants.location_id, "visit_type_id": office.consultants.visit_type_id}
    old = office.appointments.add(office.appointment_id, Status.FULFILLED, **when, **whom, **where)
    long_ago = old.created_at - timedelta(days=40)
    office.appointments.rows[old.id] = old.model_copy(update={"created_at": long_ago})
    office.on("verify_offer", refusing(OutsideHours()))
    async with office.open():
        assert (await office.book()).refused
    assert (office.row.status, office.count("release_time")) == (Status.FULFILLED, 0)
