"""The gateway's own list against our payments and refunds, a page at a time, and back.

Back takes no list of what was seen: each charge has one payment under its reference, so if as many payments were
matched as there are that need a charge, none is without. Only where the numbers differ does a second pass keep it.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from services.payments import ledger
from services.payments.checking.orphans import note
from services.payments.collection.till import Till
from services.payments.models import MoneyCheckSeen, Payment, Refund
from services.payments.models.corrections import NO_CHARGE
from services.payments.schemas import (
    ChargesAsk,
    ChargesCompared,
    Compared,
    GatewayCharge,
    GatewayRefund,
    OrphanKind,
    OrphanNote,
    UnchargedAsk,
    UnchargedFound,
)
from services.payments.states import PaymentStatus, RefundStatus

_SAME = {
    "authorised": {PaymentStatus.authorised},
    "captured": {PaymentStatus.captured},
    "voided": {PaymentStatus.voided, PaymentStatus.failed},
    "declined": {PaymentStatus.declined},
}
_AHEAD = {("authorised", "captured"), ("authorised", "voided")}
_NEEDS_CHARGE = sa.and_(
    Payment.gateway != ledger.DESK,
    sa.or_(Payment.invoice_id.is_not(None), Payment.gateway_reference.is_not(None)),
    Payment.decline_code.is_distinct_from(NO_CHARGE),
)
"""A door that was closed before anybody asked the gateway has no charge, nor has what somebody found to have none."""


async def compare(till: Till, check_id: UUID, as_of: datetime, asked: ChargesAsk) -> ChargesCompared:
    """Compare one page of a gateway's list with what is written down here."""
    page = await (await till.gateway(asked.gateway)).charges(None, asked.cursor, asked.limit)
    young = clock.now() - timedelta(seconds=asked.grace_seconds)
    async with till.write() as session:
        matched, suspects = await _sifted(session, page.items, as_of)
        payments = await _payments(session, [charge.reference for charge in suspects])
        refunds = await _refunds(
            session, [one.reference for charge in suspects for one in (*charge.refunds, *charge.unsettled)]
        )
        settled = [
            (charge, payments.get(charge.reference))
            for charge in suspects
            if not _under_way(charge, payments.get(charge.reference), young)
        ]
        returned = [(charge, one) for charge, _ in settled for one in charge.refunds]
        odd_refunds = [_unknown(charge, one) for charge, one in returned if not _same(refunds.get(one.reference), one)]
        told = {one.payment_id for one in odd_refunds}
        behind = {charge.reference for charge, _ in settled if _came_back(charge, refunds)}
        odd = [wrong for charge, payment in settled for wrong in _differences(charge, payment, told, behind)]
        await note(session, check_id, [*odd, *odd_refunds])
        if asked.remember:
            await _keep(session, check_id, [charge.reference for charge in page.items])
    return ChargesCompared(
        charges=Compared(checked=len(page.items), found=len(odd)),
        refunds=Compared(checked=len(returned), found=len(odd_refunds)),
        matched=matched,
        next_cursor=page.next_cursor,
    )


async def uncharged(till: Till, check_id: UUID, as_of: datetime, asked: UnchargedAsk) -> UnchargedFound:
    """Find payments from before the check that the gateway does not know."""
    needing = sa.select(sa.func.count()).select_from(Payment).where(_NEEDS_CHARGE, Payment.created_at < as_of)
    async with till.write() as session:
        count = await session.scalar(needing) or 0
        if not asked.remembered:
            return UnchargedFound(payments=Compared(checked=count), certain=count == asked.matched)
        seen = sa.and_(MoneyCheckSeen.check_id == check_id, MoneyCheckSeen.reference == Payment.id)
        lost = sa.select(Payment).where(_NEEDS_CHARGE, Payment.created_at < as_of, ~sa.exists().where(seen)).limit(1000)
        rows = (await session.scalars(lost)).all()
        await note(session, check_id, [_uncharged(row) for row in rows])
        await session.execute(sa.delete(MoneyCheckSeen).where(MoneyCheckSeen.check_id == check_id))
    return UnchargedFound(payments=Compared(checked=count, found=len(rows)), certain=True)


