"""Recalling what is due on an invoice."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime

from careconnect import clock
from careconnect.db import Read, Write
from services.payments.api.asking import Reader, Writer
from services.payments.collection import dunning
from services.payments.schemas import Dunning, DunningBegin, DunningWrite, ReminderWrite

router = APIRouter(tags=["dunning"])


@router.get("/dunnings", summary="List invoices whose last reminder went out and that are still to be paid")
async def exhausted(_: Reader, session: Read) -> list[Dunning]:
    """List those that wait for a person, the longest waiting first."""
    return await dunning.exhausted(session)


@router.get("/invoices/{invoice_id}/dunning", summary="Read how an invoice is recalled")
async def read(invoice_id: UUID, _: Reader, session: Read, at: AwareDatetime | None = None) -> Dunning:
    """Tell what went out and what comes, as of `at` or now."""
    return await dunning.read(session, invoice_id, at or clock.now())


@router.put("/invoices/{invoice_id}/dunning", summary="Begin to recall an invoice")
async def begin(invoice_id: UUID, wanted: DunningBegin, _: Writer, session: Write) -> Dunning:
    """Begin; a repeat answers with what stands."""
    return await dunning.begin(session, invoice_id, wanted)


@router.put("/invoices/{invoice_id}/dunning/pause", summary="Stop the reminders of an invoice, or let them go on")
async def pause(invoice_id: UUID, wanted: DunningWrite, _: Writer, session: Write) -> Dunning:
    """Stop them or let them go on; a repeat changes nothing."""
    return await dunning.pause(session, invoice_id, paused=wanted.paused)


@router.put("/invoices/{invoice_id}/dunning/reminders/{reminder_id}", summary="Note a reminder that went out")
async def note(invoice_id: UUID, reminder_id: UUID, wanted: ReminderWrite, _: Writer, session: Write) -> Dunning:
    """Count it once."""
    return await dunning.note(session, invoice_id, reminder_id, wanted)


@router.put("/invoices/{invoice_id}/dunning/dismissal", summary="Take an invoice from Attention as it is")
async def dismiss(invoice_id: UUID, _: Writer, session: Write) -> Dunning:
    """Leave it; it stays owed."""
    return await dunning.dismiss(session, invoice_id)
