"""Both services of one new tenant, told what a reference clinic was told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from activities.free_times import slot_search
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.consultants.schemas import VisitType, Window
from services.consultants.walltime import wall_of
from tests.conftest import AS
from tests.scheduling.reference import PLACES, Block, Clinic, Kind, Landed, Spot

COUNTRY = ("GB", "ENG")
"""Whose public holidays are observed where any are."""
_TERMS = (
    "consultant_id", "location_id", "zone", "start", "end", "occupied_from", "occupied_to", "capacity", "rooms",
)  # fmt: skip


class Desk:
    """Enters a clinic, finds free times and books, over HTTP."""

    def __init__(self, consultants: httpx.AsyncClient, appointments: httpx.AsyncClient, clinic: Clinic) -> None:
        self.consultants, self.appointments, self.clinic = consultants, appointments, clinic
        actor = Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=frozenset({"*"}))
        self.headers = {AS: actor.model_dump_json()}
        self.locations = [str(uuid7()) for _ in PLACES]
        self.patients = [str(uuid7()) for _ in range(3)]
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
            "holidays": self.clinic.holidays.first,
            "open_on": sorted(day.isoformat() for day in self.clinic.holidays.open_on),
        }
        await self._put("/holiday-policy", self._policy())
        await self._put(f"/locations/{self.locations[0]}/calendar", calendar)
        for number, key in enumerate(self.people):
            said = {"first_name": "A", "last_name": "B", "specialties": ["C"], "registration_number": str(number)}
            await self._put(f"/consultants/{key}", said)
            hours = [self._at(one.place) | _hours(one) for one in self.clinic.hours[number]]
            await self._put(f"/consultants/{key}/schedule", {"hours": hours})
            for one in self.clinic.exceptions[number]:
                told = {"kind": one.kind, "starts_at": one.starts.isoformat(), "ends_at": one.ends.isoformat()}
                place = {} if one.place is None else self._at(one.place)
                await self._put(f"/consultants/{key}/exceptions/{uuid7()}", told | place)

    def _policy(self) -> dict[str, Any]:
        told = self.clinic.holidays
        own = [{"date": day.isoformat(), "name": "A day of our own"} for day in sorted(told.own)]
        country = {"country": COUNTRY[0], "subdivision": COUNTRY[1]} if told.public else {}
        return country | {"closed": told.closed, "own": own}

    async def free(self, kind: Kind, start: datetime, end: datetime) -> list[Spot]:
        """Find free times as the gateway does: from the end of the notice, and as far as the horizon."""
        told, now = self.kinds[kind.name], self.clinic.now
        first = max(start, now + timedelta(minutes=kind.notice))
        last = min(end, now + timedelta(days=kind.horizon_days))
        if last <= first:
            return []
        asked = {"from": first.isoformat(), "to": last.isoformat(), "visit_type_id": str(told.id)}
        answer = await self.consultants.get("/windows", params=asked, headers=self.headers)
        windows = [Window.model_validate(one) for one in answer.json()]
        search = slot_search(told, windows, first).model_copy(update={"limit": 2000})
        body = search.model_dump(mode="json")
        found = (await self.appointments.post("/slots", json=body, headers=self.headers)).json()
        return [
            Spot(
                self.people.index(one["consultant_id"]),
                self.locations.index(one["location_id"]),
                datetime.fromisoformat(one["start"]),
            )
            for one in found
        ]

    async def book(self, spot: Spot, kind: Kind, patient: str = "", *, confirm: bool = False) -> str:
        """Ask for the terms, and hold; gives the refusal's code, or nothing where it landed."""
        offer = await self._offer(spot, kind)
        if "code" in offer:
            return str(offer["code"])
        key, patient = str(uuid7()), patient or str(uuid7())
        body = {name: offer[name] for name in (*_TERMS, "visit_type_id")} | {"patient_id": patient}
        held = await self.appointments.put(f"/appointments/{key}", json=body, headers=self.headers)
        made = held.json()
        if held.status_code != httpx.codes.CREATED:
            return str(made["code"])
        if confirm:
            await self._change("post", key, "confirmation")
        landed = Landed(spot.who, kind, spot.at, made["room_id"], made["seat"], spot.place, patient, key, 1, confirm)
        self.clinic.landed.append(landed)
        return ""

    async def cancel(self, one: Landed) -> None:
        """Give its time back."""
        if one.confirmed:
            await self._change("put", one.key, "cancellation", {"reason": "pat"})
        else:
            await self._change("put", one.key, "release", {"code": "card_declined"})
        self.clinic.landed.remove(one)

    async def move(self, one: Landed, spot: Spot) -> str:
        """Move it; gives the refusal's code, or nothing where it stands elsewhere now."""
        offer = await self._offer(spot, one.kind)
        if "code" in offer:
            return str(offer["code"])
        body = {name: offer[name] for name in _TERMS} | {"to_version": one.version + 1}
        path = f"/appointments/{one.key}/rescheduling"
        answer = await self.appointments.put(path, json=body, headers=self.headers)
        made = answer.json()
        if not answer.is_success:
            return str(made["code"])
        self.clinic.landed.remove(one)
        moved = replace(one, consultant=spot.who, place=spot.place, start=spot.at, version=one.version + 1)
        self.clinic.landed.append(replace(moved, room=made["room_id"], seat=made["seat"]))
        return ""

    async def _offer(self, spot: Spot, kind: Kind) -> dict[str, Any]:
        asked = {"visit_type_id": str(self.kinds[kind.name].id), "consultant_id": self.people[spot.who]}
        asked |= {"location_id": self.locations[spot.place], "start": spot.at.isoformat()}
        answer = await self.consultants.get("/offer", params=asked, headers=self.headers)
        found: dict[str, Any] = answer.json()
        return found

    async def _change(self, method: str, key: str, noun: str, body: dict[str, Any] | None = None) -> None:
        answer = await self.appointments.request(
            method.upper(), f"/appointments/{key}/{noun}", json=body, headers=self.headers
        )
        assert answer.is_success, answer.text

    def _at(self, place: int) -> dict[str, str]:
        return {"location_id": self.locations[place], "zone": self.clinic.zone}

    async def _visit_type(self, kind: Kind) -> None:
        key = uuid7()
        for room in kind.rooms or ():
            told = {"location_id": self.locations[0], "name": "Room", "features": ["ultrasound"]}
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
                "room_features": [] if kind.rooms is None else ["ultrasound"],
                "price": {"amount": 0, "currency": "LKR"},
                "payment_policy": {"kind": "none"},
                "min_notice_minutes": kind.notice,
                "horizon_days": kind.horizon_days,
            },
        )
        self.kinds[kind.name] = VisitType.model_validate(made)

    async def _put(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.consultants.put(path, json=body, headers=self.headers)
        assert answer.is_success, answer.text
        return answer.json()


def _hours(block: Block) -> dict[str, Any]:
    dates = {name: day.isoformat() for name, day in (("valid_from", block.first), ("valid_to", block.last)) if day}
    return dates | _block(block[:3], "starts", "ends")


def _block(block: tuple[int, int, int], starts: str, ends: str) -> dict[str, Any]:
    day, begin, end = block
    return {"weekday": day, starts: wall_of(begin), ends: wall_of(end)}
