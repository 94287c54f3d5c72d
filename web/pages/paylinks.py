"""Payment links on an invoice's page: made, copied, shown as a QR code, mailed and closed."""

from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.payments.errors import LinkNotFound
from services.payments.schemas import LinkWrite, PaymentLink
from web.pages.screen import Screen, needs
from web.words import gettext, refused

router = APIRouter(prefix="/billing/invoices/{invoice_id}/links", include_in_schema=False)
Writer = Annotated[Screen, needs("payments:write")]
_SCALE = 6
"""Pixels of one module of a QR code: 1 cm takes about 8 of them on a telephone's screen."""
_QUIET = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""


@router.post("")
async def make(invoice_id: UUID, screen: Writer) -> Response:
    """Make a link for all that is open, and show it."""
    form = await screen.submitted("link")
    key = derived_id("link form", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        await screen.gateway.money.link(screen.actor, key, LinkWrite(invoice_id=invoice_id))
    except Refusal as refusal:
        return screen.done(gettext(refusal.title), _home(invoice_id), tone="red")
    return screen.done(gettext("The payment link is made"), f"{_home(invoice_id)}/links/{key}")


@router.get("/{link_id}")
async def show(invoice_id: UUID, link_id: UUID, screen: Writer) -> Response:
    """Show a link with its QR code, and what can be done with it."""
    invoice = await screen.gateway.payments.get_invoice(screen.actor, invoice_id)
    link = await _found(screen, invoice_id, link_id)
    return screen.page(
        "billing/link.html",
        invoice=invoice,
        link=link,
        code=qr_code(link.url, gettext("QR code of the payment link")) if link.status == "open" else "",
        form=screen.form("link"),
    )


@router.post("/{link_id}/closing")
async def close(invoice_id: UUID, link_id: UUID, screen: Writer) -> Response:
    """Let nothing be paid by it any more."""
    await _found(screen, invoice_id, link_id)
    try:
        await screen.gateway.money.close_link(screen.actor, link_id)
    except Refusal as refusal:
        return screen.done(gettext(refusal.title), _home(invoice_id), tone="red")
    return screen.done(gettext("The payment link is closed"), _home(invoice_id))


@router.post("/{link_id}/mail")
async def mail(invoice_id: UUID, link_id: UUID, screen: Writer) -> Response:
    """Mail it to the patient; a second click finds the first."""
    form = await screen.submitted("link")
    try:
        await screen.gateway.mails.link(screen.actor, invoice_id, link_id, form.key)
    except Refusal as refusal:
        return screen.done(refused(refusal), _home(invoice_id), tone="red")
    return screen.done(gettext("The payment link is on its way"), _home(invoice_id))


def qr_code(address: str, title: str) -> Markup:
    """Draw an address as a QR code: SVG without style or script, dark on white in every scheme, so that it scans."""
    drawn = segno.make(address, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=_SCALE, border=_QUIET, dark="#000", light="#fff", title=title, omitsize=False))  # noqa: S704 - drawn by segno, which escapes the title


async def links_of(screen: Screen, invoice_id: UUID) -> list[PaymentLink]:
    """List an invoice's links for those who take money."""
    if not screen.actor.may("payments:write"):
        return []
    return await screen.gateway.money.links(screen.actor, invoice_id)


async def _found(screen: Screen, invoice_id: UUID, link_id: UUID) -> PaymentLink:
    links = await screen.gateway.money.links(screen.actor, invoice_id)
    link = next((one for one in links if one.id == link_id), None)
    if link is None:
        raise LinkNotFound
    return link


def _home(invoice_id: UUID) -> str:
    return f"/billing/invoices/{invoice_id}"
