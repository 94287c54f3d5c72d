"""Signing in, sessions and API clients on the wire."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect.auth import Actor
from services.identity.roles import Role
from services.identity.schemas.fields import Input, Line, ScopeName
from services.identity.schemas.organisation import Tenant
from services.identity.schemas.staff import Staff


class SignIn(Input):
    """What a person signs in with."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=200, repr=False)
    previous_token: str | None = Field(None, max_length=200, repr=False, description="a session to end with this one")


class SignedIn(BaseModel):
    """A session that has just begun; the token is shown this once."""

    token: str = Field(repr=False)
    staff: Staff
    tenant: Tenant
    expires_at: datetime = Field(description="when the session ends whatever happens")


class TokenWrite(Input):
    """A session, by its token."""

    token: str = Field(max_length=200, repr=False)


class SessionInfo(BaseModel):
    """Who asks in a session, and what their pages need to know; computed anew each time, so a changed role counts."""

    session_id: UUID
    actor: Actor
    staff_name: str
    roles: list[Role]
    location_ids: list[UUID]
    tenant: Tenant
    locale: str
    csrf_secret: str = Field(repr=False)
    expires_at: datetime


class ApiClientWrite(Input):
    """A program that may use the REST endpoints."""

    name: Line
    scopes: list[ScopeName] = Field(min_length=1, max_length=50)


class ApiClient(BaseModel):
    """A program that may use the REST endpoints."""

    id: UUID
    client_id: str
    name: str
    scopes: list[str]
    active: bool
    last_used_at: datetime | None
    version: int


class ApiClientSecret(ApiClient):
    """An API client with its secret: shown once, when it was minted, and null in the answer to a repeat."""

    client_secret: str | None = Field(repr=False)


class ClientCredentials(Input):
    """What a program identifies itself with."""

    client_id: str = Field(max_length=200)
    client_secret: str = Field(max_length=200, repr=False)


class ClientInfo(BaseModel):
    """A program whose credentials are right."""

    id: UUID
    tenant_id: UUID
    name: str
    scopes: list[str]
