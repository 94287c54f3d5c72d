"""A reception desk that speaks to the patients service, and what it writes down."""

from typing import Any
from uuid import UUID

import httpx

from careconnect.ids import uuid7

NIMAL = {"first_name": "Nimal", "last_name": "Perera", "date_of_birth": "1990-04-12", "gender": "male"}


def person(**also: Any) -> dict[str, Any]:
    """Make a record of somebody; fields given as None are left out."""
    return {field: value for field, value in (NIMAL | also).items() if value is not None}


def wrong(answer: httpx.Response) -> dict[str, str]:
    """Read which fields an answer calls wrong, and with which code."""
    assert answer.status_code == 422, answer.text
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


class Desk:
    """Somebody at the desk, with the rights of their headers."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.http = http
        self.headers = headers

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **also: Any
    ) -> httpx.Response:
        """Send a request."""
        return await self.http.request(method, path, headers=self.headers | (headers or {}), **also)

    async def put(self, body: dict[str, Any], patient_id: UUID | str | None = None) -> httpx.Response:
        """Ask to register somebody, under a fresh id where none is given."""
        return await self.ask("PUT", f"/patients/{patient_id or uuid7()}", json=body)

    async def register(self, **also: Any) -> dict[str, Any]:
        """Register somebody, who is not taken for anybody else."""
        answer = await self.put(person(confirm_duplicate=True) | also)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    async def find(self, query: str, **also: Any) -> list[str]:
        """Search, and give the names found, the newest registration first."""
        answer = await self.ask("GET", "/patients", params={"q": query, **also})
        assert answer.status_code == 200, answer.text
        return [f"{one['first_name']} {one['last_name']}" for one in answer.json()["items"]]
