"""Settings, money: how visits are paid whose type does not say, and when unpaid invoices are recalled."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from services.consultants.schemas import MoneyPolicy, MoneyPolicyWrite
from web.forms import Form
from web.pages.screen import Screen, needs
from web.pages.settings import meanwhile
from web.pages.settings.visit_type_fields import listed
from web.words import gettext

router = APIRouter(prefix="/settings/money", include_in_schema=False)
Writer = Annotated[Screen, needs("catalogue:write")]
_HERE = "/settings/money"
_UNREADY = 422
_DAYS, _MOST_DAYS = 6, 365


async def context(screen: Screen, form: Form | None = None) -> dict[str, Any]:
    """Give the form as it stands, and what each choice does."""
    if form is None:
        policy = await screen.gateway.consultants.money_policy(screen.actor)
        form = meanwhile.remember(screen.form("money"), _values(policy), policy.version)
    return {
        "form": form,
        "whens": [
            ("desk", gettext("At the desk"), gettext("Nothing is asked for in advance; what is due stands open.")),
            ("booking", gettext("When it is booked"), gettext("The whole price is taken before the time is kept.")),
            ("before", gettext("Some hours before the visit"), gettext("The card is kept, and charged then.")),
        ],
        "declines": [
            ("keep", gettext("The appointment stays"), gettext("What is due is paid at the desk.")),
            (
                "cancel",
                gettext("The appointment is cancelled"),
                gettext("Its time is free for others."),
            ),
        ],
        "downs": [
            (
                "refuse",
                gettext("Book nothing"),
                gettext("The time is held for some minutes, to try again."),
            ),
            ("due", gettext("Book all the same"), gettext("No card is asked; the price is due at the desk.")),
        ],
    }


@router.post("")
async def change(screen: Writer) -> Response:
    """Write the policies anew; what is booked already keeps the ones with which it was booked."""
    form = await screen.submitted("money")
    try:
        wanted = MoneyPolicyWrite.model_validate(_meant(form))
        if any(form.errors.values()):
            return await _page(screen, form, _UNREADY)
        await screen.gateway.consultants.put_money_policy(screen.actor, wanted)
    except ValidationError as error:
        names = {"payment.hours_before": "hours_before", "payment": "hours_before"}
        return await _page(screen, form.blame_validation(error, names), _UNREADY)
    except VersionConflict as refusal:
        policy = await screen.gateway.consultants.money_policy(screen.actor)
        return await _page(screen, meanwhile.merge(form, _values(policy), policy.version), refusal.status)
    except Refusal as refusal:
        return await _page(screen, form.refuse(refusal), refusal.status)
    return screen.done(gettext("Money policy saved"), _HERE)


async def _page(screen: Screen, form: Form, status: int) -> Response:
    return screen.page("settings/money.html", http=status, **await context(screen, form))


def _values(policy: MoneyPolicy) -> dict[str, object]:
    payment = policy.payment
    return {
        "when": "desk" if payment.kind == "none" else payment.when,
        "hours_before": payment.hours_before,
        "on_decline": payment.on_decline,
        "when_gateway_is_down": payment.when_gateway_is_down,
        "dunning_days": ", ".join(map(str, policy.dunning_days)),
    }


def _meant(form: Form) -> dict[str, Any]:
    payment: dict[str, Any] = {name: form.values[name] for name in ("when", "on_decline", "when_gateway_is_down")}
    if payment["when"] == "before":
        payment["hours_before"] = form.values["hours_before"].strip() or None
        if payment["hours_before"] is None:
            form.object(gettext("Say how many hours before"), "hours_before")
    return {
        "payment": payment | {"kind": "full"},
        "dunning_days": _days(form),
        "version": meanwhile.version_of(form),
    }


def _days(form: Form) -> list[int]:
    """Read the days with commas between them; note in the form what is wrong with them."""
    typed = listed(form.values["dunning_days"])
    if not all(one.isascii() and one.isdecimal() and int(one) <= _MOST_DAYS for one in typed):
        form.object(gettext("Write whole days up to 365 with commas between them, such as 1, 7, 14"), "dunning_days")
        return []
    if len(typed) > _DAYS:
        form.object(gettext("At most six reminders"), "dunning_days")
        return []
    return [int(one) for one in typed]
