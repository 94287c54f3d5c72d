"""Settings, payments: which card gateway is used, how it stands, and its keys, which go in and never come out."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from services.payments.schemas import GatewayAccount, GatewayAccountWrite
from services.payments.states import GatewayKind
from web.forms import Form
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/payments", include_in_schema=False)
Manager = Annotated[Screen, needs("gateways:manage")]
_SECRETS = ("secret_key", "webhook_secret")
UNREADY = 422


async def shown(screen: Screen) -> list[dict[str, Any]]:
    """Describe the gateways for people, the one in use first."""
    found = await screen.gateway.payments.gateway_accounts(screen.actor)
    return [one.__dict__ | {"name": _name(one.kind), "note": _note(one.kind)} for one in found]


def _name(kind: GatewayKind) -> str:
    return {GatewayKind.sandbox: gettext("Sandbox"), GatewayKind.stripe: "Stripe"}[kind]


def _note(kind: GatewayKind) -> str:
    return {
        GatewayKind.sandbox: gettext("Test cards only; no money moves"),
        GatewayKind.stripe: gettext("Cards, with keys of your own account at Stripe"),
    }[kind]


@router.get("/{kind}")
async def edit(kind: GatewayKind, screen: Manager) -> Response:
    """Ask for the keys, and whether this gateway is used."""
    account = await _account(screen, kind)
    known = {"publishable_key": account.publishable_key, "version": account.version}
    return _form(screen, account, screen.form("gateway", **known, active="true" if account.active else ""))


@router.post("/{kind}")
async def change(kind: GatewayKind, screen: Manager) -> Response:
    """Set what was typed; an empty secret stays as it is. What was typed as a secret is never shown again."""
    form = await screen.submitted("gateway")
    typed = {name: form.values.pop(name, "").strip() or None for name in _SECRETS}
    typed |= {"publishable_key": form.values["publishable_key"].strip(), "version": form.values["version"] or None}
    try:
        wanted = GatewayAccountWrite.model_validate(typed | {"active": form.values["active"] == "true"})
        await screen.gateway.payments.change_gateway(screen.actor, kind, wanted)
    except ValidationError as error:
        return _form(screen, await _account(screen, kind), form.blame_validation(error), UNREADY)
    except Refusal as refusal:
        return _form(screen, await _account(screen, kind), form.refuse(refusal), refusal.status)
    return screen.done(gettext("Payment settings saved"), "/settings/payments")


async def _account(screen: Screen, kind: GatewayKind) -> GatewayAccount:
    return next(one for one in await screen.gateway.payments.gateway_accounts(screen.actor) if one.kind == kind)


def _form(screen: Screen, account: GatewayAccount, form: Form, http: int = OK) -> Response:
    settings = screen.request.app.state.settings.web
    return screen.page(
        "settings/gateway.html",
        http=http,
        form=form,
        account=account,
        name=_name(account.kind),
        webhook=f"{settings.public_url}/webhooks/payments/{account.kind}/{screen.actor.tenant_id}",
    )
