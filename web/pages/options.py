"""What a field finds as it is typed into: consultants, visit types, locations, payers, time zones, countries."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple
from zoneinfo import available_timezones

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.crypto import words
from careconnect.errors import Forbidden
from services.consultants.schemas import ConsultantName
from services.payments.insurance.schemas import PayerStatus
from web.pages.appointments.wish import who_choices
from web.pages.payers import named
from web.pages.screen import AnyScreen, Screen
from web.words import locale

router = APIRouter(prefix="/options", include_in_schema=False)
Kind = Literal[
    "consultants", "bookable", "anyone", "specialties", "visit-types", "locations", "payers", "zones", "countries"
]
_SHOWN = 20
_SCOPES = {
    "consultants": "consultants:read",
    "bookable": "consultants:read",
    "anyone": "consultants:read",
    "specialties": "consultants:read",
    "visit-types": "catalogue:read",
    "payers": "payments:read",
}


class Option(NamedTuple):
    """One choice; `note` is the quiet second line, and is searched too."""

    value: str
    label: str
    note: str = ""


@router.get("/{kind}")
async def found(kind: Kind, screen: AnyScreen, find: str = "") -> Response:
    """Give the choices of which each word that was typed begins a word, the first twenty, and how many more there are.

    Raises:
        Forbidden: this person may not read them anywhere else either.
    """
    if not screen.actor.may(_SCOPES.get(kind, "identity:read")):
        raise Forbidden
    fitting = matching(await options(screen, kind), find)
    return screen.page(
        "options/list.html", kind=kind, items=fitting[:_SHOWN], more=max(0, len(fitting) - _SHOWN), query=find
    )


async def options(screen: Screen, kind: Kind) -> list[Option]:
    """Give all choices of a kind, in the order of their names."""
    if kind in {"consultants", "bookable", "anyone"}:
        return _people(kind, list((await screen.known.consultants(screen.actor)).values()))
    if kind == "specialties":
        return [Option(one, one) for one in await screen.gateway.consultants.specialties(screen.actor)]
    if kind == "visit-types":
        types = (await screen.known.visit_types(screen.actor)).values()
        return [Option(str(one.id), one.name, one.specialty or "") for one in types if one.active]
    if kind == "payers":
        payers = (await named(screen)).values()
        return [Option(str(one.id), one.name, one.code) for one in payers if one.status == PayerStatus.active]
    if kind == "locations":
        return [Option(str(one.id), one.name) for one in screen.frame.places]
    return zones() if kind == "zones" else countries()


def _people(kind: Kind, consultants: list[ConsultantName]) -> list[Option]:
    if kind == "anyone":
        return [Option(value, label) for value, label in who_choices(consultants) if value]
    wanted = [one for one in consultants if kind == "consultants" or one.status == "active"]
    return [Option(str(one.id), one.name, ", ".join(one.specialties)) for one in wanted]


def zones() -> list[Option]:
    """Name the time zones in which people live (IANA), without the abbreviations that are kept for old programs."""
    return [Option(name, name.replace("_", " ")) for name in sorted(available_timezones()) if _lived_in(name)]


def countries() -> list[Option]:
    """Name the countries and territories (ISO 3166-1), in the order of their names."""
    named = [(code, name) for code, name in locale().territories.items() if len(code) == 2 and code.isalpha()]  # noqa: PLR2004 - alpha-2
    return [Option(code, name) for code, name in sorted(named, key=lambda one: one[1])]


def matching(choices: Iterable[Option], typed: str) -> Sequence[Option]:
    """Keep the choices of which each word of `typed` begins a word."""
    sought = words(typed)
    return [one for one in choices if all(_begins(part, one) for part in sought)]


def _begins(part: str, one: Option) -> bool:
    return any(word.startswith(part) for word in words(f"{one.label} {one.note}"))


def _lived_in(name: str) -> bool:
    return (
        "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/", "Canada/"))
    ) or name == "UTC"
