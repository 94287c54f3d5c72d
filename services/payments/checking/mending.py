"""What a check mends inside this service: it notes what the gateway did, and sends back what nobody asked for.

Money of a payment that has a process is mended by asking that; here is what no process can know of.
"""

from uuid import UUID

from services.payments import repository
from services.payments.checking import orphans
from services.payments.collection import events, refund, stray
from services.payments.collection.invoicing import cancel_invoice
from services.payments.collection.till import Till
from services.payments.errors import RefundFailed
from services.payments.gateways.protocol import Event
from services.payments.models import Orphan, Payment
from services.payments.schemas import OrphanKind
from services.payments.states import PaymentStatus, RefundStatus

_WHY = "money_check"


async def mend(till: Till, orphan_id: UUID) -> str:
    """Mend an orphan, and tell what became of it; a repeat is harmless.

    One whose payment has a process is mended when that has let the money go; until then it stays `mending`.

    Raises:
        OrphanNotFound: there is none.
        OrphanSettled: it does not wait any more.
        RefundFailed: the gateway would not return the money; the orphan stays open.
        InvoiceHoldsMoney: somebody has paid the invoice since; the orphan stays open.
    """
    async with till.write() as session:
        row = await orphans.settle(session, orphan_id, "mending")
    if has_process(row):
        if await _still_holds(till, row):
            return "mending"
    elif row.kind in {OrphanKind.charge_without_payment, OrphanKind.authorisation_alone}:
        await stray.send_back(till, row.subject_id, _WHY, row.gateway)
    elif row.kind == OrphanKind.status_differs:
        await _follow(till, row)
    elif row.kind == OrphanKind.refund_stuck:
        await _finish(till, row)
    elif row.kind == OrphanKind.invoice_without_visit:
        await cancel_invoice(till, row.subject_id, (await till.keys()).seal(_WHY))
    async with till.write() as session:
        return (await orphans.settle(session, orphan_id, "mended")).status


def has_process(row: Orphan) -> bool:
    """Tell whether the payment's own process mends it: there is a payment, for an invoice."""
    own = row.kind in {OrphanKind.authorisation_alone, OrphanKind.kept_without_visit}
    return own and row.payment_id is not None and row.invoice_id is not None


async def _still_holds(till: Till, row: Orphan) -> bool:
    async with till.read() as session:
        payment = await repository.payment(session, row.payment_id or row.subject_id)
    return payment.status == PaymentStatus.authorised or payment.captured > payment.refunded


async def _follow(till: Till, row: Orphan) -> None:
    """Take in what the gateway says of the charge, as if its event had come."""
    event = Event(f"money-check-{row.id}-{row.check_id}", "charge.checked", till.actor.tenant_id, row.subject_id)
    await events.take_in(till, row.gateway or (await till.gateway()).name, event)


async def _finish(till: Till, row: Orphan) -> None:
    """Ask the gateway once more for a refund that was asked for and has no answer; its key makes that harmless."""
    async with till.read() as session:
        asked = await repository.refund(session, row.subject_id)
        payment: Payment = await repository.payment(session, asked.payment_id)
    if asked.status == RefundStatus.failed:
        raise RefundFailed
    await refund.finish(till, payment, asked, late=True)
