"""Examines the laws one after the other, and tells a step that is under way from a broken law."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import asyncpg
from temporalio.service import RPCError

from careconnect.errors import Refusal
from operations.verify.evidence import Evidence
from operations.verify.finding import CannotCheckError, Finding, Law, Verdict

PATIENCE = 20.0
"""Seconds that a difference between two sources may take to settle: the longest step of a booking takes 15."""
PAUSE = 1.0


async def inspect(evidence: Evidence, laws: Sequence[Law], patience: float = PATIENCE) -> AsyncIterator[Verdict]:
    """Examine each law; a source that cannot be read spoils only the laws that need it."""
    for law in laws:
        try:
            yield Verdict(law, await _examine(evidence, law, patience))
        except CannotCheckError as reason:
            yield Verdict(law, Finding(), unreadable=str(reason))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, RPCError, Refusal) as error:
            yield Verdict(law, Finding(), unreadable=f"{type(error).__name__}: {error}")


async def _examine(evidence: Evidence, law: Law, patience: float) -> Finding:
    """Look again as long as violations go away by themselves: a running instance is never still.

    The sources cannot be read at one and the same moment, so only what is found every time is a violation.
    """
    finding = await law.check(evidence)
    persistent = set(finding.violations)
    end = time.monotonic() + patience
    while persistent and time.monotonic() < end:
        await asyncio.sleep(min(PAUSE, patience))
        finding = await law.check(evidence)
        persistent &= set(finding.violations)
    finding.violations = [one for one in finding.violations if one in persistent]
    return finding
