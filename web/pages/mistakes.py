"""Saying that an invoice should never have been."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.payments.schemas import CancellationWrite
from web.forms import Form
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/invoices/{invoice_id}/entered-in-error", include_in_schema=False)
Discounter = Annotated[Screen, needs("payments:discount")]


@router.get("")
async def ask(invoice_id: UUID, screen: Discounter) -> Response:
    """Ask why."""
    return await _form(screen, invoice_id, screen.form("mistake"))


@router.post("")
async def enter(invoice_id: UUID, screen: Discounter) -> Response:
    """Reverse it; the form comes back with what stands in the way."""
    form = await screen.submitted("mistake")
    reason = form.values["reason"].strip()[:500]
    if not reason:
        return await _form(screen, invoice_id, form.object(gettext("Say why"), "reason"), 422)
    try:
        await screen.gateway.payments.enter_in_error(screen.actor, invoice_id, CancellationWrite(reason=reason))
    except Refusal as refusal:
        return await _form(screen, invoice_id, form.refuse(refusal), refusal.status)
    return screen.done(gettext("The invoice is marked as entered in error"), f"/billing/invoices/{invoice_id}")


async def _form(screen: Screen, invoice_id: UUID, form: Form, status: int = OK) -> Response:
    invoice = await screen.gateway.payments.get_invoice(screen.actor, invoice_id)
    return screen.page("billing/mistake.html", http=status, form=form, invoice=invoice)
