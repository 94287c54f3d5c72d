"""The audit log: who did or read what, when and why, with the names of people."""

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from careconnect.trail import AuditEvent, TrailFilter
from web.pages import naming
from web.pages.days import bounds, day_of, today
from web.pages.links import link
from web.pages.screen import Screen
from web.words import gettext

_HERE = "/settings/audit"
_SHOWN = 50
_FILTERS = ("day", "person_id", "patient_id", "appointment_id", "action")


async def context(screen: Screen) -> dict[str, Any]:
    """Show what the address asks for, the newest first."""
    asked = {name: screen.request.query_params.get(name, "") for name in _FILTERS}
    patient_id = _id(asked["patient_id"])
    about = await screen.gateway.trail.about(screen.actor, patient_id, _id(asked["appointment_id"]))
    cursor = screen.request.query_params.get("cursor")
    page = await screen.gateway.trail.page(screen.actor, _wanted(screen, asked, about), limit=_SHOWN, cursor=cursor)
    members = (await screen.gateway.identity.staff(screen.actor, limit=200)).items
    patients, staff = await asyncio.gather(
        naming.patients(screen, [patient_id, *_patients(page.items)]), _staff(screen, page.items)
    )
    return {
        "events": [_told(event, patients, staff) for event in page.items],
        "asked": asked,
        "patient": patients[patient_id].name if patient_id else "",
        "people": [("", gettext("Everybody")), *((str(one.id), one.name) for one in members)],
        "kinds": [("", gettext("Everything")), *_kinds().items()],
        "next_href": page.next_cursor and link(_HERE, **asked, cursor=page.next_cursor),
    }


def _wanted(screen: Screen, asked: dict[str, str], about: list[UUID]) -> TrailFilter:
    wanted = TrailFilter(about=about, actor_id=_id(asked["person_id"]), action=asked["action"][:100] or None)
    if asked["day"]:
        wanted.since, wanted.until = bounds(day_of(asked["day"], today(screen.frame)), screen.frame.zone)
    return wanted


def _patients(events: Iterable[AuditEvent]) -> Iterable[UUID]:
    return (event.entity_id for event in events if event.entity == "patient")


async def _staff(screen: Screen, events: Iterable[AuditEvent]) -> dict[UUID, str]:
    ids = {event.actor_id for event in events if event.actor_kind == "staff"}
    ids |= {event.entity_id for event in events if event.entity == "staff"}
    return {one.id: one.name for one in await screen.gateway.identity.staff_names(screen.actor, ids)}


def _told(event: AuditEvent, patients: dict[UUID, naming.Person], staff: dict[UUID, str]) -> dict[str, Any]:
    kind, _, verb = event.action.partition(".")
    shown = event.data.get("shown")
    return {
        "at": event.at,
        "key": event.actor_id,
        "who": staff.get(event.actor_id) or _actors().get(event.actor_kind, gettext("Somebody who left")),
        "what": f"{_kinds().get(kind, _plain(kind))}: {_plain(verb).lower()}",
        "whom": patients[event.entity_id].name if event.entity == "patient" else staff.get(event.entity_id, ""),
        "patient_id": event.entity_id if event.entity == "patient" else None,
        "appointment_id": event.entity_id if event.entity == "appointment" else None,
        "count": len(shown) if isinstance(shown, list) else None,
        "reason": event.reason,
    }


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _plain(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _actors() -> dict[str, str]:
    return {
        "client": gettext("API client"),
        "workflow": gettext("Automatic process"),
        "patient": gettext("Patient, by a signed link"),
        "system": gettext("The platform"),
    }


def _kinds() -> dict[str, str]:
    return {
        "patient": gettext("Patient"),
        "patients": gettext("Patients"),
        "appointment": gettext("Appointment"),
        "invoice": gettext("Invoice"),
        "invoice_draft": gettext("Draft of an invoice"),
        "payment": gettext("Payment"),
        "refund": gettext("Refund"),
        "message": gettext("Message"),
        "consultant": gettext("Consultant"),
        "staff": gettext("Person"),
        "client": gettext("API client"),
        "session": gettext("Sign-in"),
        "console": gettext("Workflow console"),
    }
