from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect.db import ReadSession, WriteSession
from services.payments.errors import PatientCreditTooSmall
from services.payments.models import Discount, Invoice, InvoiceLine, KeptCard, PatientCredit


async def credit(session: ReadSession, patient_id: UUID, currency: str, *, lock: bool = False) -> int:
    """Read what a patient has paid and does not owe for anything yet, in minor units."""
    statement = sa.select(PatientCredit.balance).where(
        PatientCredit.patient_id == patient_id, PatientCredit.currency == currency
    )
    return await session.scalar(statement.with_for_update() if lock else statement) or 0


async def credit_of(session: WriteSession, invoice: Invoice | None) -> int:
    """Read the credit of an invoice's patient for a change; money without an invoice is nobody's."""
    return await credit(session, invoice.patient_id, invoice.currency, lock=True) if invoice else 0


async def add_credit(session: WriteSession, patient_id: UUID, currency: str, amount: int) -> None:
    """Raise a patient's credit, or use of it where `amount` is negative.

    Raises:
        PatientCreditTooSmall: there is less.
    """
    if amount >= 0:
        row = {"tenant_id": session.tenant_id, "patient_id": patient_id, "currency": currency, "balance": amount}
        fresh = insert(PatientCredit).values(row)
        key = ["tenant_id", "patient_id", "currency"]
        await session.execute(
            fresh.on_conflict_do_update(index_elements=key, set_={"balance": PatientCredit.balance + amount})
        )
        return
    known = await credit(session, patient_id, currency, lock=True)
    if known + amount < 0:
        raise PatientCreditTooSmall(credit=known)
    used = sa.update(PatientCredit).where(PatientCredit.patient_id == patient_id, PatientCredit.currency == currency)
    await session.execute(used.values(balance=PatientCredit.balance + amount))


async def find_card(session: ReadSession, card_id: UUID, *, lock: bool = False) -> KeptCard | None:
    """Read a kept card, or one that was forgotten."""
    statement = sa.select(KeptCard).where(KeptCard.id == card_id)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def find_discount(session: ReadSession, discount_id: UUID) -> Discount | None:
    """Read a discount; whoever is to change its invoice has that locked, which is enough."""
    return await session.scalar(sa.select(Discount).where(Discount.id == discount_id))


async def lines_of(session: ReadSession, invoice: Invoice) -> Sequence[InvoiceLine]:
    """Read an invoice's lines in their order, for a change."""
    statement = sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    return (await session.scalars(statement)).all()
