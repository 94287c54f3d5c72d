"""Sealing personal data in the columns: envelope encryption, blind indexes and search tokens.

Each tenant has a random data key that is kept wrapped by the installation's master key. A sealed value names the data
key that made it, so keys can be rotated while old values stay readable.
"""

import base64
import hashlib
import hmac
import json
import os
import unicodedata
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_LONGEST_PREFIX = 12


class MasterKey:
    """Wraps data keys; several keys make a rotation: the first wraps, all unwrap."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = {key_id(raw): AESGCM(raw) for raw in (base64.urlsafe_b64decode(key) for key in keys)}
        self._current = next(iter(self._keys))

    def wrap(self, data_key: bytes, tenant_id: UUID) -> bytes:
        """Encrypt a data key for keeping; bound to its tenant."""
        nonce = os.urandom(_NONCE)
        return self._current + nonce + self._keys[self._current].encrypt(nonce, data_key, tenant_id.bytes)

    def unwrap(self, wrapped: bytes, tenant_id: UUID) -> bytes:
        """Decrypt a kept data key.

        Raises:
            ValueError: no master key given here made it, or it belongs to another tenant.
        """
        head, nonce, body = wrapped[:4], wrapped[4 : 4 + _NONCE], wrapped[4 + _NONCE :]
        try:
            return self._keys[head].decrypt(nonce, body, tenant_id.bytes)
        except (KeyError, InvalidTag) as error:
            message = "This installation's master key file does not hold the key that wrapped the tenant's data key."
            raise ValueError(message) from error


class TenantKeys:
    """Seals, opens and indexes one tenant's personal data."""

    def __init__(self, tenant_id: UUID, data_key: bytes) -> None:
        self._aad = tenant_id.bytes
        self._cipher = AESGCM(hmac.digest(data_key, b"seal", "sha256"))
        self._index = hmac.digest(data_key, b"index", "sha256")
        self._id = key_id(data_key)
        self.audit_key = hmac.digest(data_key, b"audit", "sha256")

    @staticmethod
    def fresh() -> bytes:
        """Make a new data key: 32 random bytes."""
        return os.urandom(32)

    def seal(self, value: Any) -> bytes:
        """Encrypt anything that JSON can carry (AES-256-GCM, random nonce, bound to the tenant)."""
        nonce = os.urandom(_NONCE)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return self._id + nonce + self._cipher.encrypt(nonce, plain, self._aad)

    def open(self, sealed: bytes) -> Any:
        """Decrypt what `seal` made.

        Raises:
            ValueError: another key made it, or it was changed.
        """
        if sealed[:4] != self._id:
            message = "sealed with a data key that is not loaded"
            raise ValueError(message)
        try:
            plain = self._cipher.decrypt(sealed[4 : 4 + _NONCE], sealed[4 + _NONCE :], self._aad)
        except InvalidTag as error:
            message = "the sealed value was changed or belongs to another tenant"
            raise ValueError(message) from error
        return json.loads(plain)

    def blind(self, kind: str, value: str) -> str:
        """Index a value for exact search without keeping it: HMAC-SHA-256, 128 bits, apart per `kind`."""
        return hmac.digest(self._index, f"{kind}\x1f{value}".encode(), "sha256")[:16].hex()

    def tokens(self, text: str, min_prefix: int = 2) -> list[str]:
        """Index each word of `text` by each of its beginnings, for a GIN-indexed array."""
        found = {
            word[:length]
            for word in words(text)
            for length in range(min(min_prefix, len(word)), min(len(word), _LONGEST_PREFIX) + 1)
        }
        return sorted(self._token(beginning) for beginning in found)

    def query_tokens(self, text: str) -> list[str]:
        """Give the tokens that a record has if each word of `text` begins a word of it."""
        return sorted({self._token(word[:_LONGEST_PREFIX]) for word in words(text)})

    def _token(self, beginning: str) -> str:
        return hmac.digest(self._index, b"word\x1f" + beginning.encode(), "sha256")[:8].hex()


def words(text: str) -> list[str]:
    """Split into words as search compares them: compatibility form, Latin accents dropped, case folded.

    The vowel signs of Sinhala, Tamil or Arabic stay: without them different names would look the same.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (mark for mark in plain if not "\u0300" <= mark <= "\u036f")
    return "".join(mark if unicodedata.category(mark)[0] in "LMN" else " " for mark in letters).split()


def key_id(key: bytes) -> bytes:
    """Name a key without telling it: four bytes of its digest."""
    return hashlib.sha256(b"key id" + key).digest()[:4]
