"""What a gateway paid into the bank, entered by whoever reads the bank's statement."""

from collections.abc import Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments.schemas import PayoutWrite
from web.forms import Form
from web.pages.days import today
from web.pages.links import link
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/ledger/payouts", include_in_schema=False)
Closer = Annotated[Screen, needs("ledger:close")]
_BACK = "back"


@router.get("/new")
async def ask(screen: Closer) -> Response:
    """Ask what came, from whom, and when."""
    form = screen.form("payout", paid_on=today(screen.frame), currency=screen.person.session.tenant.currency)
    return await _asking(screen, form)


@router.post("")
async def enter(screen: Closer) -> Response:
    """Book it."""
    form = await screen.submitted("payout")
    wanted = _read(form, await _currencies(screen))
    if wanted is None:
        return await _asking(screen, form, 422)
    try:
        await screen.gateway.payments.enter_payout(screen.actor, _key(screen, form), wanted)
    except Refusal as refusal:
        return await _asking(screen, form.renew().object(gettext(refusal.title), "reference"), refusal.status)
    return screen.done(gettext("The payout is booked"), link("/billing/ledger", period=f"{wanted.paid_on:%Y-%m}"))


def _read(form: Form, currencies: Collection[str]) -> PayoutWrite | None:
    currency = form.values["currency"]
    if currency not in currencies:
        form.object(gettext("Choose a currency"), "currency")
        return None
    gross, fee = form.money("gross", currency), form.money("fee", currency, or_nothing=True)
    if gross is None or fee is None:
        return None
    sign = -1 if form.values["direction"] == _BACK else 1
    said: dict[str, Any] = {name: form.values[name].strip() for name in ("gateway", "paid_on", "reference")}
    said |= {"gross": _signed(gross, sign), "fee": _signed(fee, sign)}
    try:
        return PayoutWrite.model_validate(said)
    except ValidationError as error:
        form.blame_validation(error)
        return None


def _signed(amount: Money, sign: int) -> Money:
    return Money(amount=sign * amount.amount, currency=amount.currency)


def _key(screen: Screen, form: Form) -> UUID:
    return derived_id("payout form", screen.actor.tenant_id, screen.actor.id, form.key)


async def _currencies(screen: Screen) -> list[str]:
    held = await screen.gateway.payments.balances(screen.actor)
    return sorted({one.balance.currency for one in held} | {screen.person.session.tenant.currency})


async def _asking(screen: Screen, form: Form, status: int = 200) -> Response:
    return screen.page(
        "billing/payout.html",
        http=status,
        form=form,
        gateways=[
            ("sandbox", gettext("Sandbox gateway")),
            ("stripe", gettext("Stripe")),
            ("card_terminal", gettext("Card terminals")),
        ],
        currencies=[(one, one) for one in await _currencies(screen)],
        directions=[
            ("paid", gettext("They paid us")),
            (_BACK, gettext("They took money back, or one entered wrongly")),
        ],
    )
