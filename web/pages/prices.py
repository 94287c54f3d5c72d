"""Price lists and the organisation's own payment policy, on the settings' page of prices."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.consultants.schemas import Price, PriceWrite
from web.formats import local_date
from web.forms import Form
from web.pages.appointments.terms import payment_words
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/prices", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_HERE = "/settings/prices"


async def shown(screen: Screen) -> list[dict[str, Any]]:
    """Give the rows of the price lists in words, by visit type, the most specific last."""
    rows = (await screen.gateway.consultants.prices(screen.actor)).items
    types, people = await screen.known.visit_types(screen.actor), await screen.known.consultants(screen.actor)
    places = {place.id: place.name for place in await screen.known.locations(screen.actor)}
    names = {key: one.name for key, one in types.items()} | {key: one.name for key, one in people.items()} | places
    told = [
        {
            "id": row.id,
            "visit_type": names.get(row.visit_type_id, ""),
            "whose": [names.get(key, "") for key in (row.consultant_id, row.location_id) if key]
            + ([gettext("One payer")] if row.payer_id else []),
            "days": _days(row),
            "price": row.price,
        }
        for row in rows
    ]
    return sorted(told, key=lambda one: (one["visit_type"], len(one["whose"])))


async def context(screen: Screen, form: Form | None = None) -> dict[str, Any]:
    """Give what the page of prices needs beside the rows: the policy in a sentence, and the form with its choices."""
    policy = (await screen.gateway.consultants.money_policy(screen.actor)).payment
    types = await screen.known.visit_types(screen.actor)
    people, places = await screen.known.consultants(screen.actor), await screen.known.locations(screen.actor)
    some_price = next((one.price for one in types.values() if one.price), None)
    return {
        "form": form or screen.form("price"),
        "policy_words": payment_words(some_price, policy) if some_price else "",
        "visit_types": [("", gettext("Choose a visit type"))] + [(one.id, one.name) for one in types.values()],
        "consultants": [("", gettext("All consultants"))] + [(one.id, one.name) for one in people.values()],
        "places": [("", gettext("All locations"))] + [(one.id, one.name) for one in places],
    }


@router.post("")
async def enter(screen: Writer) -> Response:
    """Enter a price; the form comes back with what is wrong."""
    form = await screen.submitted("price")
    currency = screen.person.session.tenant.currency
    amount = form.money("price", currency)
    try:
        wanted = PriceWrite.model_validate(
            {name: form.values[name] or None for name in ("visit_type_id", "consultant_id", "location_id")}
            | {name: form.values[name] or None for name in ("valid_from", "valid_to")}
            | {"price": amount or {"amount": 0, "currency": currency}}
        )
        if not form.errors:
            key = derived_id("price", screen.actor.tenant_id, screen.actor.id, form.key)
            await screen.gateway.consultants.enter_price(screen.actor, key, wanted)
            return screen.done(gettext("Price entered"), _HERE)
    except ValidationError as error:
        form.blame_validation(error)
    except Refusal as refusal:
        form.renew().refuse(refusal)
    return await page(screen, form, 422)


@router.post("/{price_id}/removal")
async def remove(price_id: UUID, screen: Writer) -> Response:
    """Let the next specific price hold."""
    await screen.gateway.consultants.delete_price(screen.actor, price_id)
    return screen.done(gettext("Price removed"), _HERE)


async def page(screen: Screen, form: Form, status: int) -> Response:
    """Show the page again with a form that was refused."""
    items = await shown(screen)
    return screen.page("settings/prices.html", http=status, items=items, **(await context(screen, form)))


def _days(row: Price) -> str:
    def day(one: date | None) -> str:
        return local_date(one) if one else ""

    if row.valid_from and row.valid_to:
        return gettext("%(first)s to %(last)s") % {"first": day(row.valid_from), "last": day(row.valid_to)}
    if row.valid_from:
        return gettext("From %(first)s") % {"first": day(row.valid_from)}
    return gettext("Until %(last)s") % {"last": day(row.valid_to)} if row.valid_to else gettext("Always")
