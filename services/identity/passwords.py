"""Passwords, kept as Argon2id hashes (RFC 9106) and compared in threads, since a comparison is made to be slow."""

import asyncio
import base64
import os
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

TIME_COST = 2
MEMORY_KIB = 19_456
LANES = 1
"""The minimum that the OWASP Password Storage Cheat Sheet asks for; older hashes are renewed at the next sign-in."""

_HASHER = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)


async def hashed(password: str) -> str:
    """Hash a password for keeping, with a fresh salt."""
    return await asyncio.to_thread(_HASHER.hash, _same_letters(password))


async def matches(kept: str | None, password: str) -> bool:
    """Tell whether `password` is the one of the hash `kept`.

    Without a hash the answer is no, and takes as long as with one: how long a refusal takes tells nothing.
    """
    return await asyncio.to_thread(_verify, kept or _NOBODYS, password) and kept is not None


def outdated(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than are in force."""
    return _HASHER.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, _same_letters(password))
    except (VerificationError, InvalidHashError):
        return False


def _same_letters(password: str) -> str:
    """Give one form to letters that keyboards send in several (NIST SP 800-63B asks for it)."""
    return unicodedata.normalize("NFKC", password)


def _random(length: int) -> str:
    return base64.b64encode(os.urandom(length)).decode().rstrip("=")


_NOBODYS = (
    f"$argon2id$v={ARGON2_VERSION}$m={MEMORY_KIB},t={TIME_COST},p={LANES}"
    f"${_random(_HASHER.salt_len)}${_random(_HASHER.hash_len)}"
)
