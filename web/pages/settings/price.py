"""One price of the price lists, changed in place."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from services.consultants.schemas import Price, PriceReplacement
from web.formats import decimal_amount
from web.forms import Form
from web.pages import prices
from web.pages.screen import OK, Screen, needs
from web.pages.settings import meanwhile
from web.words import gettext

router = APIRouter(prefix="/settings/prices", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_UNREADY = 422


@router.get("/{price_id}")
async def edit(price_id: UUID, screen: Writer) -> Response:
    """Show the price in a form."""
    price = await screen.gateway.consultants.price(screen.actor, price_id)
    return await _form(screen, meanwhile.remember(screen.form("price"), _values(price), price.version), price)


@router.post("/{price_id}")
async def change(price_id: UUID, screen: Writer) -> Response:
    """Write it anew; visits that are booked keep the price at which they were booked."""
    form = await screen.submitted("price")
    price = await screen.gateway.consultants.price(screen.actor, price_id)
    try:
        told = await prices.meant(screen, form)
        wanted = PriceReplacement.model_validate(told | {"version": meanwhile.version_of(form)})
        if form.errors:
            return await _form(screen, form, price, _UNREADY)
        await screen.gateway.consultants.replace_price(screen.actor, price_id, wanted)
    except ValidationError as error:
        return await _form(screen, form.blame_validation(error), price, _UNREADY)
    except VersionConflict as refusal:
        merged = meanwhile.merge(form, _values(price), price.version, await _named(screen, price))
        return await _form(screen, merged, price, refusal.status)
    except Refusal as refusal:
        return await _form(screen, form.refuse(refusal), price, refusal.status)
    return screen.done(gettext("Price saved"), prices.HERE)


async def _form(screen: Screen, form: Form, price: Price, status: int = OK) -> Response:
    offered = await prices.choices(screen, price.payer_id)
    return screen.page("settings/price.html", http=status, form=form, price=price, **offered)


async def _named(screen: Screen, price: Price) -> dict[str, str]:
    """Put what the price now says of whose it is into words."""
    offered = await prices.choices(screen, price.payer_id)
    fields = {"visit_type_id": "visit_types", "consultant_id": "consultants", "location_id": "places"}
    fields |= {"payer_id": "payers"}
    return {name: dict(offered[some]).get(getattr(price, name) or "", "") for name, some in fields.items()}


def _values(price: Price) -> dict[str, object]:
    named = ("visit_type_id", "consultant_id", "location_id", "payer_id", "valid_from", "valid_to")
    return {name: getattr(price, name) for name in named} | {"price": decimal_amount(price.price)}
