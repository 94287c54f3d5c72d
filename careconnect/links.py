"""Signed links: addresses that let somebody without an account see or do one thing until a moment.

A link is a capability: whoever holds it may do what its purpose allows, to one record, and nothing else. It is signed,
not encrypted, so nothing personal belongs into it. Its key is derived from the keys of the workflows' payloads, which
the edge and the workers hold and nobody else does; the first signs, older ones still verify (HMAC-SHA-256, RFC 2104,
cut to 128 bits).
"""

import base64
import hmac
import json
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from careconnect import clock
from careconnect.config import Settings
from careconnect.errors import Refusal

_MAC = 16
_SECONDS = 5
_HEAD = 16 + 16 + _SECONDS


class LinkInvalid(Refusal):
    """Nobody here made this link, or it was changed, or it is for something else."""

    code, status, title = "link_invalid", 404, "This link does not work"


class LinkExpired(Refusal):
    """The link was good until a moment that has passed."""

    code, status, title = "link_expired", 410, "This link has run out"


@dataclass(frozen=True)
class SignedLink:
    """What an opened link says. `data` are codes and ids that the purpose needs beside its subject."""

    tenant_id: UUID
    purpose: str
    subject: UUID
    expires: datetime
    data: dict[str, str] = field(default_factory=dict)


class SignedLinks:
    """Makes and opens signed links."""

    def __init__(self, settings: Settings) -> None:
        self._public_url = settings.web.public_url.rstrip("/")
        self._keys = [
            hmac.digest(base64.urlsafe_b64decode(key), b"signed links", "sha256") for key in settings.codec_keys
        ]

    def make(
        self, tenant_id: UUID, purpose: str, subject: UUID, expires: datetime, *, data: dict[str, str] | None = None
    ) -> str:
        """Sign a link to one record; the same arguments give the same token.

        It holds until the second of `expires`, and is url-safe text of about 70 characters, more with `data`.
        """
        more = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() if data else b""
        moment = int(expires.timestamp()).to_bytes(_SECONDS)
        body = tenant_id.bytes + subject.bytes + moment + more
        return _encode(body + _mac(self._keys[0], purpose, body))

    def open(self, token: str, purpose: str) -> SignedLink:
        """Read a link back.

        Raises:
            LinkInvalid: it was not made here for this purpose, or was changed.
            LinkExpired: its time has passed.
        """
        body = self._verified(token, purpose)
        link = SignedLink(
            tenant_id=UUID(bytes=body[:16]),
            purpose=purpose,
            subject=UUID(bytes=body[16:32]),
            expires=datetime.fromtimestamp(int.from_bytes(body[32:_HEAD]), UTC),
            data=json.loads(body[_HEAD:]) if body[_HEAD:] else {},
        )
        if link.expires <= clock.now():
            raise LinkExpired
        return link

    def address(self, purpose: str, token: str) -> str:
        """Give the full address of the public page, as it stands in a message."""
        return f"{self._public_url}/p/{purpose}/{token}"

    def _verified(self, token: str, purpose: str) -> bytes:
        try:
            signed = _decode(token)
        except (NotBase64, ValueError) as error:
            raise LinkInvalid from error
        body, mac = signed[:-_MAC], signed[-_MAC:]
        if len(body) < _HEAD or not any(hmac.compare_digest(_mac(key, purpose, body), mac) for key in self._keys):
            raise LinkInvalid
        return body


def _mac(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\x1f" + body, "sha256")[:_MAC]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    if _encode(raw) != token:  # the last character carries bits that decoding ignores
        message = "not the one way to write this"
        raise ValueError(message)
    return raw
