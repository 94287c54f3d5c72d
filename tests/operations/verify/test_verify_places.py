"""Laws 1 and 2 where visits share something: rooms, group visits, opening times and public holidays."""

from typing import Any
from uuid import UUID

from careconnect.ids import uuid7
from services.consultants.schemas import CalendarWrite, HolidayPolicyWrite
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance

CONSTRAINTS = (
    "SELECT conname FROM pg_constraint WHERE conname LIKE 'ex_appointments_%' OR conname = 'ck_appointments_seat'"
)


async def disarm(instance: Instance) -> None:
    """Take the laws about seats and rooms out of the database until the test is over."""
    for (name,) in await instance.superusers["appointments"].fetch(CONSTRAINTS):
        await instance.lift("appointments", "appointments", name)


async def group(clinic: Clinic, capacity: int = 2, **also: Any) -> list[Any]:
    """Fill two seats of a group visit."""
    start = clinic.at(13)
    return [await clinic.appointment(start, patient, capacity=capacity, **also) for patient in range(2)]


async def test_seats_of_one_group_are_no_overlap_and_too_many_are_found(clinic: Clinic, instance: Instance) -> None:
    first, second = await group(clinic)
    assert await instance.violations(1) == []
    await disarm(instance)
    lowest = min(first.reference, second.reference)
    said = f"the group of {lowest} has 2 patients on {{}} seats of {{}}, in 0 rooms"
    await instance.plant("appointments", "UPDATE appointments SET seat = 1 WHERE id = $1", second.id)
    assert await instance.violations(1) == [said.format(1, 2)]
    fewer = "UPDATE appointments SET seat = $2, capacity = 1 WHERE id = $1"
    await instance.plant("appointments", fewer, second.id, 2)
    assert f"{second.reference} overlaps {first.reference} of the same consultant" in await instance.violations(1)


async def test_two_visits_in_one_room_and_a_group_in_two_rooms_are_found(clinic: Clinic, instance: Instance) -> None:
    room = uuid7()
    first, second = await group(clinic, rooms=[room])
    assert await instance.violations(1) == []
    await disarm(instance)
    await instance.plant("appointments", "UPDATE appointments SET room_id = $2 WHERE id = $1", second.id, uuid7())
    lowest = min(first.reference, second.reference)
    assert await instance.violations(1) == [f"the group of {lowest} has 2 patients on 2 seats of 2, in 2 rooms"]
    apart = "UPDATE appointments SET room_id = $2, consultant_id = $3 WHERE id = $1"
    await instance.plant("appointments", apart, second.id, room, uuid7())
    assert await instance.violations(1) == [f"{second.reference} overlaps {first.reference} in the same room"]


async def outside(instance: Instance) -> set[str]:
    return {one.partition(" ")[0] for one in await instance.violations(2)}


async def age_changes(instance: Instance, location_id: UUID) -> None:
    """Let what was said of the location have been said long before anything was booked."""
    old = (
        "UPDATE audit_events SET at = at - interval '1 year' WHERE entity_id = $1 OR action = 'holiday_policy.replaced'"
    )
    await instance.plant("consultants", old, location_id)


async def test_an_appointment_while_its_location_is_closed_is_found(clinic: Clinic, instance: Instance) -> None:
    early, late = await clinic.appointment(clinic.at(9)), await clinic.appointment(clinic.at(16, 30), 1)
    opening = [{"weekday": day, "opens": "09:15", "closes": "17:00"} for day in range(7)]
    told = CalendarWrite.model_validate({"zone": clinic.zone, "opening": opening})
    await clinic.consultants.put_calendar(clinic.actor, clinic.location_id, told)
    verdict = await instance.law(2)
    assert (verdict.finding.violations, len(verdict.finding.remarks)) == ([], 1)
    await age_changes(instance, clinic.location_id)
    assert await outside(instance) == {early.reference}
    day = clinic.at(12).date()
    shut = told.model_copy(update={"opening": None, "closed_on": [day]})
    await clinic.consultants.put_calendar(clinic.actor, clinic.location_id, shut)
    await age_changes(instance, clinic.location_id)
    assert {early.reference, late.reference} <= await outside(instance)


async def test_an_appointment_on_a_public_holiday_is_found_unless_the_location_stays_open(
    clinic: Clinic, instance: Instance
) -> None:
    christmas = await clinic.appointment(clinic.at(12).replace(year=2031, month=12, day=25))
    await clinic.consultants.put_holiday_policy(clinic.actor, HolidayPolicyWrite(country="GB", subdivision="ENG"))
    await age_changes(instance, clinic.location_id)
    assert christmas.reference in await outside(instance)
    stays_open = CalendarWrite.model_validate({"zone": clinic.zone, "holidays": "open"})
    await clinic.consultants.put_calendar(clinic.actor, clinic.location_id, stays_open)
    await age_changes(instance, clinic.location_id)
    assert await outside(instance) == set()
