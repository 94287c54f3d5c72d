"""A small clinic to ask things of: one consultant, one visit type, hours from nine to one on weekdays in Colombo."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx

from careconnect.ids import uuid7

NOW = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
"""When these tests take place: a Sunday."""
MONDAY_NINE = "2026-11-02T09:00:00+05:30"


def consultant(**changed: Any) -> dict[str, Any]:
    """Describe a consultant as staff enter one; the registration number is a fresh one."""
    return {
        "title": "Dr",
        "first_name": "Amara",
        "last_name": "Jayasinghe",
        "specialties": ["Cardiology"],
        "registration_number": f"SLMC-{uuid7().hex[-12:]}",
        "email": "amara@clinic.example",
        "phone": "+94 11 234 5678",
    } | changed


def visit_type(**changed: Any) -> dict[str, Any]:
    """Describe a visit type as staff enter one: half an hour of a cardiologist, paid in full at booking."""
    return {
        "name": "Consultation",
        "duration_minutes": 30,
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 10,
        "price": {"amount": 350000, "currency": "LKR"},
        "payment_policy": {"kind": "full"},
        "cancellation_policy": {"free_until_hours": 24, "fee_percent": 50},
        "min_notice_minutes": 60,
        "horizon_days": 90,
        "specialty": "cardiology",
    } | changed


def hours(location_id: UUID, weekday: int, starts: str, ends: str, **changed: Any) -> dict[str, Any]:
    """Describe hours on one weekday in Colombo."""
    block = {
        "location_id": str(location_id),
        "zone": "Asia/Colombo",
        "weekday": weekday,
        "starts": starts,
        "ends": ends,
    }
    return block | changed


@dataclass
class Clinic:
    """The consultants service of one tenant, and somebody who may do everything in it."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    location_id: UUID = field(default_factory=uuid7)
    consultant_id: UUID = field(default_factory=uuid7)
    visit_type_id: UUID = field(default_factory=uuid7)

    async def open(self, **terms: Any) -> "Clinic":
        """Register the consultant, the visit type and the hours."""
        await self.put(f"/consultants/{self.consultant_id}", consultant(), expect=201)
        await self.put(f"/visit-types/{self.visit_type_id}", visit_type(**terms), expect=201)
        await self.works(*(hours(self.location_id, weekday, "09:00", "13:00") for weekday in range(5)))
        return self

    async def works(self, *blocks: dict[str, Any]) -> dict[str, Any]:
        """Replace the weekly hours."""
        return await self.put(f"/consultants/{self.consultant_id}/schedule", {"hours": list(blocks)}, expect=200)

    async def deviates(self, kind: str, starts_at: str, ends_at: str, **changed: Any) -> httpx.Response:
        """Enter an exception."""
        told = {"kind": kind, "starts_at": starts_at, "ends_at": ends_at} | changed
        path = f"/consultants/{self.consultant_id}/exceptions/{uuid7()}"
        return await self.http.put(path, json=told, headers=self.headers)

    async def put(self, path: str, body: dict[str, Any], *, expect: int) -> dict[str, Any]:
        """Put, and give the answer, which has to be the expected one."""
        answer = await self.http.put(path, json=body, headers=self.headers)
        assert answer.status_code == expect, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def windows(self, start: str, end: str, **narrowed: Any) -> list[dict[str, Any]]:
        """Ask for the working time."""
        asked = {"from": start, "to": end, "visit_type_id": str(self.visit_type_id)} | narrowed
        answer = await self.http.get("/windows", params=asked, headers=self.headers)
        assert answer.status_code == 200, answer.text
        told: list[dict[str, Any]] = answer.json()
        return told

    async def offer(self, start: str, **changed: Any) -> httpx.Response:
        """Ask for the terms of one visit."""
        asked = {"visit_type_id": str(self.visit_type_id), "consultant_id": str(self.consultant_id), "start": start}
        return await self.http.get("/offer", params=asked | changed, headers=self.headers)
