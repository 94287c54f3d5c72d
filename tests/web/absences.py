"""A consultant's day with appointments in it, and the leave that takes it away."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.web.clinic import ZONE, Clinic, consultant, eventually, visit_type

SLOT = timedelta(minutes=30)


@dataclass
class Day:
    """One consultant's day, ten days ahead; each has a visit type of their own."""

    clinic: Clinic
    doctor: str
    kind: str
    start: datetime
    booked: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    async def begin(cls, clinic: Clinic, count: int, *, paid: bool = False, ahead: int = 10) -> "Day":
        """Book the first `count` half hours."""
        doctor = await clinic.made("/consultants", consultant(specialties=[f"Speciality of {count}"]))
        hours = [
            {"location_id": clinic.location, "weekday": day, "starts": "09:00", "ends": "17:00"} for day in range(7)
        ]
        assert (await clinic.put(f"/consultants/{doctor}/schedule", json={"hours": hours})).status_code == 200
        policy = {} if paid else {"payment_policy": {"kind": "none"}}
        kind = await clinic.made("/visit-types", visit_type(consultant_ids=[doctor], **policy))
        day = datetime.now(ZoneInfo(ZONE)).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=ahead)
        made = cls(clinic, doctor, kind, day)
        for number in range(count):
            made.booked.append(await made.book(day + number * SLOT, paid=paid))
        return made

    async def book(self, start: datetime, *, paid: bool = False, patient: str | None = None) -> dict[str, Any]:
        """Book one."""
        wanted: dict[str, Any] = {
            "patient_id": patient or await self.clinic.patient(),
            "consultant_id": self.doctor,
            "visit_type_id": self.kind,
            "start": start.isoformat(),
        }
        if paid:
            wanted["payment"] = {"method": "card", "token": "pm_card_visa"}
        answer = await self.clinic.post("/appointments", json=wanted)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def leave(self) -> dict[str, Any]:
        """Enter leave for the whole day."""
        midnight = self.start.replace(hour=0)
        span = {"starts_at": midnight.isoformat(), "ends_at": (midnight + timedelta(days=1)).isoformat()}
        answer = await self.clinic.post(f"/consultants/{self.doctor}/exceptions", json={"kind": "leave", **span})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def deal(self, exception: str, **wanted: Any) -> dict[str, Any]:
        """Start dealing with the appointments."""
        body = {"exception_id": exception, **wanted}
        answer = await self.clinic.post(f"/consultants/{self.doctor}/absences", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def until(self, absence: dict[str, Any], state: str, *, told: bool = True) -> dict[str, Any]:
        """Wait until the work stands at `state`, and until everybody concerned was told."""

        async def read() -> dict[str, Any]:
            found: dict[str, Any] = (await self.clinic.get(f"/absences/{absence['id']}")).json()
            return found

        def there(found: dict[str, Any]) -> bool:
            silent = [one for one in found["items"] if one["told"] is None and one["state"] not in {"failed", "left"}]
            return bool(found["state"] == state and not (told and silent))

        return await eventually(read, there, 30)

    async def messages(self, template: str = "") -> list[dict[str, Any]]:
        """List the messages about absences to these patients."""
        found = []
        for one in self.booked:
            page = (
                await self.clinic.get("/messages", params={"patient_id": one["patient"]["id"], "limit": 100})
            ).json()
            found += [said for said in page["items"] if said["template"].startswith(template)]
        return found


def moment(said: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(said).astimezone(UTC)
