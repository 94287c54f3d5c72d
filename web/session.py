"""Who asks at the edge: a person with a session cookie, or a program with an access token."""

import hmac
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.errors import Forbidden, NotAuthenticated, Refusal
from services.identity.schemas import SessionInfo
from web.edge import Callers
from web.gateway import Gateway
from web.oauth import AccessTokens
from web.reach import within_reach

COOKIE = "careconnect_session"
CSRF_HEADER = "x-csrf-token"
_SAFE = {"GET", "HEAD", "OPTIONS"}
_PLATFORM = Actor.system("identity:authenticate")


class CsrfFailed(Forbidden):
    """The request changes something and does not carry the session's CSRF token."""

    code, title = "csrf_failed", "Reload the page and try again"


class Person(BaseModel):
    """Somebody who is signed in, with what their pages need to know."""

    actor: Actor
    session: SessionInfo

    @property
    def tenant_id(self) -> UUID:
        """The organisation."""
        return self.actor.tenant_id

    @property
    def csrf(self) -> str:
        """The token that their forms carry."""
        return self.session.csrf_secret


async def person(request: Request) -> Person:
    """Read the person from the session cookie; a request that changes something must carry the CSRF token.

    Raises:
        NotAuthenticated: there is no session, or it has ended.
        CsrfFailed: the CSRF token is missing or wrong.
    """
    found = await signed_in(request)
    if request.method not in _SAFE:
        await _check_csrf(request, found.session)
    return found


async def signed_in(request: Request) -> Person:
    """Read the person from the session cookie, for requests whose origin is checked in another way.

    Raises:
        NotAuthenticated: there is no session, or it has ended.
        RateLimited: the person comes too often.
    """
    found = await _session(request)
    if found is None:
        raise NotAuthenticated
    _callers(request).count(found.actor)
    return found


async def caller(request: Request) -> Actor:
    """Read the actor of an API request: an access token, or else the session with its CSRF token.

    Raises:
        NotAuthenticated: it is neither.
        RateLimited: the caller comes too often.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        tokens: AccessTokens = request.app.state.access_tokens
        actor = tokens.verify(token)
        _callers(request).count(actor)
        return actor
    return (await person(request)).actor


def _callers(request: Request) -> Callers:
    found: Callers = request.app.state.callers
    return found


async def _session(request: Request) -> Person | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    gateway: Gateway = request.app.state.gateway
    try:
        session = await gateway.identity.session(_PLATFORM, token)
    except Refusal as refusal:
        if refusal.status == NotAuthenticated.status:
            return None
        raise
    return Person(actor=session.actor, session=session)


async def _check_csrf(request: Request, session: SessionInfo) -> None:
    given = request.headers.get(CSRF_HEADER)
    if given is None and "form" in request.headers.get("content-type", ""):
        field = (await request.form()).get("csrf_token")
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), session.csrf_secret.encode()):
        raise CsrfFailed


class Needs:
    """The dependency that lets an API request pass only with `scope`, and hands over its actor."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, request: Request, actor: Annotated[Actor, Depends(caller)]) -> Actor:
        """Check one request.

        Raises:
            Forbidden: the actor does not hold the scope, or sees only their own patients and this is about others.
            ReasonNeeded: it is about a patient whom a reason opens.
        """
        if not actor.may(self.scope):
            raise Forbidden(f"This needs the scope {self.scope}.", needed=self.scope)
        await within_reach(request, actor, await gateway(request))
        return actor


def may(scope: str) -> Actor:
    """Build the dependency that needs `scope`."""
    found: Actor = Depends(Needs(scope))
    return found


async def gateway(request: Request) -> Gateway:
    """Hand over the gateway."""
    found: Gateway = request.app.state.gateway
    return found


Signed = Annotated[Person, Depends(person)]
Door = Annotated[Gateway, Depends(gateway)]
