"""Settings, payments: what the money check mends by itself, and what waits for a person first."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.payments.schemas import MENDED_BY_ITSELF, MendingRuleWrite
from web.forms import Form
from web.pages.orphans import kind_words
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/money-check/mending", include_in_schema=False)
Manager = Annotated[Screen, needs("gateways:manage")]
_YES = "true"


async def context(screen: Screen) -> dict[str, Any]:
    """Tell of each kind whether it is mended by itself."""
    rule = await screen.gateway.payments.mending_rule(screen.actor)
    return {"mending": [(*kind_words(kind), kind in rule.mends) for kind in sorted(MENDED_BY_ITSELF)]}


@router.get("")
async def edit(screen: Manager) -> Response:
    """Ask what is mended by itself."""
    rule = await screen.gateway.payments.mending_rule(screen.actor)
    ticked = {kind.value: _YES for kind in rule.mends}
    return _form(screen, screen.form("mending", version=rule.version, **ticked))


@router.post("")
async def change(screen: Manager) -> Response:
    """Say it."""
    form = await screen.submitted("mending")
    mends = [kind for kind in sorted(MENDED_BY_ITSELF) if form.values[kind.value] == _YES]
    version = form.values["version"]
    wanted = MendingRuleWrite(mends=mends, version=int(version) if version.isdecimal() else None)
    try:
        await screen.gateway.payments.set_mending_rule(screen.actor, wanted)
    except Refusal as refusal:
        return _form(screen, form.refuse(refusal), refusal.status)
    return screen.done(gettext("Payment settings saved"), "/settings/payments")


def _form(screen: Screen, form: Form, http: int = OK) -> Response:
    kinds = [(kind.value, *kind_words(kind)) for kind in sorted(MENDED_BY_ITSELF)]
    return screen.page("settings/mending.html", http=http, form=form, kinds=kinds)
