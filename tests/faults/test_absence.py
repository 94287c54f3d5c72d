"""The illness of a consultant with thirty appointments: one action, whatever dies meanwhile."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from careconnect.ids import uuid7
from tests.running import Desk, Instance, until

pytestmark = pytest.mark.faults
APPOINTMENTS = 30
CANCELLED = 5
QUARTER = timedelta(minutes=15)


def test_thirty_patients_are_told_once_although_the_worker_is_killed_in_the_middle(running: Instance) -> None:
    """Each appointment is moved or cancelled, each patient has one message about it, and every law holds."""
    with running.api() as http:
        ill = _Ill(http)
        booked = ill.book(Desk(http).newcomers(APPOINTMENTS))
        absence = ill.begin(booked[:CANCELLED])
        until(lambda: ill.read(absence)["done"] >= APPOINTMENTS // 4, 30, "a quarter of them is dealt with")
        assert ill.read(absence)["state"] == "running", "the work was done before the kill"
        running.kill("worker")
        until(lambda: _is_over(ill.read(absence)), 120, "everybody was dealt with and told")
        done = ill.read(absence)
        assert Counter(item["state"] for item in done["items"]) == {
            "moved": APPOINTMENTS - CANCELLED, "cancelled": CANCELLED,
        }  # fmt: skip
        starts = [item["place"]["start"] for item in done["items"] if item["place"]]
        assert len(set(starts)) == len(starts)
        said = [one for patient in booked for one in ill.messages(patient)]
        expected = {"absence_moved": APPOINTMENTS - CANCELLED, "absence_cancelled": CANCELLED}
        assert Counter(template for _, template in {(one["patient_id"], one["template"]) for one in said}) == expected
        assert max(Counter((one["patient_id"], one["channel"]) for one in said).values()) == 1
    code, told = running.verify()
    assert code == 0, told


def _is_over(absence: dict[str, Any]) -> bool:
    return bool(absence["state"] == "finished" and absence["told"] == APPOINTMENTS)


class _Ill:
    """A consultant with a full day, who falls ill."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        place = self._items("/locations")[0]
        self.zone = ZoneInfo(place["zone"])
        self.doctor = self._made(
            "/consultants",
            {
                "title": "Dr", "first_name": "Ruwan", "last_name": "Ill", "specialties": ["Falling ill"],
                "registration_number": "FAULT-1",
            },
        )["id"]  # fmt: skip
        hours = [{"location_id": place["id"], "weekday": day, "starts": "08:00", "ends": "20:00"} for day in range(7)]
        self.http.put(f"/consultants/{self.doctor}/schedule", json={"hours": hours}).raise_for_status()
        self.kind = self._made(
            "/visit-types",
            {
                "name": "Illness", "duration_minutes": 15, "slot_step_minutes": 15, "consultant_ids": [self.doctor],
                "price": {"amount": 200_000, "currency": "LKR"}, "payment_policy": {"kind": "full", "when": "booking"},
                "cancellation_policy": {"free_until_hours": 480, "fee_percent": 50},
            },
        )["id"]  # fmt: skip
        self.morning = datetime.now(self.zone).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=12)

    def book(self, patients: list[str]) -> list[dict[str, Any]]:
        """Fill the day, one patient after the other."""
        wishes = [
            {
                "patient_id": patient, "consultant_id": self.doctor, "visit_type_id": self.kind,
                "start": (self.morning + number * QUARTER).isoformat(), "notify": False,
                "payment": {"method": "card", "token": "pm_card_visa"},
            }
            for number, patient in enumerate(patients)
        ]  # fmt: skip
        with ThreadPoolExecutor(6) as clients:
            return list(clients.map(lambda wish: self._made("/appointments", wish), wishes))

    def begin(self, to_cancel: list[dict[str, Any]]) -> dict[str, Any]:
        """Enter the illness, and have everybody dealt with."""
        midnight = self.morning.replace(hour=0)
        span = {"starts_at": midnight.isoformat(), "ends_at": (midnight + timedelta(days=1)).isoformat()}
        leave = self._made(f"/consultants/{self.doctor}/exceptions", {"kind": "leave", "reason": "Ill"} | span)
        assert len(leave["affected"]) == APPOINTMENTS
        chosen = [{"appointment_id": one["id"], "action": "cancel"} for one in to_cancel]
        wanted = {"exception_id": leave["id"], "action": "move", "appointments": chosen}
        return self._made(f"/consultants/{self.doctor}/absences", wanted)

    def read(self, absence: dict[str, Any]) -> dict[str, Any]:
        """Read how far it is; while parts restart, as it was."""
        answer = self.http.get(f"/absences/{absence['id']}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def messages(self, booked: dict[str, Any]) -> list[dict[str, Any]]:
        """List what a patient was told because of the illness."""
        found = self._items("/messages", patient_id=booked["patient"]["id"], limit=200)
        return [one for one in found if one["appointment_id"] == booked["id"] and one["template"] != "reminder"]

    def _items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.http.get(path, params=params)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def _made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid7())}
        answer = self.http.post(path, json=body, headers=headers)
        while answer.status_code == httpx.codes.ACCEPTED:  # a busy machine is still deciding
            answer = self.http.post(path, json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found
