"""Giving a discount on an invoice."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.payments.schemas import DiscountWrite
from web.forms import Form
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/invoices/{invoice_id}/discount", include_in_schema=False)
Discounter = Annotated[Screen, needs("payments:discount")]


@router.get("")
async def ask(invoice_id: UUID, screen: Discounter) -> Response:
    """Ask how much comes off, and why."""
    return await _form(screen, invoice_id, screen.form("discount", kind="percent"))


@router.post("")
async def give(invoice_id: UUID, screen: Discounter) -> Response:
    """Take it off; the form comes back with what is wrong."""
    form = await screen.submitted("discount")
    invoice = await screen.gateway.payments.get_invoice(screen.actor, invoice_id)
    wanted = _wanted(form, invoice.total.currency)
    if wanted is None:
        return await _form(screen, invoice_id, form, 422)
    key = derived_id("discount", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        await screen.gateway.payments.discount(screen.actor, invoice_id, key, wanted)
    except Refusal as refusal:
        return await _form(screen, invoice_id, form.renew().refuse(refusal), refusal.status)
    return screen.done(gettext("Discount given"), f"/billing/invoices/{invoice_id}")


def _wanted(form: Form, currency: str) -> DiscountWrite | None:
    said: dict[str, Any] = {"reason": form.values["reason"].strip()[:500]}
    if form.values["kind"] == "amount":
        said["amount"] = form.money("amount", currency)
    elif form.values["percent"].strip().isdecimal() and 0 < int(form.values["percent"]) <= 100:  # noqa: PLR2004
        said["percent"] = int(form.values["percent"])
    else:
        form.object(gettext("Write a whole percentage from 1 to 100"), "percent")
    if not said["reason"]:
        form.object(gettext("Say why"), "reason")
    if form.errors:
        return None
    try:
        return DiscountWrite.model_validate(said)
    except ValidationError as error:
        form.blame_validation(error)
        return None


async def _form(screen: Screen, invoice_id: UUID, form: Form, status: int = 200) -> Response:
    invoice = await screen.gateway.payments.get_invoice(screen.actor, invoice_id)
    kinds = [("percent", gettext("A percentage")), ("amount", gettext("An amount"))]
    return screen.page("billing/discount.html", http=status, form=form, invoice=invoice, kinds=kinds)
