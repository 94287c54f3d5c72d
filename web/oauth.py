"""Access tokens of API clients: OAuth 2.0 client credentials (RFC 6749 section 4.4), JWTs as RFC 9068 has them."""

import base64
import binascii
import time
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from careconnect.auth import Actor
from careconnect.errors import NotAuthenticated
from careconnect.ids import uuid7
from web.gateway import Gateway

LIFETIME = 3600
AUDIENCE = "careconnect-api"
_LONGEST = 200
"""No client id or secret of ours is longer."""
router = APIRouter(tags=["tokens"])


class AccessTokens:
    """Signs with the newest key and verifies with every key of the file; put a new key in front to rotate."""

    def __init__(self, key_file: Path, issuer: str) -> None:
        pems = [
            f"{part}-----END PRIVATE KEY-----\n" for part in key_file.read_text().split("-----END PRIVATE KEY-----")
        ]
        self._keys = KeySet([RSAKey.import_key(pem.strip()) for pem in pems[:-1]])
        for key in self._keys.keys:
            key.ensure_kid()
        self._issuer = issuer
        self._known: dict[str, tuple[Actor, float]] = {}

    def sign(self, actor: Actor) -> str:
        """Give an access token, valid for an hour."""
        moment = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(actor.id),
            "tenant": str(actor.tenant_id),
            "scope": " ".join(sorted(actor.scopes)),
            "iat": moment,
            "exp": moment + LIFETIME,
            "jti": uuid7().hex,
        }
        key = self._keys.keys[0]
        return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=["RS256"])

    def verify(self, token: str) -> Actor:
        """Read the API client back.

        Raises:
            NotAuthenticated: the signature, the audience, the issuer or the time is wrong.
        """
        known = self._known.get(token)
        if known is None:
            known = self._read(token)
            if len(self._known) > 10_000:  # noqa: PLR2004 - about ten megabytes
                self._known.clear()
            self._known[token] = known
        if known[1] < time.time():
            raise NotAuthenticated("The access token has expired; ask for a new one.")
        return known[0]

    def _read(self, token: str) -> tuple[Actor, float]:
        try:
            claims = jwt.decode(token, self._keys, algorithms=["RS256"]).claims
            rules = jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
            )
            rules.validate(claims)
            actor = Actor(
                id=UUID(claims["sub"]),
                tenant_id=UUID(claims["tenant"]),
                kind="client",
                scopes=frozenset(claims["scope"].split()),
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise NotAuthenticated("The access token cannot be verified.") from error
        return actor, float(claims["exp"])

    def jwks(self) -> dict[str, Any]:
        """Give the public keys (RFC 7517)."""
        return {"keys": [key.as_dict(private=False, use="sig", alg="RS256") for key in self._keys.keys]}


@router.post("/oauth/token", summary="Get an access token with a client id and secret")
async def token(
    request: Request,
    grant_type: Annotated[str, Form()] = "",
    scope: Annotated[str | None, Form()] = None,
    client_id: Annotated[str | None, Form()] = None,
    client_secret: Annotated[str | None, Form()] = None,
) -> Response:
    """Answer as RFC 6749 sections 5.1 and 5.2 say."""
    if not grant_type:
        return _refused("invalid_request", 400)
    if grant_type != "client_credentials":
        return _refused("unsupported_grant_type", 400)
    credentials = _basic(request) or (client_id, client_secret)
    if not all(credentials) or any(len(part or "") > _LONGEST for part in credentials):
        return _refused("invalid_client", 401)
    gateway: Gateway = request.app.state.gateway
    try:
        client = await gateway.identity.authenticate_client(
            Actor.system("identity:authenticate"), str(credentials[0]), str(credentials[1])
        )
    except NotAuthenticated:
        return _refused("invalid_client", 401)
    granted = frozenset(client.scopes)
    wanted = frozenset(scope.split()) if scope else granted
    if not wanted <= granted:
        return _refused("invalid_scope", 400)
    actor = Actor(id=client.id, tenant_id=client.tenant_id, kind="client", scopes=wanted)
    tokens: AccessTokens = request.app.state.access_tokens
    body = {
        "access_token": tokens.sign(actor),
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "scope": " ".join(sorted(wanted)),
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


@router.get("/.well-known/jwks.json", summary="The public keys of access tokens")
async def jwks(request: Request) -> dict[str, Any]:
    """Give the keys, the newest first."""
    tokens: AccessTokens = request.app.state.access_tokens
    return tokens.jwks()


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret


def _refused(error: str, status: int) -> JSONResponse:
    headers = {"Cache-Control": "no-store"} | (
        {"WWW-Authenticate": "Basic"} if status == NotAuthenticated.status else {}
    )
    return JSONResponse({"error": error}, status, headers)
