"""What a person can do about an orphan, each time with a reason: the gateway is asked first, and its word counts."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments import repository
from services.payments.checking import mending, orphans, returned, visits
from services.payments.collection import correcting, refund, release
from services.payments.collection.till import Till
from services.payments.errors import GatewaySaysOtherwise, InvoiceNotFound, OrphanSettled, RemedyNotOffered
from services.payments.models import Orphan, Payment, Refund
from services.payments.schemas import (
    REMEDIES,
    GatewayCharge,
    OrphanKind,
    RefundWrite,
    ReleaseWrite,
    Remedy,
    RemedyWrite,
)
from services.payments.states import RefundStatus


async def apply(till: Till, orphan_id: UUID, wanted: RemedyWrite) -> None:
    """Do it, and take the orphan from Attention; a repeat is harmless.

    Where the gateway has accepted something and not done it yet, the orphan is `mending` until a check sees it done.

    Raises:
        OrphanNotFound: there is none.
        OrphanSettled: it was settled in another way.
        RemedyNotOffered: it is none for this kind of orphan.
        GatewaySaysOtherwise: what the check saw is not so any more, or does not fit the books.
        RefundFailed: the gateway would not return the money.
        RefundExceedsCaptured: less is left of the payment.
        InvoiceNotFound: nobody has issued the visit's invoice yet.
    """
    async with till.read() as session:
        row = await orphans.find(session, orphan_id, lock=False)
    if row.status == "mended":
        return
    if row.status not in orphans.WAITING:
        raise OrphanSettled(orphan_status=row.status)
    offered = REMEDIES.get(OrphanKind(row.kind), ())
    if wanted.remedy not in offered:
        raise RemedyNotOffered(remedies=[str(one) for one in offered])
    done = await _DO[wanted.remedy](till, row, wanted.reason)
    reason = (await till.keys()).seal(wanted.reason)
    async with till.write() as session:
        await orphans.settle(session, orphan_id, "mended" if done else "mending", reason, remedy=wanted.remedy.value)


async def _mend(till: Till, row: Orphan, why: str) -> bool:
    if mending.has_process(row) and row.payment_id:
        await release.release(till, row.payment_id, ReleaseWrite(reason=why))
    return await mending.mend(till, row.id) == "mended"


async def _adopt(till: Till, row: Orphan, why: str) -> bool:
    """Take a refund that the gateway made by itself into the books, with its entry."""
    charge = await _charge(till, row.payment_id)
    there = next((one for one in charge.refunds if one.reference == row.subject_id), None)
    if there is None:
        raise GatewaySaysOtherwise
    reason = (await till.keys()).seal(why)
    async with till.write() as session:
        payment, invoice = await repository.lock_money(session, charge.reference)
        await returned.adopt(session, payment, invoice, there, reason)
    return True


async def _resend(till: Till, row: Orphan, why: str) -> bool:
    if row.kind == OrphanKind.refund_failed:
        return await _return_again(till, row, why)
    at_gateway = await _charge(till, row.payment_id)
    payment, missing = await _missing(till, at_gateway)
    at = await till.gateway(payment.gateway)
    for one in missing:
        amount = Money(amount=one.amount, currency=one.currency)
        await at.refund(payment.id, one.id, amount, f"{payment.id}:refund:{one.id}")
    there = await _charge(till, payment.id)
    known = returned.known_to(there)
    if any(one.id not in known for one in missing):
        raise GatewaySaysOtherwise("The gateway still does not have it; mark it as failed, and send it anew.")
    return all(one.id in {back.reference for back in there.refunds} for one in missing)


async def _return_again(till: Till, row: Orphan, why: str) -> bool:
    """Send what failed as a new refund; its id is the same until that has failed too."""
    async with till.read() as session:
        payment = await repository.payment(session, row.payment_id or row.subject_id)
        failed = [one for one in await repository.refunds(session, payment.id) if one.status == RefundStatus.failed]
    wanted = RefundWrite(amount=Money(amount=row.here or 0, currency=payment.currency), reason=why)
    sent, _ = await refund.refund(till, payment.id, derived_id(row.subject_id, "again", len(failed)), wanted)
    return sent.status == RefundStatus.succeeded


async def _mark_failed(till: Till, row: Orphan, why: str) -> bool:
    """Let refunds that the gateway does not have be failed ones: the money is here, and a patient waits for it."""
    del why  # it is kept with the orphan
    charge = await _charge(till, row.payment_id)
    await _missing(till, charge)
    await returned.drop(till, charge)
    return True


async def _missing(till: Till, charge: GatewayCharge) -> tuple[Payment, list[Refund]]:
    """Find the refunds that have gone back here and that the gateway does not have.

    Raises:
        GatewaySaysOtherwise: it has them all.
    """
    missing = await returned.missing(till, charge)
    if not missing:
        raise GatewaySaysOtherwise
    async with till.read() as session:
        return await repository.payment(session, charge.reference), missing


async def _charge(till: Till, payment_id: UUID | None) -> GatewayCharge:
    """Ask the gateway of a payment how its charge stands.

    Raises:
        GatewaySaysOtherwise: it knows none.
    """
    if payment_id is None:
        raise GatewaySaysOtherwise
    async with till.read() as session:
        payment = await repository.payment(session, payment_id)
    charge = await (await till.gateway(payment.gateway)).find(payment_id)
    if charge is None:
        raise GatewaySaysOtherwise
    return charge


async def _take_gateway(till: Till, row: Orphan, why: str) -> bool:
    """Let what the gateway took and returned count; of refunds that its list does not explain, none is touched."""
    charge = await _charge(till, row.payment_id or row.subject_id)
    if row.kind == OrphanKind.refund_unknown or row.detail == "refunded":
        returned.must_be_explained(charge)
    if follow := returned.explained(charge):
        await returned.drop(till, charge)
    await correcting.follow(till, charge.reference, why)
    if follow:
        await returned.adopt_all(till, charge, why)
    return True


async def _issue(till: Till, row: Orphan, why: str) -> bool:
    """See that the invoice is there: whoever knows the visit's terms issues it before."""
    del why
    async with till.read() as session:
        if not await visits.has_invoice(session, row.subject_id):
            raise InvoiceNotFound
    return True


async def _look_again(till: Till, row: Orphan, why: str) -> bool:
    await correcting.look_again(till, row.payment_id or row.subject_id, why)
    return True


_DO: dict[Remedy, Callable[[Till, Orphan, str], Awaitable[bool]]] = {
    Remedy.mend: _mend,
    Remedy.adopt: _adopt,
    Remedy.resend: _resend,
    Remedy.mark_failed: _mark_failed,
    Remedy.take_gateway: _take_gateway,
    Remedy.issue: _issue,
    Remedy.look_again: _look_again,
}
