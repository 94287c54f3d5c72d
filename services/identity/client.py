"""How the rest of the product speaks to the identity service."""

from collections.abc import Iterable
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.identity import schemas
from services.identity.roles import Role

SIGN_IN_SECONDS = 20
"""How long a sign-in may take: a password is slow to compare, and many may be waiting."""


class IdentityClient(ServiceClient):
    """Organisations, locations, staff, sessions and API clients.

    Every method raises the service's own refusals (`services.identity.errors`), and `Unavailable`. What comes before
    anybody is known (`sign_in`, `session`, `end_session`, `authenticate_client`, `tenants`) is asked as
    `Actor.system("identity:authenticate")`.
    """

    service = "identity"

    async def sign_in(
        self, actor: Actor, email: str, password: str, *, previous_token: str | None = None
    ) -> schemas.SignedIn:
        """Begin a session for the person whose e-mail and password these are."""
        told = schemas.SignIn(email=email, password=password, previous_token=previous_token)
        return await self.call(actor, "POST", "/sessions", into=schemas.SignedIn, json=told, timeout=SIGN_IN_SECONDS)

    async def session(self, actor: Actor, token: str) -> schemas.SessionInfo:
        """Tell who asks in a session."""
        told = schemas.TokenWrite(token=token)
        return await self.call(actor, "POST", "/sessions/lookup", into=schemas.SessionInfo, json=told)

    async def end_session(self, actor: Actor, token: str) -> None:
        """End a session; a repeat is harmless."""
        await self.call(actor, "POST", "/sessions/ending", json=schemas.TokenWrite(token=token))

    async def authenticate_client(self, actor: Actor, client_id: str, client_secret: str) -> schemas.ClientInfo:
        """Tell which program these credentials are of."""
        told = schemas.ClientCredentials(client_id=client_id, client_secret=client_secret)
        return await self.call(actor, "POST", "/clients/authentication", into=schemas.ClientInfo, json=told)

    async def tenants(self, actor: Actor) -> list[UUID]:
        """List the ids of all organisations of the platform."""
        return await self.call(actor, "GET", "/tenants", into=list[UUID])

    async def create_tenant(self, actor: Actor, details: schemas.TenantWrite) -> schemas.Tenant:
        """Begin the organisation that `actor` acts for; needs the scope `tenants:create`; a repeat is harmless."""
        return await self.call(actor, "PUT", f"/tenants/{actor.tenant_id}", into=schemas.Tenant, json=details)

    async def tenant(self, actor: Actor) -> schemas.Tenant:
        """Read the organisation of `actor`."""
        return await self.call(actor, "GET", f"/tenants/{actor.tenant_id}", into=schemas.Tenant)

    async def replace_tenant(self, actor: Actor, details: schemas.TenantReplacement) -> schemas.Tenant:
        """Replace the details of the organisation of `actor`."""
        path = f"/tenants/{actor.tenant_id}/record"
        return await self.call(actor, "PUT", path, into=schemas.Tenant, json=details)

    async def locations(self, actor: Actor, *, active: bool | None = None) -> list[schemas.Location]:
        """List the locations by name, all of them."""
        return await self.call(actor, "GET", "/locations", into=list[schemas.Location], params={"active": active})

    async def location_page(
        self,
        actor: Actor,
        *,
        active: bool | None = None,
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.Location]:
        """List the locations by name, page by page."""
        params = {"active": active, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/location-pages", into=Page[schemas.Location], params=params)

    async def location(self, actor: Actor, location_id: UUID) -> schemas.Location:
        """Read a location."""
        return await self.call(actor, "GET", f"/locations/{location_id}", into=schemas.Location)

    async def create_location(
        self, actor: Actor, location_id: UUID, details: schemas.LocationWrite
    ) -> schemas.Location:
        """Open a location under an id of the caller's; a repeat is harmless."""
        return await self.call(actor, "PUT", f"/locations/{location_id}", into=schemas.Location, json=details)

    async def replace_location(
        self, actor: Actor, location_id: UUID, details: schemas.LocationReplacement
    ) -> schemas.Location:
        """Replace a location's details."""
        path = f"/locations/{location_id}/record"
        return await self.call(actor, "PUT", path, into=schemas.Location, json=details)

    async def staff(
        self,
        actor: Actor,
        q: str | None = None,
        *,
        role: Role | None = None,
        active: bool | None = None,
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.Staff]:
        """List the staff, those engaged last first."""
        params: dict[str, object] = {"q": q, "role": role, "active": active}
        params |= {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/staff", into=Page[schemas.Staff], params=params)

    async def member(self, actor: Actor, staff_id: UUID) -> schemas.Staff:
        """Read a member of staff."""
        return await self.call(actor, "GET", f"/staff/{staff_id}", into=schemas.Staff)

    async def staff_names(self, actor: Actor, ids: Iterable[UUID]) -> list[schemas.StaffName]:
        """Name the members of staff of `ids`, at most 1000; those that are not known are left out."""
        wanted = schemas.NamesQuery(ids=list(ids))
        return await self.call(actor, "POST", "/staff/names", into=list[schemas.StaffName], json=wanted)

    async def create_staff(self, actor: Actor, staff_id: UUID, details: schemas.StaffWrite) -> schemas.Staff:
        """Engage a member of staff under an id of the caller's; a repeat is harmless."""
        return await self.call(actor, "PUT", f"/staff/{staff_id}", into=schemas.Staff, json=details)

    async def replace_staff(self, actor: Actor, staff_id: UUID, details: schemas.StaffReplacement) -> schemas.Staff:
        """Replace a member of staff's details."""
        return await self.call(actor, "PUT", f"/staff/{staff_id}/record", into=schemas.Staff, json=details)

    async def set_password(self, actor: Actor, staff_id: UUID, password: str) -> None:
        """Set a password, which ends every session of this person."""
        await self.call(actor, "PUT", f"/staff/{staff_id}/password", json=schemas.PasswordWrite(password=password))

    async def deactivate_staff(self, actor: Actor, staff_id: UUID) -> None:
        """Let a person in no more."""
        await self.call(actor, "DELETE", f"/staff/{staff_id}")

    async def activate_staff(self, actor: Actor, staff_id: UUID) -> schemas.Staff:
        """Let a person sign in again."""
        return await self.call(actor, "POST", f"/staff/{staff_id}/activation", into=schemas.Staff)

    async def note_console_reading(self, actor: Actor, count: int) -> None:
        """Note that `actor` is about to read `count` payloads of processes in the workflow console."""
        await self.call(actor, "POST", "/console-readings", json=schemas.ConsoleReading(count=count))

    async def clients(
        self, actor: Actor, *, active: bool | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[schemas.ApiClient]:
        """List the API clients, the newest first."""
        params = {"active": active, "limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/clients", into=Page[schemas.ApiClient], params=params)

    async def api_client(self, actor: Actor, key: UUID) -> schemas.ApiClient:
        """Read an API client."""
        return await self.call(actor, "GET", f"/clients/{key}", into=schemas.ApiClient)

    async def create_client(self, actor: Actor, key: UUID, details: schemas.ApiClientWrite) -> schemas.ApiClientSecret:
        """Admit an API client under a key of the caller's; its secret comes this once, and is null in a repeat."""
        return await self.call(actor, "PUT", f"/clients/{key}", into=schemas.ApiClientSecret, json=details)

    async def renew_client_secret(self, actor: Actor, key: UUID) -> schemas.ApiClientSecret:
        """Mint a new secret for an API client."""
        return await self.call(actor, "POST", f"/clients/{key}/secret", into=schemas.ApiClientSecret)

    async def revoke_client(self, actor: Actor, key: UUID) -> None:
        """Let a program in no more."""
        await self.call(actor, "DELETE", f"/clients/{key}")
