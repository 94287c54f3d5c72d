"""The sweep: events of gateways that were acknowledged and are not finished, and drafts that nobody decides on."""

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from uuid import UUID

    from activities.appointments import AppointmentActivities
    from activities.payments import PaymentActivities
    from careconnect.auth import Actor
    from services.payments.schemas import Unfinished
    from workflows import ids, policies
    from workflows.asking import asked_to_settle
    from workflows.contracts import CollectRequest, Settlement, SweepRequest
    from workflows.payment import PaymentCapture
    from workflows.undo import ours

LATE = "paid_too_late"
"""Why money goes back that came when nothing was owed any more; it is part of the refund's name."""
SCOPES = frozenset({"payments:read", "payments:write", "payments:refund"})


@workflow.defn(name="GatewayEvents")
class GatewayEvents:
    """Looks into events that waited for their gateway, and lets money go back that came too late.

    Mostly there are none: an event has its effect when it comes, and the edge begins what follows. This is for those
    whose gateway was silent, and for the moment in which the edge died or the engine was away. Such a moment may leave
    the draft of a reason behind, too: those go with time.
    """

    @workflow.run
    async def run(self, request: SweepRequest) -> Unfinished:
        """Finish what is left, once."""
        actor = Actor.workflow(request.tenant_id, "events", SCOPES)
        found: Unfinished = await workflow.execute_activity_method(
            PaymentActivities.finish_events, SweepRequest(tenant_id=request.tenant_id, actor=actor), **policies.SWEEP
        )
        for payment_id in found.return_payments:
            await self._give_back(actor, payment_id)
        if workflow.patched("forgotten-drafts"):
            await self._forget_drafts(request)
        return found

    async def _give_back(self, actor: Actor, payment_id: UUID) -> None:
        """Tell the payment's process; one that has ended is started again for it."""
        settlement = Settlement(actor=actor, reason=LATE, cause=LATE)
        if await asked_to_settle(payment_id, settlement):
            return
        handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, ids.payment(payment_id))
        try:
            await handle.signal(PaymentCapture.settle, settlement)
        except BaseException as error:
            if not ours(error):
                raise
            await self._start(CollectRequest(actor=actor, payment_id=payment_id, settlement=settlement))

    async def _forget_drafts(self, request: SweepRequest) -> None:
        """Drop what was written for changes that were never asked for; what cannot be now is at the next turn."""
        try:
            await workflow.execute_local_activity_method(
                AppointmentActivities.forget_drafts, request, **policies.GLANCE
            )
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.warning("drafts_left")

    async def _start(self, request: CollectRequest) -> None:
        tenant = SearchAttributePair(ids.TENANT, str(request.actor.tenant_id))
        try:
            await workflow.start_child_workflow(
                PaymentCapture.run,
                request,
                id=ids.payment(request.payment_id),
                task_queue=ids.BOOKINGS,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=TypedSearchAttributes([tenant]),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("somebody_else_started_it")  # the next turn tells it, if it still is to be told
