"""One search over everything: people, appointments by reference, invoices by number, and the screens themselves."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.references import as_reference
from services.appointments.schemas import AppointmentFilter
from services.payments.numbers import as_number
from web.formats import money, when
from web.looks import state_label
from web.pages import naming
from web.pages.links import link
from web.pages.screen import AnyScreen, Screen
from web.words import gettext

router = APIRouter(include_in_schema=False)
_SHOWN = 5


@dataclass(frozen=True)
class Hit:
    """One thing that was found; `key` colours a person, `icon` stands for anything else."""

    title: str
    href: str
    note: str = ""
    key: UUID | None = None
    icon: str = ""


@dataclass(frozen=True)
class Group:
    """What was found of one kind."""

    title: str
    items: list[Hit]


@router.get("/search")
async def search(screen: AnyScreen, q: str = "") -> Response:
    """Find it."""
    query = q.strip()
    groups = await _found(screen, query) if query else []
    part = screen.targets("search-list")
    return screen.page("search/_results.html" if part else "search/page.html", groups=groups, query=query)


async def _found(screen: Screen, query: str) -> list[Group]:
    appointments, invoices, patients, consultants = await asyncio.gather(
        _appointments(screen, query), _invoices(screen, query), _patients(screen, query), _consultants(screen, query)
    )
    return [
        Group(gettext("Appointments"), appointments),
        Group(gettext("Invoices"), invoices),
        Group(gettext("Patients"), patients),
        Group(gettext("Consultants"), consultants),
        Group(gettext("Go to"), _screens(screen, query)),
    ]


async def _appointments(screen: Screen, query: str) -> list[Hit]:
    reference = as_reference(query)
    if reference is None or not screen.actor.may("appointments:read"):
        return []
    page = await screen.gateway.appointments.list(screen.actor, AppointmentFilter(reference=reference), limit=_SHOWN)
    found = await naming.visits(screen, page.items)
    return [
        Hit(
            one.reference,
            f"/appointments/{one.id}",
            f"{one.patient.name} · {when(one.start, one.zone)} · {state_label(one.status)}",
            icon="appointments",
        )
        for one in found
    ]


async def _invoices(screen: Screen, query: str) -> list[Hit]:
    number = as_number(query)
    if number is None or not screen.actor.may("payments:read"):
        return []
    page = await screen.gateway.payments.list_invoices(screen.actor, number=number, limit=_SHOWN)
    people = await naming.patients(screen, (one.patient_id for one in page.items))
    return [
        Hit(
            one.number,
            f"/billing/invoices/{one.id}",
            f"{people[one.patient_id].name} · {money(one.total)} · {state_label(one.status, 'invoice')}",
            icon="billing",
        )
        for one in page.items
    ]


async def _patients(screen: Screen, query: str) -> list[Hit]:
    if not screen.actor.may("patients:read"):
        return []
    page = await screen.gateway.patients.list(screen.actor, q=query, limit=_SHOWN)
    found = [Hit(one.name, f"/patients/{one.id}", one.mrn, one.id) for one in page.items]
    more = [Hit(gettext("All patients found"), link("/patients", q=query), icon="patients")]
    return found + more if page.next_cursor else found


async def _consultants(screen: Screen, query: str) -> list[Hit]:
    if not screen.actor.may("consultants:read"):
        return []
    page = await screen.gateway.consultants.list(screen.actor, query, limit=_SHOWN)
    found = [Hit(one.name, f"/consultants/{one.id}", ", ".join(one.specialties), one.id) for one in page.items]
    more = [Hit(gettext("All consultants found"), link("/consultants", q=query), icon="consultants")]
    return found + more if page.next_cursor else found


def _screens(screen: Screen, query: str) -> list[Hit]:
    sought = query.casefold()
    found = [one for one in screen.frame.nav if one.label.casefold().startswith(sought)]
    return [Hit(one.label, one.href, icon=one.icon) for one in found]
