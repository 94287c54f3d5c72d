"""Services that answer a money check as a test wants them to."""

from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from careconnect.ids import uuid7
from services.payments.schemas import Compared, OrphanKind
from workflows.contracts import (
    ChargesResult,
    CheckStarted,
    CheckStep,
    ConclusionStep,
    Mending,
    MendStep,
    MoneyCheckResult,
    PaymentResult,
    PaymentTarget,
    ToAsk,
    Unmended,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Books:
    """Services that answer a check as a test wants them to."""

    def __init__(self, *silent: str) -> None:
        self.silent = silent
        self.matched = 0

    @activity.defn(name="money_check_begin")
    async def begin(self, _: CheckStep) -> CheckStarted:
        return CheckStarted(as_of=NOW, gateways=["sandbox"])

    @activity.defn(name="money_check_charges")
    async def charges(self, step: CheckStep) -> ChargesResult:
        self._speak("charges")
        assert step.gateways == ["sandbox"]
        return ChargesResult(charges=Compared(checked=8), matched=7)

    @activity.defn(name="money_check_uncharged")
    async def uncharged(self, step: CheckStep) -> Compared:
        self.matched = step.matched
        return Compared(checked=7)

    @activity.defn(name="money_check_books")
    async def books(self, step: CheckStep) -> Compared:
        self._speak(step.part)
        return Compared(checked=1, found=step.part == "refunds")

    @activity.defn(name="money_check_visits")
    async def visits(self, _: CheckStep) -> Compared:
        return Compared(checked=5)

    @activity.defn(name="money_check_unbilled")
    async def unbilled(self, _: CheckStep) -> Compared:
        self._speak("visits")
        return Compared(checked=4)

    @activity.defn(name="money_check_mend")
    async def mend(self, _: CheckStep) -> Mending:
        asked = ToAsk(orphan_id=uuid7(), payment_id=uuid7(), kind=OrphanKind.kept_without_visit)
        return Mending(to_ask=[asked])

    @activity.defn(name="read_payment")
    async def standing(self, _: PaymentTarget) -> PaymentResult:
        return PaymentResult()

    @activity.defn(name="money_check_asked")
    async def asked(self, _: MendStep) -> Unmended:
        return Unmended()

    @activity.defn(name="money_check_conclude")
    async def conclude(self, step: ConclusionStep) -> MoneyCheckResult:
        found = sum(one.found for one in step.compared.values())
        return MoneyCheckResult(check_id=step.check_id, as_of=NOW, found=found, missing=step.missing)

    def _speak(self, name: str) -> None:
        if name in self.silent:
            raise ApplicationError("nobody answers", non_retryable=True)

    @property
    def activities(self) -> list[Any]:
        steps = [self.begin, self.charges, self.uncharged, self.books, self.visits, self.mend, self.asked]
        return [*steps, self.unbilled, self.conclude, self.standing]
