"""Who asks: the actor, the signed internal token that carries it, and the check at every service's door."""

import base64
import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import Depends, Request
from joserfc import jws
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict

from careconnect.errors import Forbidden, NotAuthenticated
from careconnect.ids import derived_id

LIFETIME = 300
"""Seconds that an internal token lives."""
NOBODY = UUID(int=0)
"""The tenant of the platform itself: before sign-in, and for what belongs to no tenant."""


class Actor(BaseModel):
    """Somebody or something that asks, within one tenant, with what it may do."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    tenant_id: UUID
    kind: Literal["staff", "client", "workflow", "patient", "system"]
    scopes: frozenset[str]
    consultant_id: UUID | None = None
    limited: bool = False
    """Whether only records of one's own are seen, and those that were opened with a reason."""

    @classmethod
    def workflow(cls, tenant_id: UUID, name: str, scopes: frozenset[str]) -> "Actor":
        """Name what a workflow acts as when no person waits for it."""
        return cls(id=derived_id("workflow", name), tenant_id=tenant_id, kind="workflow", scopes=scopes)

    @classmethod
    def system(cls, *scopes: str, tenant_id: UUID = NOBODY) -> "Actor":
        """Name the platform itself: sign-in, set-up, checks."""
        return cls(id=derived_id("system"), tenant_id=tenant_id, kind="system", scopes=frozenset(scopes))

    def may(self, scope: str) -> bool:
        """Tell whether the actor holds `scope`; `*` holds all."""
        return scope in self.scopes or "*" in self.scopes


class Tokens:
    """Signs and verifies the internal tokens: JWTs (RFC 7519) with EdDSA over Ed25519, five minutes long, per service.

    Signing and verifying are remembered per actor and per token, since one booking crosses six services.
    """

    def __init__(self, private_key_pem: bytes) -> None:
        private = load_pem_private_key(private_key_pem, password=None)
        if not isinstance(private, Ed25519PrivateKey):
            message = "the internal key must be an Ed25519 private key in PEM"
            raise TypeError(message)
        self._key = OKPKey.import_key(private_key_pem.decode())
        self._public: Ed25519PublicKey = private.public_key()
        self._signed: OrderedDict[tuple[str, Actor], tuple[str, float]] = OrderedDict()
        self._verified: OrderedDict[tuple[str, str], tuple[Actor, float]] = OrderedDict()

    @classmethod
    def from_file(cls, path: Path) -> "Tokens":
        """Read the key from a PEM file."""
        return cls(path.read_bytes())

    def sign(self, actor: Actor, audience: str) -> str:
        """Give a token that lets `actor` speak to the service `audience`."""
        moment = time.time()
        known = self._signed.get((audience, actor))
        if known and known[1] - moment > LIFETIME / 5:
            return known[0]
        claims = actor.model_dump(mode="json", exclude={"id"}) | {
            "iss": "careconnect",
            "sub": str(actor.id),
            "aud": audience,
            "exp": int(moment) + LIFETIME,
        }
        claims["scopes"] = sorted(actor.scopes)
        token = jws.serialize_compact(
            {"alg": "Ed25519"}, json.dumps(claims).encode(), self._key, algorithms=["Ed25519"]
        )
        _remember(self._signed, (audience, actor), (token, moment + LIFETIME))
        return token

    def verify(self, token: str, audience: str) -> Actor:
        """Read the actor back.

        Raises:
            NotAuthenticated: the signature, the audience or the time is wrong.
        """
        moment = time.time()
        known = self._verified.get((audience, token))
        if known is None:
            claims = self._claims(token)
            if claims.get("aud") != audience or claims.get("iss") != "careconnect":
                raise NotAuthenticated("The token was made for another service.")
            actor = Actor.model_validate({"id": claims["sub"]} | claims)
            known = (actor, float(claims["exp"]))
            _remember(self._verified, (audience, token), known)
        if known[1] < moment:
            raise NotAuthenticated("The token has expired.")
        return known[0]

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            head, body, signature = token.split(".")
            if json.loads(_decode(head)).get("alg") not in {"EdDSA", "Ed25519"}:
                raise NotAuthenticated("The token is signed in a way that is not accepted.")
            self._public.verify(_decode(signature), f"{head}.{body}".encode())
            claims: dict[str, Any] = json.loads(_decode(body))
        except (ValueError, InvalidSignature) as error:
            raise NotAuthenticated("The token cannot be verified.") from error
        return claims


def require(scope: str) -> Any:
    """Build the dependency that lets a request pass only with `scope`, and hands over its actor."""

    async def check(request: Request) -> Actor:  # async, or FastAPI would send it to a thread
        actor = authenticate(request)
        if not actor.may(scope):
            raise Forbidden(f"This needs the right {scope}.", needed=scope)
        return actor

    return Depends(check)


def authenticate(request: Request) -> Actor:
    """Read the actor from the request's bearer token.

    Raises:
        NotAuthenticated: there is no token, or it is not valid here.
    """
    known = getattr(request.state, "actor", None)
    if isinstance(known, Actor):
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated
    tokens: Tokens = request.app.state.tokens
    actor = tokens.verify(token, request.app.state.name)
    request.state.actor = actor
    return actor


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _remember(store: "OrderedDict[Any, Any]", key: object, value: object) -> None:
    store[key] = value
    if len(store) > 4096:  # noqa: PLR2004 - enough for every actor of a large clinic at once
        store.popitem(last=False)
