"""Identifiers: time-ordered keys, keys derived from a request, and short references for people."""

import hashlib
import os
import time
from uuid import UUID

_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U: they are misheard on a telephone
_LETTERS = 9


def uuid7() -> UUID:
    """Mint a time-ordered key (UUID version 7, RFC 9562 section 5.7)."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return _with_version(value, 7)


def derived_id(*parts: object) -> UUID:
    """Derive a key from `parts`: the same parts always give the same key (UUID version 8, RFC 9562 section 5.8).

    An idempotency key becomes a primary key this way, so that the database itself refuses the second effect.
    """
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return _with_version(int.from_bytes(digest[:16]), 8)


def reference(prefix: str, key: UUID) -> str:
    """Give the short form of a key that people read to each other, such as `CC-7F3KT-9QH2`.

    Nine characters of 30 are drawn from the whole key; the reference is for finding, the key stays the identity.
    """
    number = int.from_bytes(hashlib.sha256(key.bytes).digest()[:8])
    letters = ""
    for _ in range(_LETTERS):
        number, index = divmod(number, len(_READABLE))
        letters += _READABLE[index]
    return _shown(prefix, letters)


def read_reference(prefix: str, typed: str) -> str | None:
    """Read a reference however it was typed: in any case, with or without its prefix, dashes and spaces.

    None if it cannot be one.
    """
    letters = "".join(one for one in typed.upper() if one.isalnum())
    if len(letters) == len(prefix) + _LETTERS:
        letters = letters.removeprefix(prefix)
    if len(letters) != _LETTERS or not set(letters) <= set(_READABLE):
        return None
    return _shown(prefix, letters)


def _shown(prefix: str, letters: str) -> str:
    return f"{prefix}-{letters[:5]}-{letters[5:]}"


def _with_version(value: int, version: int) -> UUID:
    value &= ~(0xF << 76) & ~(0x3 << 62) & ((1 << 128) - 1)
    return UUID(int=value | version << 76 | 0b10 << 62)


FIRST_TENANT = derived_id("seed", "tenant")
"""The tenant that every instance begins with."""
