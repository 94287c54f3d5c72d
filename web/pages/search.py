"""One search over everything: patients, consultants, appointments by reference, and the screens themselves."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

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
    patients, consultants = await asyncio.gather(_patients(screen, query), _consultants(screen, query))
    return [
        Group(gettext("Patients"), patients),
        Group(gettext("Consultants"), consultants),
        Group(gettext("Go to"), _screens(screen, query)),
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
