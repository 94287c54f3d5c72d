"""Messages: what was sent and what became of it, and the mailbox of an installation that keeps its mail to itself."""

from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.pagination import Page
from services.notifications.schemas import Mail, Message, MessageFilter, Status
from web.looks import look, state_label
from web.pages import naming
from web.pages.links import link
from web.pages.messages_words import failure_words, template_words
from web.pages.naming import Person
from web.pages.screen import Screen, needs
from web.pages.sorting import Sorting
from web.words import gettext

router = APIRouter(prefix="/messages", include_in_schema=False)
Reader = Annotated[Screen, needs("messages:read")]
_SHOWN = 30
_TABS = ("sent", "failed", "skipped")


@router.get("")
async def listed(screen: Reader, status: str = "", sort: str = "", cursor: str | None = None) -> Response:
    """List the newest first, or as the address says."""
    chosen: Any = status if status in get_args(Status) else None
    sorting = Sorting.of("/messages", ("-made", "status"), sort, status=chosen)
    page = await screen.gateway.messages.list(
        screen.actor, MessageFilter(status=chosen), sort=sorting.sort, limit=_SHOWN, cursor=cursor
    )
    people = await naming.patients(screen, (one.patient_id for one in page.items))
    kept = {"sort": sorting.chosen}
    tabs = [("", gettext("All"), link("/messages", **kept))]
    tabs += [(one, state_label(one, "message"), link("/messages", status=one, **kept)) for one in _TABS]
    return screen.page(
        "messages/_rows.html" if screen.htmx and cursor else "messages/list.html",
        page=Page[Any](items=[_shown(one, people[one.patient_id]) for one in page.items]),
        status=chosen or "",
        statuses=tabs,
        mailbox=_has_mailbox(screen),
        sorting=sorting,
        next_href=page.next_cursor and link("/messages", **sorting.here, cursor=page.next_cursor),
    )


@router.get("/mailbox")
@router.get("/mailbox/{key}")
async def mailbox(screen: Reader, key: str | None = None, cursor: str | None = None) -> Response:
    """Open the local mailbox, and one mail in it."""
    page = await screen.gateway.messages.mailbox(screen.actor, limit=_SHOWN, cursor=cursor)
    mail = await screen.gateway.messages.mail(screen.actor, key) if key else None
    return screen.page(
        "messages/mailbox.html",
        mails=[(one, _subject(one), look(one.channel, "channel").icon) for one in page.items],
        mail=mail,
        subject=_subject(mail) if mail else "",
        next_href=page.next_cursor and link("/messages/mailbox", cursor=page.next_cursor),
    )


@router.get("/{message_id}")
async def show(message_id: UUID, screen: Reader) -> Response:
    """Show one with its words; the reading is noted."""
    message = await screen.gateway.messages.get(screen.actor, message_id)
    people = await naming.patients(screen, [message.patient_id])
    shown = message.model_dump() | _shown(message, people[message.patient_id])
    return screen.page("messages/detail.html", message=shown, form=screen.form("message"))


@router.post("/{message_id}/resending")
async def resend(message_id: UUID, screen: Annotated[Screen, needs("messages:write")]) -> Response:
    """Send it once more."""
    message = await screen.gateway.messages.resend(screen.actor, message_id)
    screen.known.forget(screen.actor)
    sent = message.status == "sent"
    said = gettext("Sent again") if sent else gettext("It did not arrive this time either")
    return screen.done(said, f"/messages/{message_id}", tone="green" if sent else "red")


def _subject(mail: Mail) -> str:
    """Give the subject; a short message has none and is called by what it is about."""
    return mail.subject or template_words(mail.template)


def _shown(message: Message, patient: Person) -> dict[str, Any]:
    return {
        "id": message.id,
        "patient": patient,
        "words": template_words(message.template, message.offset_hours),
        "channel": message.channel,
        "at": message.sent_at or message.scheduled_for or message.created_at,
        "status": message.status,
        "failure": failure_words(message.failure) if message.failure and message.failure != "opted_out" else "",
    }


def _has_mailbox(screen: Screen) -> bool:
    return not screen.actor.limited and screen.request.app.state.settings.mail.mailbox is not None
