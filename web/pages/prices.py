"""Price lists, on the settings' page of their own."""

import asyncio
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.consultants.schemas import Price, PriceWrite
from services.payments.insurance.schemas import PayerStatus
from web.formats import local_date
from web.forms import Form
from web.pages.appointments.terms import payment_words
from web.pages.known import every
from web.pages.links import link
from web.pages.payers import named
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/prices", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
HERE = "/settings/prices"
_NAMED = ("visit_type_id", "consultant_id", "location_id", "payer_id", "valid_from", "valid_to")


async def shown(screen: Screen) -> list[dict[str, Any]]:
    """Give the rows of the price lists in words, by visit type, the most specific last; the address may name a type."""
    return await told(screen, _asked(screen))


async def told(screen: Screen, visit_type_id: UUID | None) -> list[dict[str, Any]]:
    """Give the rows of all visit types, or of one."""
    prices = screen.gateway.consultants.prices
    rows = await every(lambda cursor: prices(screen.actor, visit_type_id=visit_type_id, cursor=cursor))
    names = await _names(screen, rows)
    items = [
        {
            "id": row.id,
            "visit_type": names.get(row.visit_type_id, ""),
            "whose": [names.get(key, gettext("One payer")) for key in _whose(row) if key],
            "days": _days(row),
            "price": row.price,
        }
        for row in rows
    ]
    return sorted(items, key=lambda one: (one["visit_type"], len(one["whose"])))


def _whose(row: Price) -> tuple[UUID | None, ...]:
    return row.payer_id, row.consultant_id, row.location_id


async def _names(screen: Screen, rows: Iterable[Price]) -> dict[UUID, str]:
    types, people, places, payers = await asyncio.gather(
        screen.known.visit_types(screen.actor),
        screen.known.consultant_names(screen.actor, {row.consultant_id for row in rows if row.consultant_id}),
        screen.known.locations(screen.actor),
        named(screen),
    )
    told = {place.id: place.name for place in places} | {key: one.name for key, one in payers.items()}
    return told | {key: one.name for key, one in types.items()} | {key: one.name for key, one in people.items()}


async def context(screen: Screen, form: Form | None = None) -> dict[str, Any]:
    """Give what the page of prices needs beside the rows: the policy in a sentence, and the form with its choices."""
    policy = (await screen.gateway.consultants.money_policy(screen.actor)).payment
    types, asked = await screen.known.visit_types(screen.actor), _asked(screen)
    some_price = next((one.price for one in types.values() if one.price), None)
    return {
        "form": form or screen.form("price", visit_type_id=asked),
        "policy_words": payment_words(some_price, policy) if some_price else "",
        "narrowed": str(asked or ""),
        "kinds": [("", gettext("All visit types"))] + [(one.id, one.name) for one in types.values()],
    } | await choices(screen)


async def choices(screen: Screen, payer_id: UUID | None = None) -> dict[str, Any]:
    """Give what is chosen from: payers that cover new visits, and the one that is there already."""
    types, people, places, payers = await asyncio.gather(
        screen.known.visit_types(screen.actor),
        screen.known.consultants(screen.actor),
        screen.known.locations(screen.actor),
        named(screen),
    )
    offered = [one for one in payers.values() if one.status == PayerStatus.active or one.id == payer_id]
    return {
        "visit_types": [("", gettext("Choose a visit type"))] + [(one.id, one.name) for one in types.values()],
        "consultants": [("", gettext("All consultants"))] + [(one.id, one.name) for one in people.values()],
        "places": [("", gettext("All locations"))] + [(one.id, one.name) for one in places],
        "payers": [("", gettext("Whoever pays"))] + [(one.id, one.name) for one in offered],
    }


@router.post("")
async def enter(screen: Writer) -> Response:
    """Enter a price; the form comes back with what is wrong."""
    form = await screen.submitted("price")
    try:
        wanted = PriceWrite.model_validate(await meant(screen, form))
        if not form.errors:
            key = derived_id("price", screen.actor.tenant_id, screen.actor.id, form.key)
            await screen.gateway.consultants.enter_price(screen.actor, key, wanted)
            return screen.done(gettext("Price entered"), link(HERE, visit_type_id=_asked(screen)))
    except ValidationError as error:
        form.blame_validation(error)
    except Refusal as refusal:
        form.renew().refuse(refusal)
    return await page(screen, form, 422)


async def meant(screen: Screen, form: Form) -> dict[str, Any]:
    """Read the form: the price in the currency of the visit type; notes in the form what is wrong."""
    kind = (await screen.known.visit_types(screen.actor)).get(form.chosen("visit_type_id") or screen.actor.tenant_id)
    currency = kind.price.currency if kind else screen.person.session.tenant.currency
    amount = form.money("price", currency, or_nothing=True)
    payer_id = form.chosen("payer_id")
    if payer_id and payer_id not in await named(screen):
        form.object(gettext("Choose a payer"), "payer_id")
    return {name: form.values[name] or None for name in _NAMED} | {
        "price": amount or {"amount": 0, "currency": currency}
    }


@router.post("/{price_id}/removal")
async def remove(price_id: UUID, screen: Writer) -> Response:
    """Let the next specific price hold."""
    await screen.gateway.consultants.delete_price(screen.actor, price_id)
    return screen.done(gettext("Price removed"), HERE)


async def page(screen: Screen, form: Form, status: int) -> Response:
    """Show the page again with a form that was refused."""
    items = await shown(screen)
    return screen.page("settings/prices.html", http=status, items=items, **(await context(screen, form)))


def _asked(screen: Screen) -> UUID | None:
    """Read to which visit type the address narrows the list."""
    return Form("", "").fill(screen.request.query_params).chosen("visit_type_id")


def _days(row: Price) -> str:
    def day(one: date | None) -> str:
        return local_date(one) if one else ""

    if row.valid_from and row.valid_to:
        return gettext("%(first)s to %(last)s") % {"first": day(row.valid_from), "last": day(row.valid_to)}
    if row.valid_from:
        return gettext("From %(first)s") % {"first": day(row.valid_from)}
    return gettext("Until %(last)s") % {"last": day(row.valid_to)} if row.valid_to else gettext("Always")
