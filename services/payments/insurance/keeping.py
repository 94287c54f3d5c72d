"""Payers, and what they cover."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession, objection
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Paging, Rows, keyset
from services.payments.errors import PayerExists, PayerNotFound
from services.payments.insurance import covering, schemas
from services.payments.models import Coverage, Payer


async def payers(session: ReadSession, paging: Paging, status: schemas.PayerStatus | None) -> Rows[Payer]:
    """List payers by name."""
    statement = sa.select(Payer)
    if status is not None:
        statement = statement.where(Payer.status == status)
    return await keyset(session, statement, [Payer.name, Payer.id], paging)


async def payer(session: ReadSession, payer_id: UUID) -> Payer:
    """Read a payer.

    Raises:
        PayerNotFound: there is none.
    """
    found = await session.get(Payer, (session.tenant_id, payer_id))
    if found is None:
        raise PayerNotFound
    return found


async def enter_payer(session: WriteSession, payer_id: UUID, wanted: schemas.PayerWrite) -> tuple[Payer, bool]:
    """Enter a payer under an id of the caller's; tell whether it is new.

    Raises:
        PayerExists: its code is another's.
        IdempotencyConflict: the id was used for another payer.
    """
    known = await session.get(Payer, (session.tenant_id, payer_id))
    if known is not None:
        if not known.same_as(wanted):
            raise IdempotencyConflict
        return known, False
    row = Payer.enter(payer_id, wanted)
    session.add(row)
    await _kept(session, row)
    return row, True


async def change_payer(session: WriteSession, payer_id: UUID, wanted: schemas.PayerReplacement) -> Payer:
    """Replace a payer.

    Raises:
        PayerNotFound: there is none.
        PayerExists: its code is another's.
        VersionConflict: it was changed since it was read.
    """
    row = await payer(session, payer_id)
    if not row.same_as(wanted):
        row.change(wanted)
        await _kept(session, row)
    return row


async def _kept(session: WriteSession, row: Payer) -> None:
    with objection({"uq_payers_tenant_id_code": PayerExists, "pk_payers": PayerExists}):
        await session.flush()
    session.record("payer.entered", "payer", row.id, data={"code": row.code, "status": row.status})


async def coverages(session: WriteSession, patient_id: UUID, keys: TenantKeys) -> list[schemas.Coverage]:
    """List a patient's coverages, the newest first; that somebody read them stands in the audit."""
    statement = sa.select(Coverage, Payer).join(Payer, Payer.id == Coverage.payer_id)
    statement = statement.where(Coverage.patient_id == patient_id).order_by(Coverage.created_at.desc(), Coverage.id)
    rows = (await session.execute(statement)).all()
    session.record_access("coverages.read", "patient", patient_id)
    return [one.shown(by, keys) for one, by in rows]


async def enter_coverage(
    session: WriteSession, coverage_id: UUID, wanted: schemas.CoverageWrite, keys: TenantKeys
) -> tuple[schemas.Coverage, bool]:
    """Enter a coverage under an id of the caller's; tell whether it is new.

    Raises:
        PayerNotFound: there is no such payer.
        PayerRetired: it covers no new visits.
        IdempotencyConflict: the id was used for another coverage.
    """
    by = await payer(session, wanted.payer_id)
    known = await session.get(Coverage, (session.tenant_id, coverage_id))
    if known is not None:
        same = (known.patient_id, known.payer_id) == (wanted.patient_id, wanted.payer_id)
        if not same or not known.same_as(wanted, keys):
            raise IdempotencyConflict
        return known.shown(by, keys), False
    by.admit()
    row = Coverage.enter(coverage_id, wanted, keys)
    session.add(row)
    await _noted(session, row, "coverage.entered")
    return row.shown(by, keys), True


async def change_coverage(
    session: WriteSession, coverage_id: UUID, wanted: schemas.CoverageReplacement, keys: TenantKeys
) -> schemas.Coverage:
    """Replace the terms of a coverage.

    Raises:
        CoverageNotFound: there is none.
        VersionConflict: it was changed since it was read.
    """
    row, by = await covering.find(session, coverage_id)
    if not row.same_as(wanted, keys):
        row.change(wanted, keys)
        await _noted(session, row, "coverage.changed")
    return row.shown(by, keys)


async def _noted(session: WriteSession, row: Coverage, what: str) -> None:
    await session.flush()
    said = {"patient_id": str(row.patient_id), "payer_id": str(row.payer_id), "rate": row.rate, "amount": row.amount}
    session.record(what, "coverage", row.id, data=said)
