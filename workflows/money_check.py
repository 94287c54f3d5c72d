"""The money check: the gateway's list, our books and the appointments compared, and mended as far as policy allows."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.money_check import SCOPES, MoneyCheckActivities
    from careconnect.auth import Actor
    from services.payments.schemas import Compared, Comparison, Part
    from workflows import ids, policies
    from workflows.asking import asked_to_settle
    from workflows.contracts import (
        ChargesResult,
        CheckStarted,
        CheckStep,
        CollectRequest,
        ConclusionStep,
        Mending,
        MendStep,
        MoneyCheckRequest,
        MoneyCheckResult,
        Settlement,
        ToAsk,
        Unmended,
    )
    from workflows.payment import PaymentCapture
    from workflows.undo import ours

P = TypeVar("P", bound=CheckStep)
R = TypeVar("R")
_PARTS: tuple[tuple[Comparison, Part], ...] = (
    ("invoices", "invoices"), ("sums", "payments"), ("sums", "refunds"), ("entries", "entries"),
)  # fmt: skip
_LATER_PARTS: tuple[tuple[Comparison, Part], ...] = (("claims", "claims"), ("drawers", "drawers"))
_LOOKS = (1, 2, 4, 8, 15)
"""Seconds between looks at whether the payments have done as they were asked; the next check sees what takes longer."""


@workflow.defn(name="MoneyCheck")
class MoneyCheck:
    """One check. Its id is `money-check-{tenant uuid}`, with the time behind it where the schedule started it."""

    @workflow.init
    def __init__(self, request: MoneyCheckRequest) -> None:
        """Prepare the state that queries read."""
        self.request = request
        self.stage = "beginning"
        self.compared: dict[Comparison, Compared] = {}
        self.missing: list[Comparison] = []
        self.step = CheckStep(
            tenant_id=request.tenant_id,
            check_id=workflow.uuid4(),
            cause=request.cause,
            grace_seconds=request.grace_seconds,
        )

    @workflow.run
    async def run(self, _request: MoneyCheckRequest) -> MoneyCheckResult:
        """Compare everything; what cannot be compared now is missing, and said so; mend; write down what came of it."""
        begun: CheckStarted = await self._do(MoneyCheckActivities.begin, self.step)
        self.step = self.step.model_copy(update={"gateways": begun.gateways})
        await self._compare("charges", "refunds", "payments", how=self._lists)
        for name, part in _PARTS:
            await self._compare(name, how=lambda name=name, part=part: self._books(name, part))  # type: ignore[misc]
        if workflow.patched("check-claims-and-drawers"):
            for name, part in _LATER_PARTS:
                await self._compare(name, how=lambda name=name, part=part: self._books(name, part))  # type: ignore[misc]
        await self._compare("appointments", how=self._visits)
        if workflow.patched("check-visits-without-invoice"):
            await self._compare("visits", how=self._unbilled)
        await self._mend()
        self.stage = "concluding"
        said = self._said(ConclusionStep, compared=self.compared, missing=self.missing)
        result: MoneyCheckResult = await self._do(MoneyCheckActivities.conclude, said)
        self.stage = "done"
        return result

    @workflow.query
    def progress(self) -> dict[str, Any]:
        """Tell where the check stands."""
        return {"stage": self.stage}

    # What is compared -------------------------------------------------------------------------------------------------

    async def _compare(self, *names: Comparison, how: Callable[[], Awaitable[None]]) -> None:
        """Make a comparison; one that fails for good leaves the others as they are."""
        self.stage = names[0]
        try:
            await how()
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            workflow.logger.warning("not_compared", extra={"comparison": names[0]})
            self.missing += [name for name in names if name not in self.missing]

    async def _lists(self) -> None:
        found: ChargesResult = await self._do(MoneyCheckActivities.charges, self.step)
        matched = self.step.model_copy(update={"matched": found.matched})
        uncharged: Compared = await self._do(MoneyCheckActivities.uncharged, matched)
        self.compared |= {"charges": found.charges, "refunds": found.refunds, "payments": uncharged}

    async def _books(self, name: Comparison, part: Part) -> None:
        found: Compared = await self._do(MoneyCheckActivities.books, self.step.model_copy(update={"part": part}))
        self.compared[name] = self.compared.get(name, Compared()) + found

    async def _visits(self) -> None:
        self.compared["appointments"] = await self._do(MoneyCheckActivities.visits, self.step)

    async def _unbilled(self) -> None:
        self.compared["visits"] = await self._do(MoneyCheckActivities.unbilled, self.step)

    # What is mended ---------------------------------------------------------------------------------------------------

    async def _mend(self) -> None:
        self.stage = "mending"
        try:
            await self._mend_what_can_be()
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            workflow.logger.warning("not_mended")  # what was not mended stays under Attention

    async def _mend_what_can_be(self) -> None:
        mending: Mending = await self._do(MoneyCheckActivities.mend, self.step)
        for one in mending.to_ask:
            await self._ask(one)
        waiting = [one.orphan_id for one in mending.to_ask]
        for seconds in _LOOKS:
            if not waiting:
                return
            await workflow.sleep(timedelta(seconds=seconds), summary="wait for the payments")
            left: Unmended = await self._do(MoneyCheckActivities.asked, self._said(MendStep, orphans=waiting))
            waiting = left.orphans

    async def _ask(self, one: ToAsk) -> None:
        """Have the payment's own process let the money go, whether or not that still runs."""
        actor = Actor.workflow(self.request.tenant_id, "money check", SCOPES)
        settlement = Settlement(actor=actor, reason="money_check", cause=f"money check {one.orphan_id}")
        if await asked_to_settle(one.payment_id, settlement):
            return
        handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, ids.payment(one.payment_id))
        try:
            await handle.signal(PaymentCapture.settle, settlement)
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            await self._start(
                one.payment_id, CollectRequest(actor=actor, payment_id=one.payment_id, settlement=settlement)
            )

    async def _start(self, payment_id: UUID, request: CollectRequest) -> None:
        attributes = [SearchAttributePair(ids.TENANT, str(self.request.tenant_id))]
        try:
            await workflow.start_child_workflow(
                PaymentCapture.run,
                request,
                id=ids.payment(payment_id),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=TypedSearchAttributes(attributes),
                static_summary="Payment, after a money check",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("payment_was_started_meanwhile")  # the next check asks it again

    # Small steps ------------------------------------------------------------------------------------------------------

    async def _do(self, step: Callable[[Any, P], Awaitable[R]], asked: P) -> R:
        found: R = await workflow.execute_activity_method(step, asked, summary=self.stage, **policies.COMPARING)
        return found

    def _said(self, shape: type[P], **more: Any) -> P:
        return shape.model_validate(self.step.model_dump() | more)
