"""What becomes of an appointment's money when it has ended, and of what a person has to look at."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from careconnect.money import Money
    from services.appointments.schemas import Status
    from workflows import policies
    from workflows.contracts import (
        BookingRequest,
        Changed,
        HeldPayment,
        MoneyHeld,
        MoneyTarget,
        Resolution,
        Settled,
        Settlement,
        VisitEarned,
    )
    from workflows.neighbours import Neighbours
    from workflows.undo import ours

_ASK_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Ending:
    """Why money goes back, and how much may stay; `cause` is part of the refunds' ids."""

    reason: str
    cause: str
    keep: Money | None = None


class Settling(Neighbours):
    """Returns what is not kept, payment by payment, and waits under Attention where that fails."""

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.ending: Ending | None = None
        self.money_settled = False
        self._asked: dict[UUID, Settlement] = {}
        self._answers: dict[UUID, Settled] = {}
        self.try_again: Callable[[], Awaitable[list[str]]] = self.undos.run

    async def settle_money(self) -> None:
        """Keep what the policy says and return the rest; no invoice stays open for what did not take place."""
        ending = self._how_it_ended()
        if ending is None:
            await self._keep_everything()
            await self._earn()
        else:
            self._asked = _shares(await self._held(), self._settlement(ending))
            self.try_again = lambda: self._settle(ending)
            self.failed_steps = await self._settle(ending)
            await self.until_resolved()
        self.money_settled = True

    def _how_it_ended(self) -> Ending | None:
        if self.now().status == Status.NO_SHOW:
            return self.ending or Ending("no_show", "no_show", self.no_show_fee())
        if self.now().status == Status.CANCELLED:
            return self.ending or Ending(self.now().cancellation_reason or "other", "cancellation")
        return None

    async def _keep_everything(self) -> None:
        if self.payment:
            await self.settle_payment(self.payment.id, Settlement(actor=self.own))

    async def _earn(self) -> None:
        """Let the price of a visit that took place be revenue; what is invoiced for it later is so at once."""
        if self.now().status != Status.FULFILLED or not workflow.patched("earn-visit"):
            return
        earned = VisitEarned(actor=self.own, appointment_id=self.request.appointment_id, ended_at=self.now().end)
        await workflow.execute_local_activity_method(PaymentActivities.earn_visit, earned, **policies.WITHOUT_END)

    async def _held(self) -> list[HeldPayment]:
        target = MoneyTarget(actor=self.own, appointment_id=self.request.appointment_id)
        found: MoneyHeld = await workflow.execute_local_activity_method(
            PaymentActivities.held, target, **policies.WITHOUT_END
        )
        return found.payments

    async def held_in(self, currency: str) -> int:
        """Add up what is held in one currency, in its minor units."""
        held = await self._held()
        same = [one for one in held if one.held.currency == currency]
        if len(same) < len(held) and not workflow.patched("held-in-one-currency"):
            same = held
        return sum(one.held.amount for one in same)

    def _settlement(self, ending: Ending) -> Settlement:
        return Settlement(
            actor=self.own,
            keep=ending.keep,
            reason=ending.reason,
            cause=ending.cause,
            appointment_id=self.request.appointment_id,
        )

    async def _settle(self, ending: Ending) -> list[str]:
        """Ask each payment that is not settled yet, then let go what is no longer owed; tell which step failed."""
        missing = {key for key in self._asked if not self._is_settled(key)}
        for key in missing:
            self._answers.pop(key, None)
        while not await self._have_answered(missing):
            workflow.logger.warning("payments_are_silent")
        if not all(map(self._is_settled, self._asked)):
            return ["return_money"]
        return await self._close_invoices(ending)

    async def _have_answered(self, payments: set[UUID]) -> bool:
        silent = sorted(payments - self._answers.keys())
        await asyncio.gather(*(self.settle_payment(key, self._asked[key]) for key in silent))
        try:
            await workflow.wait_condition(
                lambda: payments <= self._answers.keys(), timeout=_ASK_AGAIN, timeout_summary="ask the payments again"
            )
        except TimeoutError:
            return False
        return True

    def _is_settled(self, payment_id: UUID) -> bool:
        return payment_id in self._answers and self._answers[payment_id].refused is None

    async def _close_invoices(self, ending: Ending) -> list[str]:
        target = MoneyTarget(actor=self.own, appointment_id=self.request.appointment_id, reason=ending.reason)
        try:
            await workflow.execute_local_activity_method(
                PaymentActivities.close_invoices, target, **policies.WITHOUT_END
            )
        except BaseException as error:
            if not ours(error):
                raise
            return ["close_invoice"]
        return []

    # What waits for a person ------------------------------------------------------------------------------------------

    async def until_resolved(self) -> None:
        """Stay under Attention until what failed has healed, or a person lets it be."""
        if self.failed_steps:
            async with self.changing:
                await self.flag()
        while self.failed_steps:
            try:
                await workflow.wait_condition(
                    lambda: not self.failed_steps,
                    timeout=policies.HEAL_EVERY if self.undos.may_heal else None,
                    timeout_summary="try again what failed",
                )
            except TimeoutError:
                async with self.changing:
                    await self._resolve("retry")

    async def _resolve(self, action: str) -> None:
        if action == "retry":
            self.failed_steps = await self.try_again()
        else:
            self.failed_steps = []
        await self.flag()

    @workflow.update
    async def resolve(self, resolution: Resolution) -> Changed:
        """Take the appointment from Attention: with `retry`, after what failed was done; with `skip`, as it is."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        async with self.changing:
            if self.failed_steps:
                await self._resolve(resolution.action)
        return Changed(appointment=self.appointment)

    @workflow.signal
    def payment_settled(self, settled: Settled) -> None:
        """Hear what became of a payment."""
        self._answers[settled.payment_id] = settled


def _shares(payments: list[HeldPayment], whole: Settlement) -> dict[UUID, Settlement]:
    """Say to each payment how much of it stays: the oldest pay the fee first, and only in its currency."""
    found, left = {}, whole.keep
    for one in payments:
        keep = None
        if left and one.held.currency == left.currency:
            keep = min(left, one.held, key=lambda money: money.amount)
            left -= keep
        found[one.payment_id] = whole.model_copy(update={"keep": keep})
    return found
