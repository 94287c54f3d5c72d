"""Secrets that the platform mints: session tokens, and the ids and secrets of API clients.

Each session token and client id tells its tenant, so that the row can be looked up under row-level security before
anybody is known; nothing is believed until the secret part has matched. Of secrets only the SHA-256 is kept: they are
random and 256 bits long, so there is nothing that a slow hash would protect.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from uuid import UUID

_SECRET = 32
_CLIENT = 8
_TENANT = 16
_PREFIX = "cc_"


def new_session_token(tenant_id: UUID) -> str:
    """Mint a session token: the tenant, and 256 random bits; URL-safe."""
    return _encoded(tenant_id.bytes + secrets.token_bytes(_SECRET))


def tenant_of_token(token: str) -> UUID | None:
    """Read the tenant that a session token claims; None where it is no token of ours."""
    return _tenant(token, _TENANT + _SECRET)


def csrf_secret(token: str) -> str:
    """Derive the secret that guards a session's forms; it cannot be turned back into the token."""
    return _encoded(hmac.digest(token.encode(), b"careconnect csrf", "sha256"))


def new_client_id(tenant_id: UUID) -> str:
    """Mint the public id of an API client."""
    return _PREFIX + _encoded(tenant_id.bytes + secrets.token_bytes(_CLIENT))


def tenant_of_client(client_id: str) -> UUID | None:
    """Read the tenant that a client id claims; None where it is no id of ours."""
    if not client_id.startswith(_PREFIX):
        return None
    return _tenant(client_id.removeprefix(_PREFIX), _TENANT + _CLIENT)


def new_client_secret() -> str:
    """Mint the secret of an API client: 256 random bits; it is shown once."""
    return _encoded(secrets.token_bytes(_SECRET))


def digest(secret: str) -> bytes:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def same(kept: bytes | None, secret: str) -> bool:
    """Tell, in constant time, whether `kept` was kept of `secret`; with nothing kept the answer is no."""
    return hmac.compare_digest(kept or bytes(hashlib.sha256().digest_size), digest(secret)) and kept is not None


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _tenant(encoded: str, length: int) -> UUID | None:
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:_TENANT]) if len(raw) == length else None
