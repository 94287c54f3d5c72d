"""API clients: admitted with a secret that is shown once, the secret renewed, and revoked."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.identity.schemas import ApiClientSecret, ApiClientWrite
from web.api.scopes import SCOPES
from web.forms import Form
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/clients", include_in_schema=False)
Manager = Annotated[Screen, needs("staff:manage")]
_HERE = "/settings/clients"
_UNREADY = 422


@router.get("/new")
async def new(screen: Manager) -> Response:
    """Begin an API client."""
    return _form(screen, screen.form("client"), [])


@router.post("")
async def admit(screen: Manager) -> Response:
    """Admit a program, and show its secret this once."""
    form = await screen.submitted("client")
    scopes = [str(one) for one in (await screen.request.form()).getlist("scopes")]
    identity = screen.gateway.identity
    try:
        wanted = ApiClientWrite.model_validate({"name": form.values["name"].strip(), "scopes": scopes})
        key = derived_id("client form", screen.actor.tenant_id, screen.actor.id, form.key)
        made = await identity.create_client(screen.actor, key, wanted)
        if made.client_secret is None:  # a second click: the answer with the first secret was never seen
            made = await identity.renew_client_secret(screen.actor, key)
    except ValidationError as error:
        return _form(screen, form.blame_validation(error), scopes, _UNREADY)
    except Refusal as refusal:
        return _form(screen, form.renew().refuse(refusal), scopes, refusal.status)
    return _shown(screen, made)


@router.post("/{key}/secret")
async def renew(key: UUID, screen: Manager) -> Response:
    """Mint a new secret; the old one is of no use from now on."""
    await screen.submitted("clients")
    return _shown(screen, await screen.gateway.identity.renew_client_secret(screen.actor, key))


@router.post("/{key}/revocation")
async def revoke(key: UUID, screen: Manager) -> Response:
    """Let the program in no more, for good."""
    await screen.gateway.identity.revoke_client(screen.actor, key)
    return screen.done(gettext("API client revoked"), _HERE)


def _shown(screen: Screen, client: ApiClientSecret) -> Response:
    return screen.page(
        "settings/secret.html",
        title=gettext("Secret of %(name)s") % {"name": client.name},
        facts=[(gettext("Client id"), client.client_id), (gettext("Client secret"), client.client_secret)],
        back=_HERE,
    )


def _form(screen: Screen, form: Form, scopes: Sequence[str], status: int = OK) -> Response:
    offered = [(scope, words, scope in scopes) for scope, words in SCOPES.items() if screen.actor.may(scope)]
    return screen.page("settings/client.html", http=status, form=form, action=_HERE, scopes=offered)