_SIFT = """
SELECT count(*) FILTER (WHERE payment.gateway <> 'desk' AND payment.created_at < :as_of
    AND (payment.invoice_id IS NOT NULL OR payment.gateway_reference IS NOT NULL)
    AND payment.decline_code IS DISTINCT FROM 'no_charge') AS matched,
  array_agg(listed.place) FILTER (WHERE listed.returned OR payment.id IS NULL OR payment.invoice_id IS NULL
    OR (payment.currency, payment.amount, payment.captured, payment.refunded, payment.refunding)
      <> (listed.currency, listed.amount, listed.captured, listed.refunded, 0)
    OR (listed.status, payment.status::text) NOT IN (('authorised', 'authorised'), ('captured', 'captured'),
      ('voided', 'voided'), ('voided', 'failed'), ('declined', 'declined'))) AS suspects
FROM unnest(:reference, :status, :currency, :amount, :captured, :refunded, :returned) WITH ORDINALITY
  AS listed(reference, status, currency, amount, captured, refunded, returned, place)
LEFT JOIN payments AS payment ON payment.tenant_id = :tenant AND payment.id = listed.reference
"""
_LISTED: dict[str, Any] = {
    "reference": sa.Uuid, "status": sa.Text, "currency": sa.Text, "amount": sa.BigInteger, "captured": sa.BigInteger,
    "refunded": sa.BigInteger, "returned": sa.Boolean,
}  # fmt: skip


async def _sifted(
    session: ReadSession, listed: Sequence[GatewayCharge], as_of: datetime
) -> tuple[int, list[GatewayCharge]]:
    """Let the database compare a page at once; tell how many have a payment, and which have to be looked at one by one.

    Those are the ones that differ in anything, and those with refunds.
    """
    if not listed:
        return 0, []
    columns: dict[str, list[Any]] = {
        "reference": [one.reference for one in listed],
        "status": [one.status for one in listed],
        "currency": [one.amount.currency for one in listed],
        "returned": [bool(one.refunds) for one in listed],
    }
    columns |= {name: [getattr(one, name).amount for one in listed] for name in ("amount", "captured", "refunded")}
    known: list[sa.BindParameter[Any]] = [sa.bindparam(name, type_=ARRAY(kind)) for name, kind in _LISTED.items()]
    known += [sa.bindparam("as_of", type_=sa.DateTime(timezone=True)), sa.bindparam("tenant", type_=sa.Uuid)]
    values = columns | {"as_of": as_of, "tenant": session.tenant_id}
    row = (await session.execute(sa.text(_SIFT).bindparams(*known), values)).one()
    return row.matched, [listed[place - 1] for place in sorted(row.suspects or ())]


async def _payments(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Any]:
    columns = [getattr(Payment, name) for name in _COLUMNS]
    rows = (await session.execute(sa.select(*columns).where(Payment.id.in_(ids)))).all() if ids else []
    return {row.id: row for row in rows}


_COLUMNS = (
    "id", "invoice_id", "appointment_id", "status", "amount", "captured", "refunding", "refunded", "currency",
    "gateway", "gateway_reference", "created_at", "updated_at",
)  # fmt: skip


async def _refunds(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Any]:
    columns = [Refund.id, Refund.payment_id, Refund.amount, Refund.currency, Refund.status]
    rows = (await session.execute(sa.select(*columns).where(Refund.id.in_(ids)))).all() if ids else []
    return {row.id: row for row in rows}


def _under_way(charge: GatewayCharge, payment: Any, young: datetime) -> bool:
    """Leave alone what may be written down at this moment."""
    moments = [charge.created_at] if payment is None else [payment.updated_at]
    return max(moments) > young


def _came_back(charge: GatewayCharge, refunds: Mapping[UUID, Any]) -> bool:
    """Tell whether a refund failed at the gateway of which no event has come."""
    rows = [refunds.get(one.reference) for one in charge.unsettled if one.status == "failed"]
    return any(row.payment_id == charge.reference and row.status != RefundStatus.failed for row in rows if row)


