"""Laws 1 to 3: a planted overlap, an appointment outside hours, a hold that outlived itself are found and named."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from services.appointments.schemas import Cancellation
from services.consultants.schemas import ExceptionWrite
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance

SHIFT = "UPDATE appointments SET start_at = start_at + $2, end_at = end_at + $2, occupied_from = occupied_from + $2, "
SHIFT += "occupied_to = occupied_to + $2 WHERE id = $1"


async def allow_overlaps(instance: Instance) -> None:
    """Take the law of the consultants out of the schema."""
    await instance.lift("appointments", "appointments", "ex_appointments_consultant")


async def test_two_appointments_of_one_consultant_at_the_same_time_are_found(
    clinic: Clinic, instance: Instance
) -> None:
    first, second = await clinic.appointment(clinic.at(13)), await clinic.appointment(clinic.at(14), 1)
    assert await instance.violations(1) == []
    await allow_overlaps(instance)
    await instance.plant("appointments", SHIFT, second.id, timedelta(minutes=-45))
    assert await instance.violations(1) == [f"{second.reference} overlaps {first.reference} of the same consultant"]


async def test_a_buffer_that_reaches_into_another_appointment_is_an_overlap(clinic: Clinic, instance: Instance) -> None:
    first, second = await clinic.appointment(clinic.at(13)), await clinic.appointment(clinic.at(14), 1)
    await allow_overlaps(instance)
    longer = "UPDATE appointments SET occupied_to = $2 WHERE id = $1"
    await instance.plant("appointments", longer, first.id, clinic.at(14))
    assert await instance.violations(1) == []
    await instance.plant("appointments", longer, first.id, clinic.at(14, 1))
    assert await instance.violations(1) == [f"{second.reference} overlaps {first.reference} of the same consultant"]


async def test_one_patient_in_two_places_is_found(clinic: Clinic, instance: Instance) -> None:
    first, second = await clinic.appointment(clinic.at(13)), await clinic.appointment(clinic.at(13, 30), 1)
    other = "UPDATE appointments SET consultant_id = $2, patient_id = $3, start_at = start_at - interval '1 minute', "
    other += "occupied_from = occupied_from - interval '1 minute', overbooked = true WHERE id = $1"
    await instance.plant("appointments", other, first.id, uuid7(), second.patient_id)
    assert await instance.violations(1) == [f"{first.reference} is overbooked without a reason"]
    await instance.plant("appointments", SHIFT, first.id, timedelta(minutes=20))
    found = await instance.violations(1)
    assert f"{second.reference} overlaps {first.reference} of the same patient" in found


async def test_the_later_of_two_may_be_overbooked_with_a_reason_and_the_earlier_may_not(
    clinic: Clinic, instance: Instance
) -> None:
    first = await clinic.appointment(clinic.at(13))
    second = await clinic.overbook(clinic.at(13), 1, "an emergency")
    assert await instance.violations(1) == []
    swap = "UPDATE appointments SET overbooked = NOT overbooked WHERE id = ANY($1::uuid[])"
    await instance.plant("appointments", swap, [first.id, second.id])
    overlap = f"{second.reference} overlaps {first.reference} of the same consultant"
    assert await instance.violations(1) == [overlap, f"{first.reference} is overbooked without a reason"]


async def test_an_overbooking_without_a_reason_is_found(clinic: Clinic, instance: Instance) -> None:
    over = await clinic.overbook(clinic.at(13), 1, "")
    assert await instance.violations(1) == [f"{over.reference} is overbooked without a reason"]


async def test_a_move_over_another_or_out_of_hours_is_in_order_with_a_remark_that_says_why(
    clinic: Clinic, instance: Instance
) -> None:
    await clinic.appointment(clinic.at(13))
    over, late = await clinic.appointment(clinic.at(14), 1), await clinic.appointment(clinic.at(15), 1)
    await clinic.move(over, clinic.at(13), overbooked=True)
    await clinic.move(late, clinic.at(18), hours_overridden=True)
    assert await instance.violations(1) == [f"{over.reference} is overbooked without a reason"]
    assert await instance.violations(2) == [f"{late.reference} is outside hours without a reason"]
    for moved in (over, late):
        await clinic.remark(moved, "fee_waiver", "not what was asked")
    assert len(await instance.violations(1) + await instance.violations(2)) == 2
    for moved in (over, late):
        await clinic.remark(moved, "overbook", "an emergency")
    assert await instance.violations(1) + await instance.violations(2) == []


@pytest.mark.parametrize("end", ["cancellation", "no-show", "departure"])
async def test_an_overbooked_appointment_that_comes_back_is_later_than_one_that_took_its_time_meanwhile(
    clinic: Clinic, instance: Instance, end: str
) -> None:
    over = await clinic.overbook(clinic.now(), 1, "an emergency")
    if end == "cancellation":
        await clinic.appointments.cancel(clinic.actor, over.id, Cancellation(reason="pat", undoable=True))
    else:
        if end == "departure":
            await clinic.appointments.change(clinic.actor, over.id, "arrival")
        await clinic.appointments.change(clinic.actor, over.id, end)
    await clinic.appointment(over.start)
    await clinic.appointments.change(clinic.actor, over.id, end, undo=True)
    assert await instance.violations(1) == []


async def test_an_overbooked_move_that_is_taken_back_is_later_than_one_that_took_its_time_meanwhile(
    clinic: Clinic, instance: Instance
) -> None:
    over = await clinic.overbook(clinic.at(13), 1, "an emergency")
    await clinic.move(over, clinic.at(14), overbooked=True)
    await clinic.appointment(clinic.at(13))
    await clinic.move(over, clinic.at(13), to_version=3, overbooked=True, undoes=True)
    assert await instance.violations(1) == []


async def test_among_many_nested_and_chained_appointments_every_overlapping_pair_is_found_once(
    clinic: Clinic, instance: Instance
) -> None:
    await allow_overlaps(instance)
    await instance.plant("appointments", "UPDATE appointments SET status = 'fulfilled'")
    made = [await clinic.appointment(clinic.at(9, 30 * place), place % 2) for place in range(2)]
    made += [await clinic.appointment(clinic.at(12), 0), await clinic.appointment(clinic.at(15), 1)]
    spans = [(9, 14), (10, 11), (13, 15), (15, 16)]  # the first holds the second and meets the third
    for one, (begins, ends) in zip(made, spans, strict=True):
        occupy = "UPDATE appointments SET start_at = $2, occupied_from = $2, end_at = $3, occupied_to = $3, "
        occupy += "patient_id = $4 WHERE id = $1"
        await instance.plant("appointments", occupy, one.id, clinic.at(begins), clinic.at(ends), uuid7())
    pairs = {(1, 0), (2, 0)}
    found = await instance.violations(1)
    expected = {f"{made[a].reference} overlaps {made[b].reference} of the same consultant" for a, b in pairs}
    assert set(found) == expected
    assert len(found) == len(expected)


async def test_an_appointment_outside_hours_is_found(clinic: Clinic, instance: Instance) -> None:
    held = await clinic.appointment(clinic.at(16, 30))
    assert await instance.violations(2) == []
    await instance.plant("appointments", SHIFT, held.id, timedelta(minutes=1))
    outside = f"{held.reference} is outside the hours of consultant {clinic.consultant_id}"
    assert await instance.violations(2) == [outside]
    await instance.plant("appointments", "UPDATE appointments SET hours_overridden = true WHERE id = $1", held.id)
    assert await instance.violations(2) == [f"{held.reference} is outside hours without a reason"]


async def test_an_appointment_at_a_location_where_the_consultant_does_not_work_is_found(
    clinic: Clinic, instance: Instance
) -> None:
    held = await clinic.appointment(clinic.at(13))
    await instance.plant("appointments", "UPDATE appointments SET location_id = $2 WHERE id = $1", held.id, uuid7())
    assert len(await instance.violations(2)) == 1


async def test_leave_closes_and_extra_hours_open(clinic: Clinic, instance: Instance) -> None:
    leave = {"kind": "leave", "starts_at": clinic.at(13), "ends_at": clinic.at(14)}
    extra = {"kind": "extra", "starts_at": clinic.at(18), "ends_at": clinic.at(19), "location_id": clinic.location_id}
    for told in (leave, extra):
        exception = ExceptionWrite.model_validate(told)
        await clinic.consultants.put_exception(clinic.actor, clinic.consultant_id, uuid7(), exception)
    await clinic.appointment(clinic.at(18, 30))
    assert await instance.violations(2) == []
    late = await clinic.appointment(clinic.at(18, 45), 1, minutes=30, overbooked=True)
    away = await clinic.appointment(clinic.at(13, 45), 1)
    found = {one.partition(" ")[0] for one in await instance.violations(2)}
    assert found == {late.reference, away.reference}


async def test_hours_that_were_changed_after_the_booking_are_not_held_against_it(
    clinic: Clinic, instance: Instance
) -> None:
    await clinic.appointment(clinic.at(16))
    await clinic.set_hours("09:00", "12:00")
    verdict = await instance.law(2)
    assert verdict.finding.violations == []
    assert verdict.finding.remarks == ["1 not judged: the hours were changed after the time was taken"]
    later = await clinic.appointment(clinic.at(15), 1)
    assert [one.partition(" ")[0] for one in await instance.violations(2)] == [later.reference]


async def berlin(clinic: Clinic, instance: Instance, starts: int, ends: int) -> None:
    """Move the consultant to Berlin, with the same hours on every day, in minutes of the day."""
    hours = "UPDATE schedule_blocks SET zone = 'Europe/Berlin', starts = $1, ends = $2"
    await instance.plant("consultants", hours, starts, ends)
    clinic.zone = "Europe/Berlin"


async def outside(clinic: Clinic, instance: Instance, *starts: datetime, minutes: int = 30) -> list[datetime]:
    """Tell which visits at these starts are outside hours."""
    made: dict[str, datetime] = {}
    for start in starts:
        booked = await clinic.appointment(start, minutes=minutes, overbooked=True)
        made[booked.reference] = start
    return sorted(made[one.partition(" ")[0]] for one in await instance.violations(2) if one.partition(" ")[0] in made)


async def test_on_the_day_that_skips_an_hour_only_the_wall_times_that_exist_are_working_time(
    clinic: Clinic, instance: Instance
) -> None:
    await berlin(clinic, instance, 60, 150)  # 01:00 to 02:30, of which 02:00 to 02:30 does not exist
    spring = datetime(2031, 3, 30, 0, 0, tzinfo=UTC)  # 01:00 there; at 01:00 UTC clocks jump from 02:00 to 03:00
    starts = [spring + timedelta(minutes=minutes) for minutes in (0, 30, 31, 60)]
    assert await outside(clinic, instance, *starts) == starts[2:]


async def test_on_the_day_that_repeats_an_hour_its_second_showing_is_no_working_time(
    clinic: Clinic, instance: Instance
) -> None:
    await berlin(clinic, instance, 120, 240)  # 02:00 to 04:00, of which 02:00 to 03:00 comes twice
    autumn = datetime(2031, 10, 26, 0, 0, tzinfo=UTC)  # 02:00 there; at 01:00 UTC it is 02:00 again
    starts = [autumn + timedelta(minutes=minutes) for minutes in (0, 30, 45, 60, 90, 120, 150)]
    assert await outside(clinic, instance, *starts) == starts[2:5]


async def test_a_night_shift_of_two_blocks_is_one_stretch(clinic: Clinic, instance: Instance) -> None:
    await instance.plant("consultants", "UPDATE schedule_blocks SET starts = 1320, ends = 1440")
    early = """
      INSERT INTO schedule_blocks (tenant_id, id, consultant_id, location_id, zone, weekday, starts, ends,
                                   created_at, updated_at)
      SELECT tenant_id, gen_random_uuid(), consultant_id, location_id, zone, weekday, 0, 120, created_at, updated_at
      FROM schedule_blocks
    """
    await instance.plant("consultants", early)
    midnight = clinic.at(0)
    starts = [midnight + timedelta(minutes=minutes) for minutes in (-120, -15, 90, 105)]
    assert await outside(clinic, instance, *starts) == starts[3:]


async def test_a_hold_may_outlive_its_expiry_by_a_minute_and_no_longer(clinic: Clinic, instance: Instance) -> None:
    held = await clinic.hold(clinic.at(13))
    expire = "UPDATE appointments SET hold_expires_at = $2 WHERE id = $1"

    async def found_after(seconds: int) -> list[str]:
        await instance.plant("appointments", expire, held.id, clock.now() - timedelta(seconds=seconds))
        return await instance.violations(3)

    assert await found_after(-60) == []
    assert await found_after(30) == []
    (said,) = await found_after(62)
    assert said.startswith(f"{held.reference} is held since its hold ran out")


async def test_the_examples_name_references_and_ids_and_nobody(clinic: Clinic, instance: Instance) -> None:
    await instance.plant("appointments", SHIFT, (await clinic.appointment(clinic.at(13))).id, timedelta(hours=9))
    (said,) = await instance.violations(2)
    assert UUID(said.rpartition(" ")[2]) == clinic.consultant_id
    assert not any(name in said for name in ("Perera", "Silva", "Nimal"))


async def test_a_wall_time_that_a_new_zone_rule_has_moved_is_remarked_and_no_violation(
    clinic: Clinic, instance: Instance
) -> None:
    booked = await clinic.appointment(clinic.at(13))
    assert (await instance.law(2)).finding.remarks == []
    earlier = "UPDATE appointments SET local_start = local_start - interval '1 hour' WHERE id = $1"
    await instance.plant("appointments", earlier, booked.id)
    finding = (await instance.law(2)).finding
    assert finding.violations == []
    (remark,) = finding.remarks
    day = clinic.at(13).date().isoformat()
    assert remark == f"{booked.reference}: agreed for {day} 12:00 in Asia/Colombo, where it is {day} 13:00 now"
