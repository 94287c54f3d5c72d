"""Views of a dashboard as the aggregation writes them, to ask things of."""

from datetime import datetime, timedelta
from typing import Any

import httpx

MIDNIGHT = datetime.fromisoformat("2026-11-02T00:00:00+05:30")
NINE = MIDNIGHT + timedelta(hours=9)
SCOPES = {"reports:read", "reports:write"}
ANSWERS: dict[str, dict[str, Any]] = {
    "patients": {"watermark": 40, "total": 300, "new": 3, "previous_new": 1},
    "consultants": {"watermark": 50, "total": 12, "active": 10, "on_leave": 1},
    "appointments": {
        "watermark": 60,
        "total": 30,
        "previous_total": 24,
        "by_status": {"booked": 28, "cancelled": 2},
        "by_hour": [{"hour": 9, "status": "booked", "count": 28}, {"hour": 10, "status": "cancelled", "count": 2}],
        "attention": 1,
    },
    "payments": {
        "watermark": 70,
        "currency": "LKR",
        "revenue": 90_000,
        "previous_revenue": 120_000,
        "by_day": [{"day": "2026-11-02", "amount": 90_000}],
        "pending": 2,
        "failed": 1,
    },
}


def view(*silent: str, start: datetime = MIDNIGHT, days: int = 1, **also: Any) -> dict[str, Any]:
    answers = {name: figures for name, figures in ANSWERS.items() if name not in silent}
    end = start + timedelta(days=days)
    said = {"period": "today", "start": start.isoformat(), "end": end.isoformat(), "zone": "Asia/Colombo"}
    return said | {"answers": answers} | also


async def write(http: httpx.AsyncClient, headers: dict[str, str], as_of: datetime, *views: dict[str, Any]) -> None:
    answer = await http.put("/snapshots", json={"as_of": as_of.isoformat(), "views": views}, headers=headers)
    assert answer.status_code == 204, answer.text


async def read(http: httpx.AsyncClient, headers: dict[str, str], **params: Any) -> Any:
    answer = await http.get("/dashboard", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()
