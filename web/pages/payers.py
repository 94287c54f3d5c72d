"""Payers, on the settings' page of their own."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.payments.insurance.schemas import Payer, PayerReplacement, PayerStatus, PayerWrite
from web.forms import Form
from web.pages.known import every
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/payers", include_in_schema=False)
Keeper = Annotated[Screen, needs("insurance:write")]
_HERE = "/settings/payers"


async def shown(screen: Screen) -> list[Payer]:
    """List the payers by name."""
    return list((await screen.gateway.insurance.payers(screen.actor)).items)


async def named(screen: Screen) -> dict[UUID, Payer]:
    """Give all payers, by id and in the order of names; whoever does not read money is told of none."""
    if not screen.actor.may("payments:read"):
        return {}
    payers = screen.gateway.insurance.payers
    return {one.id: one for one in await every(lambda cursor: payers(screen.actor, cursor=cursor))}


def context(screen: Screen, form: Form | None = None) -> dict[str, Any]:
    """Give the form beside the list."""
    return {"form": form or screen.form("payer")}


@router.post("")
async def enter(screen: Keeper) -> Response:
    """Enter a payer; the form comes back with what is wrong."""
    form = await screen.submitted("payer")
    try:
        wanted = PayerWrite(name=form.values["name"], code=form.values["code"])
        key = derived_id("payer", screen.actor.tenant_id, screen.actor.id, form.key)
        await screen.gateway.insurance.enter_payer(screen.actor, key, wanted)
    except ValidationError as error:
        form.blame_validation(error)
    except Refusal as refusal:
        form.renew().refuse(refusal)
    else:
        return screen.done(gettext("Payer entered"), _HERE)
    return screen.page("settings/payers.html", http=422, items=await shown(screen), **context(screen, form))


@router.post("/{payer_id}/{verb}")
async def retire(payer_id: UUID, verb: str, screen: Keeper) -> Response:
    """Let a payer cover no new visits, or cover them again."""
    known = await screen.gateway.insurance.payer(screen.actor, payer_id)
    status = PayerStatus.retired if verb == "retirement" else PayerStatus.active
    wanted = PayerReplacement(name=known.name, code=known.code, status=status, version=known.version)
    await screen.gateway.insurance.change_payer(screen.actor, payer_id, wanted)
    told = gettext("%(name)s covers no new visits") if verb == "retirement" else gettext("%(name)s covers visits again")
    return screen.done(told % {"name": known.name}, _HERE)
