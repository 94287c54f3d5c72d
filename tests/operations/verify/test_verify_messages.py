"""Law 7: a message twice, about a time that no longer held, or to somebody who did not want it."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.appointments.schemas import Appointment, Move
from services.notifications.schemas import Preferences
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance

LATER = "UPDATE messages SET queued_at = queued_at + $2, sent_at = sent_at + $2 WHERE id = $1"


async def move(clinic: Clinic, booked: Appointment) -> None:
    """Move an appointment by an hour; its version rises."""
    start, end = booked.start + timedelta(hours=1), booked.end + timedelta(hours=1)
    said = {"consultant_id": booked.consultant_id, "location_id": booked.location_id, "zone": booked.zone}
    times = {"start": start, "end": end, "occupied_from": start, "occupied_to": end, "to_version": booked.version + 1}
    await clinic.appointments.move(clinic.actor, booked.id, Move.model_validate(said | times))


async def test_the_same_message_twice_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    message = await clinic.remind(booked)
    await clinic.remind(booked, 2)
    assert await instance.violations(7) == []
    await instance.lift("notifications", "messages", "uq_messages_once")
    again = """
      INSERT INTO messages SELECT (again).* FROM (
        SELECT jsonb_populate_record(messages, jsonb_build_object('id', gen_random_uuid())) AS again
        FROM messages WHERE id = $1) AS copied
    """
    await instance.plant("notifications", again, message.id)
    assert await instance.violations(7) == [f"2 messages reminder by sms about version 1 of appointment {booked.id}"]


async def sent_after(clinic: Clinic, instance: Instance, booked: Appointment, change: str, seconds: int) -> list[str]:
    """Tell what is found when a reminder was asked for and sent so long after the appointment changed."""
    message = await clinic.remind(booked)
    if change == "cancelled":
        await clinic.cancel(booked)
    else:
        await move(clinic, booked)
    await instance.plant("notifications", LATER, message.id, timedelta(seconds=seconds))
    return [one.partition(" left ")[2] for one in await instance.violations(7)]


@pytest.mark.parametrize("change", ["cancelled", "rescheduled"])
async def test_a_reminder_of_a_time_that_no_longer_held_is_found(
    clinic: Clinic, instance: Instance, change: str
) -> None:
    booked = await clinic.appointment(clinic.at(13))
    assert await sent_after(clinic, instance, booked, change, 10) == [f"after that was {change}"]


@pytest.mark.parametrize("change", ["cancelled", "rescheduled"])
async def test_a_reminder_that_left_before_the_change_is_fine(clinic: Clinic, instance: Instance, change: str) -> None:
    booked = await clinic.appointment(clinic.at(13))
    assert await sent_after(clinic, instance, booked, change, 0) == []


async def test_a_delivery_that_began_long_after_the_change_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    message = await clinic.remind(booked)
    await clinic.cancel(booked)
    late = "UPDATE messages SET sent_at = sent_at + $2 WHERE id = $1"
    await instance.plant("notifications", late, message.id, timedelta(seconds=70))
    assert len(await instance.violations(7)) == 1


async def test_news_of_the_cancellation_itself_is_fine(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    message = await clinic.remind(booked)
    await clinic.cancel(booked)
    await instance.plant("notifications", LATER, message.id, timedelta(seconds=10))
    await instance.plant("notifications", "UPDATE messages SET template = 'cancellation' WHERE id = $1", message.id)
    assert await instance.violations(7) == []


async def prefer(clinic: Clinic, patient_id: UUID, *, sms: bool) -> None:
    """Say what a patient wants."""
    await clinic.notifications.set_preferences(clinic.actor, patient_id, Preferences(email=True, sms=sms))


async def test_a_message_to_somebody_who_had_opted_out_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13), 1)
    message = await clinic.remind(booked)
    await prefer(clinic, booked.patient_id, sms=False)
    assert await instance.violations(7) == [], "opting out later does not make an earlier message wrong"
    await instance.plant("notifications", LATER, message.id, timedelta(seconds=3))
    wrong = f"message {message.id} was sent by sms to somebody who had opted out"
    assert await instance.violations(7) == [wrong]
    await instance.plant("notifications", "UPDATE messages SET channel = 'email' WHERE id = $1", message.id)
    assert await instance.violations(7) == [], "the other channel was wanted"


async def test_opting_in_again_does_not_excuse_what_was_sent_meanwhile(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13), 1)
    await prefer(clinic, booked.patient_id, sms=False)
    message = await clinic.remind(booked)
    assert message.status == "skipped"
    await instance.plant(
        "notifications", "UPDATE messages SET status = 'sent', sent_at = queued_at WHERE id = $1", message.id
    )
    await prefer(clinic, booked.patient_id, sms=True)
    assert await instance.violations(7) == [f"message {message.id} was sent by sms to somebody who had opted out"]
