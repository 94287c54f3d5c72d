"""The laws of reminders: at the right instants, of the right version, and none that nobody needs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import WorkflowHandle

from careconnect import clock
from careconnect.ids import uuid7
from tests.workflows.office import Office
from tests.workflows.trouble import for_good
from workflows import ids
from workflows.contracts import Moved, RemindersRequest
from workflows.reminders import AppointmentReminders, makes_sense

HOUR = timedelta(hours=1)
Reminders = WorkflowHandle[AppointmentReminders, list[str]]


async def begin(office: Office, ahead: timedelta, offsets: list[int] | None = None) -> Reminders:
    office.start = clock.now() + ahead
    request = RemindersRequest(
        tenant_id=office.actor.tenant_id, appointment_id=office.appointment_id, patient_id=uuid7(), version=1,
        start=office.start, offsets_hours=offsets or [72, 24, 2],
    )  # fmt: skip
    return await office.client.start_workflow(
        AppointmentReminders.run, request, id=ids.reminders(office.appointment_id), task_queue=office.queue
    )


async def upcoming(handle: Reminders) -> list[datetime]:
    return [datetime.fromisoformat(str(at)) for at in await handle.query("upcoming")]


async def move(handle: Reminders, version: int, start: datetime) -> None:
    await handle.signal(AppointmentReminders.moved, Moved(version=version, start=start))


def hours_told(office: Office) -> list[tuple[int, int | None]]:
    return [(version, hours) for template, version, hours in office.told if template == "reminder"]


async def test_reminders_go_out_three_days_one_day_and_two_hours_before_and_end_with_the_visit(office: Office) -> None:
    handle = await begin(office, 80 * HOUR)
    await office.pass_time(handle, 7 * HOUR)
    assert hours_told(office) == []
    await office.pass_time(handle, 2 * HOUR)
    await office.until(lambda: hours_told(office) == [(1, 72)])
    await office.pass_time(handle, 48 * HOUR)
    await office.until(lambda: hours_told(office) == [(1, 72), (1, 24)])
    await office.pass_time(handle, 22 * HOUR)
    await office.until(lambda: hours_told(office) == [(1, 72), (1, 24), (1, 2)])
    await office.pass_time(handle, 3 * HOUR)
    assert len(await handle.result()) == 3


async def test_a_reminder_whose_time_has_passed_is_left_out(office: Office) -> None:
    handle = await begin(office, 30 * HOUR)
    assert [office.start - at for at in await upcoming(handle)] == [24 * HOUR, 2 * HOUR]


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe"])
async def test_on_days_on_which_clocks_change_reminders_go_out_real_hours_before_the_visit(
    office: Office, zone: str
) -> None:
    days, told = list(changes(zone, clock.now())), list[tuple[int, int | None]]()
    assert len(days) == 2
    for day in days:
        office.appointment_id = uuid7()
        nine = datetime.combine(day, time(9), ZoneInfo(zone)).astimezone(UTC)
        handle = await begin(office, nine - clock.now(), [24, 2])
        due = [at.astimezone(UTC).replace(microsecond=0) for at in await upcoming(handle)]
        assert due == [nine - 24 * HOUR, nine - 2 * HOUR]
        await office.pass_time(handle, office.start - clock.now() - 24 * HOUR - timedelta(minutes=5))
        assert hours_told(office) == told
        await office.pass_time(handle, timedelta(minutes=10))
        told.append((1, 24))
        await heard(office, told)
        await handle.signal(AppointmentReminders.stop)
        await handle.result()


async def heard(office: Office, told: list[tuple[int, int | None]]) -> None:
    await office.until(lambda: hours_told(office) == told)


def changes(zone: str, after: datetime) -> Iterator[date]:
    """List the local days of the year after an instant that are not 24 hours long, from the fourth day on."""
    for number in range(4, 369):
        day = after.astimezone(ZoneInfo(zone)).date() + timedelta(days=number)
        bounds = [datetime.combine(day + timedelta(days=one), time(), ZoneInfo(zone)) for one in (0, 1)]
        if bounds[0].utcoffset() != bounds[1].utcoffset():
            yield day


async def test_without_any_left_the_process_stays_until_the_visit_in_case_it_moves(office: Office) -> None:
    handle = await begin(office, HOUR)
    assert await upcoming(handle) == []
    await move(handle, 2, office.start + 100 * HOUR)
    assert len(await upcoming(handle)) == 3


async def test_reminders_move_with_their_appointment_and_only_forward_in_its_versions(office: Office) -> None:
    handle = await begin(office, 100 * HOUR)
    later = office.start + 24 * HOUR
    await move(handle, 2, later)
    await move(handle, 1, office.start)
    assert [later - at for at in await upcoming(handle)] == [72 * HOUR, 24 * HOUR, 2 * HOUR]
    await office.pass_time(handle, 30 * HOUR)
    assert hours_told(office) == []
    await office.pass_time(handle, 23 * HOUR)
    await office.until(lambda: hours_told(office) == [(2, 72)])


async def test_reminders_that_are_stopped_send_nothing_and_end(office: Office) -> None:
    handle = await begin(office, 100 * HOUR)
    await handle.signal(AppointmentReminders.stop)
    assert await handle.result() == []
    assert office.told == []


async def test_a_reminder_that_fails_is_noted_and_the_next_one_goes_out(office: Office) -> None:
    office.on("reminder", for_good)
    handle = await begin(office, 73 * HOUR)
    await office.pass_time(handle, 2 * HOUR)
    await office.until(lambda: office.count("reminder") == 1)
    await office.pass_time(handle, 48 * HOUR)
    await office.until(lambda: hours_told(office) == [(1, 24)])
    await office.pass_time(handle, 25 * HOUR)
    assert "failed" in (await handle.result())[0]


@pytest.mark.parametrize(
    ("hours_before", "next_hours", "sent"), [(10, [2], True), (2, [2], False), (1, [], True), (0, [], False)]
)
def test_after_an_outage_only_the_reminder_that_still_makes_sense_is_sent(
    hours_before: int, next_hours: list[int], sent: bool
) -> None:
    start = clock.now()
    later = [(start - hours * HOUR, hours) for hours in next_hours]
    assert makes_sense(start - hours_before * HOUR, start, later) is sent
