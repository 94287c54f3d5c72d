"""The books as `careconnect verify` reads them, for the records of one test."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from careconnect.config import Settings
from operations.verify.evidence import Evidence
from operations.verify.laws import ledger

Laws = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def laws(settings: Settings) -> Laws:
    """Have the books read from outside, and tell what they say wrongly of some records."""

    async def violations(*keys: UUID | str) -> list[str]:
        async with Evidence(settings) as evidence:
            found = (await ledger.check(evidence)).violations
        return [one for one in found if any(str(key) in one for key in keys)]

    return violations
