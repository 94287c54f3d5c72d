"""An organisation as another system meets it: with an API client's token, over REST."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity import schemas
from services.identity.roles import ALL, ROLES
from web.gateway import Gateway

T = TypeVar("T")
API = "/api/v1"
SCOPES = ROLES["integration"]
ZONE = "Asia/Colombo"


@dataclass
class Clinic:
    """One organisation, an API client of its own, and what it takes to book there."""

    http: httpx.AsyncClient
    gateway: Gateway
    tenant_id: UUID
    client_id: str
    client_secret: str
    tokens: dict[str, str] = field(default_factory=dict)
    location: str = ""
    consultant: str = ""
    paid_visit: str = ""
    desk_visit: str = ""
    days_given: int = 3

    @classmethod
    async def begin(cls, edge: FastAPI, http: httpx.AsyncClient) -> "Clinic":
        """Begin it, with a location, a consultant who works day and night, and two visit types."""
        gateway: Gateway = edge.state.gateway
        tenant_id = uuid7()
        details = schemas.TenantWrite(name="Serendib Clinics", currency="LKR", country="LK", locale="en_LK")
        await gateway.identity.create_tenant(Actor.system("tenants:create", tenant_id=tenant_id), details)
        owner = Actor(id=uuid7(), tenant_id=tenant_id, kind="staff", scopes=ALL)
        wanted = schemas.ApiClientWrite(name="Laboratory", scopes=sorted(SCOPES))
        known = await gateway.identity.create_client(owner, uuid7(), wanted)
        clinic = cls(http, gateway, tenant_id, known.client_id, str(known.client_secret))
        await clinic._furnish()
        return clinic

    async def _furnish(self) -> None:
        self.location = await self.made("/locations", {"name": "Colombo 03", "zone": ZONE})
        self.consultant = await self.made("/consultants", consultant())
        days = [{"location_id": self.location, "weekday": day, "starts": "00:00", "ends": "24:00"} for day in range(7)]
        answer = await self.put(f"/consultants/{self.consultant}/schedule", json={"hours": days})
        assert answer.status_code == 200, answer.text
        self.paid_visit = await self.made("/visit-types", visit_type())
        desk = {"payment_policy": {"kind": "full", "when": "desk"}, "name": "Consultation, paid at the desk"}
        self.desk_visit = await self.made("/visit-types", visit_type(**desk))

    async def token(self, *scopes: str) -> str:
        """Get an access token for some scopes, or for all that the client holds."""
        wanted = " ".join(sorted(scopes or SCOPES))
        if wanted not in self.tokens:
            answer = await self.http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials", "scope": wanted},
                auth=(self.client_id, self.client_secret),
            )
            assert answer.status_code == 200, answer.text
            self.tokens[wanted] = answer.json()["access_token"]
        return self.tokens[wanted]

    async def ask(
        self, method: str, path: str, *, scopes: tuple[str, ...] = (), key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Ask the REST contract."""
        headers = {"authorization": f"Bearer {await self.token(*scopes)}", **more.pop("headers", {})}
        if key:
            headers["idempotency-key"] = key
        return await self.http.request(method, API + path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """Read."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        """Create, or start."""
        return await self.ask("POST", path, **more)

    async def put(self, path: str, **more: Any) -> httpx.Response:
        """Replace."""
        return await self.ask("PUT", path, **more)

    async def made(self, path: str, body: dict[str, Any], **more: Any) -> str:
        """Create something, and give its id."""
        answer = await self.post(path, json=body, **more)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    async def patient(self, **changed: Any) -> str:
        """Register somebody whom nobody could take for somebody else."""
        return await self.made("/patients", person(**changed))

    async def slot(self) -> dict[str, Any]:
        """Find a free time that no other test was given: each on a day of its own, whatever the hour is now."""
        self.days_given += 1
        start = _morning(self.days_given)
        span = {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat(), "limit": 1}
        answer = await self.get("/slots", params={"visit_type_id": self.paid_visit, **span})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["items"][0]
        return found

    async def wish(self, card: str | None = "pm_card_visa", **changed: Any) -> dict[str, Any]:
        """Say what to book: a new patient, a free time, a card."""
        slot = await self.slot()
        wanted: dict[str, Any] = {key: slot[key] for key in ("consultant_id", "location_id", "visit_type_id", "start")}
        if card:
            wanted["payment"] = {"method": "card", "token": card}
        return wanted | {"patient_id": changed.pop("patient_id", None) or await self.patient()} | changed

    async def booked(self, **changed: Any) -> dict[str, Any]:
        """Book, and give the answer."""
        answer = await self.post("/appointments", json=await self.wish(**changed))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def expected(self, **changed: Any) -> dict[str, Any]:
        """Book a visit whose patient can come now: the soonest that is free."""
        answer = await self.get("/slots", params={"visit_type_id": self.paid_visit, "limit": 1})
        assert answer.status_code == 200, answer.text
        return await self.booked(start=answer.json()["items"][0]["start"], **changed)

    async def repeated(self, patient_id: str, count: int = 2, **changed: Any) -> str:
        """Book a series of weekly visits, and give its id."""
        start = _morning(90 + self.days_given)
        self.days_given += 1
        wanted = {
            "patient_id": patient_id, "consultant_id": self.consultant, "visit_type_id": self.desk_visit,
            "location_id": self.location, "start": start.isoformat(), "rule": f"FREQ=WEEKLY;COUNT={count}",
        }  # fmt: skip
        return await self.made("/series", wanted | changed)


def _morning(ahead: int) -> datetime:
    return (datetime.now(ZoneInfo(ZONE)) + timedelta(days=ahead)).replace(hour=8, minute=0, second=0, microsecond=0)


async def eventually(ask: Callable[[], Awaitable[T]], true: Callable[[T], bool], seconds: float = 20) -> T:
    """Ask again until the answer is as a process of its own will make it; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            found = await ask()
            if true(found):
                return found
            await asyncio.sleep(0.05)


def person(**changed: Any) -> dict[str, Any]:
    """Describe a patient; the name is a fresh one."""
    fresh = f"Perera-{uuid7().hex[-12:]}"
    return {
        "first_name": "Nimal", "last_name": fresh, "date_of_birth": "1990-04-12", "gender": "male",
        "email": f"{fresh.lower()}@example.com",
    } | changed  # fmt: skip


def consultant(**changed: Any) -> dict[str, Any]:
    """Describe a consultant; the registration number is a fresh one."""
    return {
        "title": "Dr", "first_name": "Anula", "last_name": "Silva", "specialties": ["Cardiology"],
        "registration_number": uuid7().hex,
    } | changed  # fmt: skip


def visit_type(**changed: Any) -> dict[str, Any]:
    """Describe a visit type that is paid in full at booking."""
    return {
        "name": f"Consultation {uuid7().hex[-8:]}", "duration_minutes": 30, "slot_step_minutes": 30,
        "price": {"amount": 350_000, "currency": "LKR"},
        "payment_policy": {"kind": "full", "when": "booking"},
        "cancellation_policy": {"free_until_hours": 24, "fee_percent": 50},
    } | changed  # fmt: skip
