"""Asking a payment's process to settle, whether it rests, runs, or has ended."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.beside import BesideActivities
    from workflows import policies
    from workflows.contracts import Settlement, SettleRequest


async def asked_to_settle(payment_id: UUID, settlement: Settlement) -> bool:
    """Tell the payment's process; false in a workflow that was begun when it was told by a signal of its own.

    A signal alone does not wake a process that rests until its visit ends; one that may start it does.
    """
    if not workflow.patched("settle-by-step"):
        return False
    asked = SettleRequest(payment_id=payment_id, settlement=settlement)
    await workflow.execute_local_activity_method(BesideActivities.settle, asked, **policies.WITHOUT_END)
    return True
