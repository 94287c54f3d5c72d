"""Both services of one new tenant, told what a reference clinic was told."""

from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from activities.free_times import slot_search
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.consultants.schemas import VisitType, Window
from services.consultants.walltime import wall_of
from tests.conftest import AS
from tests.scheduling.reference import Clinic, Kind, Landed


class Desk:
    """Enters a clinic, finds free times and books, over HTTP."""

    def __init__(self, consultants: httpx.AsyncClient, appointments: httpx.AsyncClient, clinic: Clinic) -> None:
        self.consultants, self.appointments, self.clinic = consultants, appointments, clinic
        actor = Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=frozenset({"*"}))
        self.headers = {AS: actor.model_dump_json()}
        self.location = str(uuid7())
        self.people = [str(uuid7()) for _ in clinic.hours]
        self.kinds: dict[str, VisitType] = {}

    async def enter(self, kinds: list[Kind]) -> None:
        """Tell the consultants service everything."""
        for kind in kinds:
            await self._visit_type(kind)
        opening = self.clinic.opening
        calendar = {
            "zone": self.clinic.zone,
            "opening": None if opening is None else [_block(one, "opens", "closes") for one in opening],
            "closed_on": sorted(day.isoformat() for day in self.clinic.closed),
        }
        await self._put(f"/locations/{self.location}/calendar", calendar)
        for number, key in enumerate(self.people):
            said = {"first_name": "A", "last_name": "B", "specialties": ["C"], "registration_number": str(number)}
            await self._put(f"/consultants/{key}", said)
            place = {"location_id": self.location, "zone": self.clinic.zone}
            hours = [place | _block(one, "starts", "ends") for one in self.clinic.hours[number]]
            await self._put(f"/consultants/{key}/schedule", {"hours": hours})
            for kind_of, start, end in self.clinic.exceptions[number]:
                told = {"kind": kind_of, "starts_at": start.isoformat(), "ends_at": end.isoformat()}
                await self._put(f"/consultants/{key}/exceptions/{uuid7()}", told | place)

    async def free(self, kind: Kind, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
        """Find free times as the gateway does."""
        told = self.kinds[kind.name]
        asked = {"from": start.isoformat(), "to": end.isoformat(), "visit_type_id": str(told.id)}
        answer = await self.consultants.get("/windows", params=asked, headers=self.headers)
        windows = [Window.model_validate(one) for one in answer.json()]
        search = slot_search(told, windows, start).model_copy(update={"limit": 2000})
        body = search.model_dump(mode="json")
        found = (await self.appointments.post("/slots", json=body, headers=self.headers)).json()
        return [(self.people.index(one["consultant_id"]), datetime.fromisoformat(one["start"])) for one in found]

    async def book(self, who: int, kind: Kind, start: datetime) -> str:
        """Ask for the terms, and hold; gives the refusal's code, or nothing where it landed."""
        asked = {"visit_type_id": str(self.kinds[kind.name].id), "consultant_id": self.people[who]}
        answer = await self.consultants.get("/offer", params=asked | {"start": start.isoformat()}, headers=self.headers)
        if answer.status_code != httpx.codes.OK:
            return str(answer.json()["code"])
        offer = answer.json()
        names = ("consultant_id", "visit_type_id", "location_id", "zone", "start", "end", "occupied_from")
        names += ("occupied_to", "capacity", "rooms")  # type: ignore[assignment]
        body = {name: offer[name] for name in names} | {"patient_id": str(uuid7())}
        held = await self.appointments.put(f"/appointments/{uuid7()}", json=body, headers=self.headers)
        made = held.json()
        if held.status_code != httpx.codes.CREATED:
            return str(made["code"])
        self.clinic.landed.append(Landed(who, kind, start, made["room_id"], made["seat"]))
        return ""

    async def _visit_type(self, kind: Kind) -> None:
        key = uuid7()
        for room in kind.rooms or ():
            told = {"location_id": self.location, "name": "Room", "features": [kind.name]}
            await self._put(f"/rooms/{UUID(room)}", told)
        made = await self._put(
            f"/visit-types/{key}",
            {
                "name": kind.name,
                "duration_minutes": kind.duration,
                "buffer_before_minutes": kind.before,
                "buffer_after_minutes": kind.after,
                "slot_step_minutes": kind.step,
                "capacity": kind.capacity,
                "room_needed": kind.rooms is not None,
                "room_features": [] if kind.rooms is None else [kind.name],
                "price": {"amount": 0, "currency": "LKR"},
                "payment_policy": {"kind": "none"},
                "horizon_days": 730,
            },
        )
        self.kinds[kind.name] = VisitType.model_validate(made)

    async def _put(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.consultants.put(path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()


def _block(block: tuple[int, int, int], starts: str, ends: str) -> dict[str, Any]:
    day, begin, end = block
    return {"weekday": day, starts: wall_of(begin), ends: wall_of(end)}
