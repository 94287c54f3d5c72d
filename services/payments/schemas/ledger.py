"""The ledger over the wire: balances, entries, and the months of the books."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from careconnect.money import Currency, Money
from services.payments.accounts import Kind
from services.payments.schemas.requests import Input, Reason

Month = Annotated[str, StringConstraints(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
"""A month of the books, such as 2026-11."""


class Balance(BaseModel):
    """What one account holds in one currency: debits positive, credits negative.

    `opening` is what it held before the span asked about; `debits` (positive) and `credits` (negative) moved it;
    `balance` is what it holds at the end. `period` is named where each month is asked for.
    """

    account: str
    kind: Kind
    opening: Money
    debits: Money
    credits: Money
    balance: Money
    period: Month | None = None


class EntryLine(BaseModel):
    """What an entry does to one account: debits positive, credits negative."""

    account: str
    amount: Money


class Entry(BaseModel):
    """One business event in the books: `kind` of event, what it is about, when it was, and in which month it stands."""

    id: UUID
    kind: str
    subject_id: UUID
    booked_at: datetime
    period: Month
    lines: list[EntryLine]


class Period(BaseModel):
    """A month of the books. One that nobody closed is open, from the first entry to the present month."""

    period: Month
    status: Literal["open", "closed"]
    reason: str | None = None
    changed_by: UUID | None = None
    changed_at: datetime | None = None
    zone: str = "UTC"


class PeriodWrite(Input):
    """Closes a month of the books, or opens it again; why is kept."""

    status: Literal["open", "closed"]
    reason: Reason


class EntryFilter(BaseModel):
    """Which entries: those of a month, perhaps of one account, one kind, one subject or one currency."""

    period: Month
    account: str | None = None
    kind: str | None = None
    subject_id: UUID | None = None
    currency: Currency | None = None
