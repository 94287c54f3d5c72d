"""The money check: what each step is asked and answers. Ids, codes and counts; the lists stay where they are."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.payments.schemas import Compared, Comparison, OrphanKind, Part

GRACE_SECONDS = 900
"""Seconds for which something counts as under way: a hold and its payment are decided within ten minutes."""


class MoneyCheckRequest(BaseModel):
    """Starts `MoneyCheck`."""

    tenant_id: UUID
    cause: Literal["schedule", "request"] = "schedule"
    grace_seconds: int = GRACE_SECONDS


class CheckStep(BaseModel):
    """One step of a check: of a gateway's list, of a part of the books, or of all."""

    tenant_id: UUID
    check_id: UUID
    cause: Literal["schedule", "request"] = "schedule"
    grace_seconds: int = GRACE_SECONDS
    gateways: list[str] = []
    part: Part = "invoices"
    matched: int = 0


class CheckStarted(BaseModel):
    """A check that has begun: as of when, and whose lists have to be read."""

    as_of: datetime
    gateways: list[str]


class ChargesResult(BaseModel):
    """The gateways' lists, compared; `matched` payments have their charge."""

    charges: Compared = Compared()
    refunds: Compared = Compared()
    matched: int = 0


class ToAsk(BaseModel):
    """An orphan whose payment has a process."""

    orphan_id: UUID
    payment_id: UUID
    kind: OrphanKind


class Mending(BaseModel):
    """What was mended, and the orphans that their payments' processes are to mend."""

    mended: int = 0
    to_ask: list[ToAsk] = []


class MendStep(CheckStep):
    """Tells which orphans' processes were asked, and asks whether they are mended."""

    orphans: list[UUID] = []


class Unmended(BaseModel):
    """The orphans whose money is still held."""

    orphans: list[UUID] = []


class ConclusionStep(CheckStep):
    """Ends a check with what was compared."""

    compared: dict[Comparison, Compared] = {}
    missing: list[Comparison] = []


class MoneyCheckResult(BaseModel):
    """What a check came to: how many orphans it found, mended, and left for a person."""

    check_id: UUID
    as_of: datetime
    found: int = 0
    mended: int = 0
    open: int = 0
    missing: list[Comparison] = []
