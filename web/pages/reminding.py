"""Reminding a patient of an invoice: now, not at all, or as the policy says."""

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.payments.schemas import Dunning
from web.formats import local_date, local_time
from web.gateway.errors import StillDeciding
from web.pages.messages_words import failure_words
from web.pages.screen import Screen, local, needs
from web.words import gettext

router = APIRouter(prefix="/billing/invoices/{invoice_id}", include_in_schema=False)
Writer = Annotated[Screen, needs("payments:write")]
_ARRIVED = {"sent", "queued"}


class Reminders(NamedTuple):
    """The reminders of an invoice as people read them: one sentence each, what comes, and what can be done."""

    sent: list[str]
    coming: str
    status: str


def told(found: Dunning, zone: str) -> Reminders:
    """Say when the patient was reminded, and when that will be done next."""
    sent = []
    for one in found.reminders:
        at = {"when": f"{local_date(one.sent_at, zone)}, {local_time(one.sent_at, zone)}"}
        reached = _ARRIVED & set(one.statuses.values())
        sent.append(
            gettext("Reminded on %(when)s") % at if reached else gettext("Nobody could be reached on %(when)s") % at
        )
    return Reminders(sent, _coming(found, zone), found.status)


def _coming(found: Dunning, zone: str) -> str:
    if found.status == "over":
        return gettext("Nothing is due any more; no reminder follows.")
    if found.status == "paused":
        return gettext("Paused; no reminder goes out.")
    if found.next_at is None:
        return gettext("The last reminder went out.") if found.reminders else gettext("No reminder is planned.")
    return gettext("Next on %(day)s, in the morning") % {"day": local_date(found.next_at, zone)}


@router.post("/reminders")
async def remind(invoice_id: UUID, screen: Writer) -> Response:
    """Send the next reminder now; the same form twice is one reminder."""
    form = await screen.submitted("reminder")
    back = local(form.values["back"], f"/billing/invoices/{invoice_id}")
    try:
        turn = await screen.gateway.dunning.remind(screen.actor, invoice_id, form.key)
    except StillDeciding:
        return screen.done(gettext("The reminder is being sent"), back, tone="blue")
    except Refusal as refusal:
        return screen.done(refusal.detail, back, tone="red")
    screen.known.forget(screen.actor)
    if _ARRIVED & set(turn.statuses.values()):
        return screen.done(gettext("Reminder sent"), back)
    words = failure_words("opted_out" if "skipped" in turn.statuses.values() else "")
    return screen.done(f"{gettext('Nobody could be reached.')} {words}", back, tone="amber")


@router.post("/pause")
async def pause(invoice_id: UUID, screen: Writer) -> Response:
    """Stop the reminders, or let them go on."""
    paused = (await screen.submitted("pause")).values["paused"] == "true"
    try:
        await screen.gateway.dunning.pause(screen.actor, invoice_id, paused=paused)
    except Refusal as refusal:
        return screen.done(refusal.detail, f"/billing/invoices/{invoice_id}", tone="red")
    words = gettext("No reminder goes out") if paused else gettext("Reminders go on")
    return screen.done(words, f"/billing/invoices/{invoice_id}")


@router.post("/recall-dismissal")
async def dismiss(invoice_id: UUID, screen: Writer) -> Response:
    """Take the invoice from Attention as it is."""
    await screen.submitted("case")
    await screen.gateway.dunning.dismiss(screen.actor, invoice_id)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Left as it is"), "/attention")
