"""A government changes when clocks change: what was agreed on is kept, compared, and listed for people."""

import struct
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.conftest import Act
from tests.services.appointments.test_booking_laws import DESK, asked, booked

CHIEF = (*DESK, "appointments:overbook")


def write_zone(place: Path, offset_minutes: int) -> None:
    """Write a zone that has always been so far from UTC (RFC 8536, version 1)."""
    place.parent.mkdir(parents=True)
    head = b"TZif" + bytes(16) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    place.write_bytes(head + struct.pack(">lbb", offset_minutes * 60, 0, 0) + b"NEW\0")


@pytest.fixture
def new_rule(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Let Colombo be an hour ahead of what it was."""

    def enact() -> None:
        write_zone(tmp_path / "Asia" / "Colombo", 390)
        zoneinfo.reset_tzpath(to=[str(tmp_path)])
        zoneinfo.ZoneInfo.clear_cache(only_keys=["Asia/Colombo"])

    yield enact
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache(only_keys=["Asia/Colombo"])


async def test_a_new_zone_rule_lists_what_is_to_come_and_moves_nothing(
    service: Callable[[str], httpx.AsyncClient], act: Act, new_rule: Callable[[], None]
) -> None:
    http, headers = service("appointments"), act(*CHIEF)
    start = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
    key = await booked(http, headers, start=start)
    await booked(http, headers, start=start, zone="Europe/London")
    gone = await booked(http, headers, start=start)
    await http.put(f"/appointments/{gone}/cancellation", json={"reason": "pat"}, headers=headers)
    assert (await http.get("/clock-changes", headers=headers)).json() == []
    new_rule()
    (listed,) = (await http.get("/clock-changes", headers=headers)).json()
    assert (listed["id"], listed["start"]) == (str(key), "2031-03-03T09:00:00Z")
    assert (listed["agreed"], listed["shown"]) == ("2031-03-03T14:30:00", "2031-03-03T15:30:00")
    moved = asked(datetime.fromisoformat(listed["start_as_agreed"]), to_version=2)
    body = {name: moved[name] for name in moved if name not in {"patient_id", "visit_type_id"}}
    answer = await http.put(f"/appointments/{key}/rescheduling", json=body, headers=headers)
    assert (answer.json()["start"], answer.json()["local_start"]) == ("2031-03-03T08:00:00Z", "2031-03-03T14:30:00")
    assert (await http.get("/clock-changes", headers=headers)).json() == []
