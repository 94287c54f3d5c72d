"""A government changes a zone's rules: what was agreed on is listed, under Attention too, and people decide."""

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.services.appointments.test_clock_changes import write_zone
from tests.web.clinic import Clinic, consultant, visit_type
from tests.web.pages.desk import Desk

ISLAND = "Pacific/Niue"  # eleven hours behind UTC all year


@pytest.fixture
def new_rule(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Let the island be ten hours behind from now on, and for ever before."""

    def enact() -> None:
        write_zone(tmp_path / "Pacific" / "Niue", -600)
        zoneinfo.reset_tzpath(to=[str(tmp_path), *paths])
        ZoneInfo.clear_cache(only_keys=[ISLAND])

    paths = zoneinfo.TZPATH
    yield enact
    zoneinfo.reset_tzpath(to=paths)
    ZoneInfo.clear_cache(only_keys=[ISLAND])


async def test_a_new_rule_waits_for_people_who_keep_the_wall_time_or_leave_it(
    owner: Desk, clinic: Clinic, new_rule: Callable[[], None]
) -> None:
    place = await clinic.made("/locations", {"name": "Alofi", "zone": ISLAND})
    doctor = await clinic.made("/consultants", consultant())
    days = [{"location_id": place, "weekday": day, "starts": "08:00", "ends": "12:00"} for day in range(7)]
    await clinic.put(f"/consultants/{doctor}/schedule", json={"hours": days})
    kind = await clinic.made("/visit-types", visit_type(duration_minutes=60, payment_policy={"kind": "none"}))
    day = datetime.now(UTC).date() + timedelta(days=20)
    first = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo(ISLAND)).astimezone(UTC)
    wish = {"consultant_id": doctor, "location_id": place, "visit_type_id": kind}
    starts = [first, first + timedelta(hours=1), first + timedelta(hours=2)]
    made = [await clinic.made("/appointments", wish | {"start": one.isoformat(), "patient_id": await clinic.patient()})
            for one in starts]  # fmt: skip
    assert (await clinic.get("/clock-changes")).json()["items"] == []
    new_rule()
    listed = (await clinic.get("/clock-changes")).json()["items"]
    assert [(one["id"], one["agreed"][11:16], one["shown"][11:16]) for one in listed] == [
        (made[0], "09:00", "10:00"), (made[1], "10:00", "11:00"), (made[2], "11:00", "12:00"),
    ]  # fmt: skip
    page = await owner.read("/clock-changes")
    assert "09:00" in page.text
    answer = await owner.send(page, "/clock-changes/agreements", appointment_id=made[2], zone="")
    assert answer.status_code == 303
    waiting = await owner.read("/attention")
    assert "New rules for the clock in Pacific/Niue 2 appointments would show" in waiting.text
    answer = await owner.send(waiting, "/clock-changes/moves", zone=ISLAND)  # the second goes where the first was
    assert answer.status_code == 303
    stands = [(await clinic.get(f"/appointments/{one}")).json() for one in made]
    moved = [datetime.fromisoformat(one["start"]) - start for one, start in zip(stands, starts, strict=True)]
    assert moved == [-timedelta(hours=1), -timedelta(hours=1), timedelta()]
    assert [one["version"] for one in stands] == [2, 2, 1]
    assert (await clinic.get("/clock-changes")).json()["items"] == []
    assert "New rules for the clock" not in (await owner.read("/attention")).text
    await clinic.put(f"/consultants/{doctor}/status", json={"status": "inactive"})  # other tests book whoever is free
    refused = await clinic.put(f"/appointments/{made[2]}/wall-time", scopes=("appointments:read",))
    assert refused.status_code == 403
