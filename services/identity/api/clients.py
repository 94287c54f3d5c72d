"""Endpoints of API clients: the programs that may use the REST endpoints."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from careconnect.auth import require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.identity import credentials, schemas
from services.identity.errors import BeyondYourRights, ClientExists, ClientRevoked
from services.identity.models import ApiClient, grant
from services.identity.repository import access as repository
from services.identity.repository import organisation
from services.identity.roles import ROLES

router = APIRouter(tags=["API clients"])
MANAGE = [require("staff:manage")]


@router.get("/clients", summary="List the API clients", dependencies=MANAGE)
async def list_clients(session: Read, paging: PagingQuery, *, active: bool | None = None) -> Page[schemas.ApiClient]:
    """List the newest first, without their secrets."""
    page = await repository.clients(session, paging, active=active)
    return page.of(ApiClient.shown)


@router.get("/clients/{key}", summary="Read an API client", dependencies=MANAGE)
async def get_client(session: Read, key: UUID) -> schemas.ApiClient:
    """Show one that was revoked too."""
    return (await repository.client(session, key)).shown()


@router.put("/clients/{key}", summary="Admit an API client", status_code=status.HTTP_201_CREATED, dependencies=MANAGE)
async def create_client(
    session: Write, response: Response, key: UUID, details: schemas.ApiClientWrite
) -> schemas.ApiClientSecret:
    """Show the secret this once; a repeat answers 200 without it, and a lost secret is renewed."""
    grant(session.actor, details.scopes)
    beyond = sorted(set(details.scopes) - ROLES["integration"])
    if beyond:
        raise BeyondYourRights("A program cannot be given these rights.", needed=beyond)
    await organisation.claim(session, key)
    known = await repository.find_client(session, key)
    if known is not None:
        if not known.same_as(details):
            raise ClientExists
        response.status_code = status.HTTP_200_OK
        return known.shown_with(None)
    secret = credentials.new_client_secret()
    fresh = ApiClient.admit(session.tenant_id, key, details, secret)
    session.add(fresh)
    await session.flush()
    session.record("client.admitted", "api_client", fresh.id, data={"scopes": fresh.scopes})
    return fresh.shown_with(secret)


@router.post("/clients/{key}/secret", summary="Renew an API client's secret", dependencies=MANAGE)
async def renew_secret(session: Write, key: UUID) -> schemas.ApiClientSecret:
    """Show the new secret this once; the old one is of no use from now on."""
    known = await repository.client(session, key)
    grant(session.actor, known.scopes)
    if not known.active:
        raise ClientRevoked
    secret = credentials.new_client_secret()
    known.renew(secret)
    await session.flush()
    session.record("client.secret_renewed", "api_client", known.id)
    return known.shown_with(secret)


@router.delete(
    "/clients/{key}", summary="Revoke an API client", status_code=status.HTTP_204_NO_CONTENT, dependencies=MANAGE
)
async def revoke_client(session: Write, key: UUID) -> None:
    """Let the program in no more; access tokens that it holds run out by themselves."""
    known = await repository.client(session, key)
    if known.revoke():
        session.record("client.revoked", "api_client", known.id)