def _differences(
    charge: GatewayCharge, payment: Any, told: Container[UUID | None], behind: Container[UUID]
) -> Iterable[OrphanNote]:
    """Tell what differs; of `told` a refund is told of by itself, and `behind` have one that failed there."""
    if payment is None or (payment.invoice_id is None and payment.status == PaymentStatus.voided):
        if charge.status == "authorised":
            yield _wrong(OrphanKind.authorisation_alone, charge, payment, "unknown", 0, charge.amount.amount)
        elif charge.captured.amount > charge.refunded.amount:
            left = charge.captured.amount - charge.refunded.amount
            yield _wrong(OrphanKind.charge_without_payment, charge, payment, "unknown", 0, left)
        return
    if (payment.currency, payment.amount) != (charge.amount.currency, charge.amount.amount):
        yield _wrong(OrphanKind.amounts_differ, charge, payment, "amount", payment.amount, charge.amount.amount)
    elif payment.status not in _SAME[charge.status]:
        ahead = (payment.status.value, charge.status) in _AHEAD
        kind = OrphanKind.status_differs if ahead else OrphanKind.amounts_differ
        detail = f"{payment.status.value}:{charge.status}"
        yield _wrong(kind, charge, payment, detail, payment.captured, charge.captured.amount)
    elif payment.captured != charge.captured.amount:
        yield _wrong(OrphanKind.amounts_differ, charge, payment, "captured", payment.captured, charge.captured.amount)
    elif charge.reference in behind:
        detail, amounts = "refund:failed", (payment.refunded, charge.refunded.amount)
        yield _wrong(OrphanKind.status_differs, charge, payment, detail, *amounts)
    elif payment.refunded > charge.refunded.amount:
        yield _wrong(OrphanKind.refund_missing, charge, payment, "refunded", payment.refunded, charge.refunded.amount)
    elif payment.refunded + payment.refunding < charge.refunded.amount and payment.id not in told:
        yield _wrong(OrphanKind.amounts_differ, charge, payment, "refunded", payment.refunded, charge.refunded.amount)


def _wrong(kind: OrphanKind, charge: GatewayCharge, payment: Any, detail: str, here: int, there: int) -> OrphanNote:
    return OrphanNote(
        kind=kind,
        subject_id=charge.reference,
        payment_id=payment.id if payment else None,
        invoice_id=payment.invoice_id if payment else None,
        appointment_id=payment.appointment_id if payment else None,
        gateway=charge.gateway,
        detail=detail,
        currency=charge.amount.currency,
        here=here,
        there=there,
    )


def _same(row: Any, refund: GatewayRefund) -> bool:
    if row is None or row.status == RefundStatus.failed:
        return False
    return bool(
        (row.payment_id, row.amount, row.currency) == (refund.payment, refund.amount.amount, refund.amount.currency)
    )


def _unknown(charge: GatewayCharge, refund: GatewayRefund) -> OrphanNote:
    return OrphanNote(
        kind=OrphanKind.refund_unknown,
        subject_id=refund.reference,
        payment_id=charge.reference,
        gateway=charge.gateway,
        currency=refund.amount.currency,
        here=0,
        there=refund.amount.amount,
    )


def _uncharged(row: Payment) -> OrphanNote:
    return OrphanNote(
        kind=OrphanKind.payment_without_charge,
        subject_id=row.id,
        payment_id=row.id,
        invoice_id=row.invoice_id,
        appointment_id=row.appointment_id,
        gateway=row.gateway,
        detail=row.status.value,
        currency=row.currency,
        here=row.captured or row.amount,
        there=0,
    )


async def _keep(session: WriteSession, check_id: UUID, references: Sequence[UUID]) -> None:
    if references:
        rows = [{"tenant_id": session.tenant_id, "check_id": check_id, "reference": one} for one in references]
        await session.execute(insert(MoneyCheckSeen).values(rows).on_conflict_do_nothing())
