"""An organisation to sign in to: an owner, and whatever else a test engages."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity.roles import ALL
from tests.conftest import AS

PASSWORD = "correct horse battery"
EDGE = {AS: Actor.system("identity:authenticate").model_dump_json()}
"""The headers of the edge, which asks before anybody is known."""


def person(**changed: Any) -> dict[str, Any]:
    """Describe a member of staff as staff managers enter one; the e-mail is a fresh one."""
    fresh = {"name": "Nadeesha Silva", "email": f"{uuid7().hex}@clinic.example", "roles": ["front_desk"]}
    return fresh | {"password": PASSWORD} | changed


@dataclass
class Organisation:
    """The identity service of one tenant."""

    http: httpx.AsyncClient
    tenant_id: UUID
    owner_id: UUID = field(default_factory=uuid7)
    owner_email: str = field(default_factory=lambda: f"owner-{uuid7().hex}@clinic.example")

    @property
    def headers(self) -> dict[str, str]:
        """Give the headers of the owner."""
        return self.acting(*ALL)

    def acting(self, *scopes: str) -> dict[str, str]:
        """Give the headers of somebody of this tenant with some scopes."""
        who = Actor(id=self.owner_id, tenant_id=self.tenant_id, kind="staff", scopes=frozenset(scopes))
        return {AS: who.model_dump_json()}

    async def begin(self) -> "Organisation":
        """Begin the organisation and engage its owner."""
        system = {AS: Actor.system("tenants:create", tenant_id=self.tenant_id).model_dump_json()}
        details = {"name": "Serendib Clinics", "currency": "LKR", "country": "LK", "locale": "en_LK"}
        answer = await self.http.put(f"/tenants/{self.tenant_id}", json=details, headers=system)
        assert answer.status_code == 201, answer.text
        owner = person(name="Ishara Perera", email=self.owner_email, roles=["owner"])
        await self.engage(self.owner_id, owner)
        return self

    async def engage(self, staff_id: UUID, details: dict[str, Any]) -> dict[str, Any]:
        """Engage a member of staff."""
        answer = await self.http.put(f"/staff/{staff_id}", json=details, headers=self.headers)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def sign_in(self, email: str | None = None, password: str = PASSWORD, **more: Any) -> httpx.Response:
        """Try to sign in, as the owner unless told otherwise."""
        told = {"email": email or self.owner_email, "password": password} | more
        return await self.http.post("/sessions", json=told, headers=EDGE)

    async def token(self, email: str | None = None) -> str:
        """Sign in and give the token."""
        answer = await self.sign_in(email)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def look_up(self, token: str) -> httpx.Response:
        """Ask who is behind a token."""
        return await self.http.post("/sessions/lookup", json={"token": token}, headers=EDGE)
