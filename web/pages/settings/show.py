"""Each part of the settings as a list; what can be changed opens from there."""

from typing import Annotated, Any

from babel import Locale
from babel.numbers import get_currency_name
from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Forbidden, NotFound
from web.pages import gateways, mending, payers, prices
from web.pages.screen import Screen, needs
from web.pages.settings import audit, holidays, locations, money, rooms, visit_types
from web.words import gettext, locale

router = APIRouter(prefix="/settings", include_in_schema=False)
_SECTIONS = {
    "organisation": ("building", "identity:read"),
    "locations": ("location", "identity:read"),
    "rooms": ("door", "catalogue:read"),
    "holidays": ("calendar", "catalogue:read"),
    "visit-types": ("tag", "catalogue:read"),
    "prices": ("cash", "catalogue:read"),
    "money": ("billing", "catalogue:read"),
    "payers": ("shield", "payments:read"),
    "payments": ("card", "payments:read"),
    "people": ("patients", "identity:read"),
    "clients": ("key", "staff:manage"),
    "audit": ("shield", "audit:read"),
}

_SHOWN: dict[str, Any] = {"prices": prices, "payers": payers, "payments": gateways}
"""Sections that have a module of their own."""


@router.get("")
@router.get("/{section}")
async def show(screen: Annotated[Screen, needs("identity:read")], section: str = "organisation") -> Response:
    """Show one part."""
    if section not in _SECTIONS:
        raise NotFound
    if not screen.actor.may(_SECTIONS[section][1]):
        raise Forbidden
    names = {
        "organisation": gettext("Organisation"),
        "locations": gettext("Locations"),
        "rooms": gettext("Rooms"),
        "holidays": gettext("Holidays"),
        "visit-types": gettext("Visit types"),
        "prices": gettext("Prices"),
        "money": gettext("Money policy"),
        "payers": gettext("Payers"),
        "payments": gettext("Payments"),
        "people": gettext("People and roles"),
        "clients": gettext("API clients"),
        "audit": gettext("Audit log"),
    }
    sections = [(code, names[code], icon) for code, (icon, scope) in _SECTIONS.items() if screen.actor.may(scope)]
    return screen.page(
        "settings/page.html",
        section=section,
        sections=sections,
        items=await _items(screen, section),
        organisation=_organisation(screen),
        **({"form": screen.form(section)} | await _further(screen, section)),
    )


async def _further(screen: Screen, section: str) -> dict[str, Any]:
    further: dict[str, Any] = {
        "prices": prices, "money": money, "payments": mending, "audit": audit, "holidays": holidays,
    }  # fmt: skip
    return await further[section].context(screen) if section in further else {}


async def _items(screen: Screen, section: str) -> list[Any]:
    if section == "locations":
        return locations.shown(await screen.known.locations(screen.actor))
    if section in {"rooms", "visit-types"}:
        return list(await (rooms if section == "rooms" else visit_types).shown(screen))
    if section in _SHOWN:
        return list(await _SHOWN[section].shown(screen))
    if section == "people":
        return (await screen.gateway.identity.staff(screen.actor, limit=200)).items
    if section == "clients":
        return (await screen.gateway.identity.clients(screen.actor, limit=200)).items
    return []


def _organisation(screen: Screen) -> dict[str, str]:
    tenant = screen.person.session.tenant
    language = Locale.parse(tenant.locale[:2]).get_display_name(locale())
    return {
        "name": tenant.name,
        "country": locale().territories.get(tenant.country, tenant.country),
        "currency": f"{get_currency_name(tenant.currency, locale=locale())} ({tenant.currency})",
        "language": language or tenant.locale,
    }
