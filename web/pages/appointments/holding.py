"""The chosen time is held while the form is filled in: taken, extended once, given back, shown with what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal, Unavailable
from services.appointments.errors import HoldNotFound
from services.appointments.holds.schemas import HeldSlot, HoldStatus
from web.forms import Form
from web.gateway.errors import StillDeciding
from web.gateway.holds import HoldWish
from web.pages.appointments.picker import Start
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]


@dataclass(frozen=True)
class Keeping:
    """What `appointments/_hold.html` shows: `wanted` asks for the hold, `away` says that there is none just now."""

    state: Literal["held", "wanted", "refused", "away"]
    words: str = ""
    hold_id: str = ""
    held_for: str = ""
    seconds: int = 0
    extended: bool = False


WANTED = Keeping("wanted")


@router.post("/new/hold")
async def hold(screen: Writer) -> Response:
    """Hold the chosen time, and give back the one that was held for this form before."""
    form = await screen.submitted("booking")
    chosen, visit_type_id = Start.read(form.values["slot"]), form.chosen("visit_type_id")
    await give_back(screen, form.chosen("hold_id"))
    if chosen is None or visit_type_id is None:
        return _shown(screen, Keeping("refused", gettext("Choose a time")))
    wish = HoldWish(visit_type_id=visit_type_id, patient_id=form.chosen("patient_id"), **chosen.model_dump())
    try:
        held = await screen.gateway.holds.place(screen.actor, wish)
    except (StillDeciding, Unavailable):
        return _shown(screen, Keeping("away", gettext("It cannot be held just now. You can book it all the same.")))
    except Refusal as refusal:
        return _shown(screen, Keeping("refused", refusal.detail))
    return _shown(screen, _keeping(screen, held, held_for(form.values)))


@router.post("/new/hold/extension")
async def extend(screen: Writer) -> Response:
    """Hold it for longer; what is refused shows how it stands."""
    form = await screen.submitted("booking")
    hold_id = form.chosen("hold_id")
    if hold_id:
        try:
            await screen.gateway.holds.extend(screen.actor, hold_id)
        except Refusal as refusal:
            if refusal.status == HoldNotFound.status:
                return _shown(screen, WANTED)
    return _shown(screen, await kept(screen, form.values))


@router.post("/new/hold/release")
async def release(screen: Writer) -> Response:
    """Give it back, since the form was closed."""
    form = await screen.submitted("booking")
    await give_back(screen, form.chosen("hold_id"))
    return Response(status_code=204)


async def give_back(screen: Screen, hold_id: UUID | None) -> None:
    """Give a hold back; if that fails, its own clock does it."""
    if hold_id is None:
        return
    try:
        await screen.gateway.holds.release(screen.actor, hold_id)
    except (HoldNotFound, StillDeciding, Unavailable):
        return


async def kept(screen: Screen, typed: Mapping[str, str]) -> Keeping:
    """Tell whether the time that the form shows is held for it; if not, it is wanted."""
    hold_id = of(typed)
    if hold_id is None:
        return WANTED
    try:
        held = await screen.gateway.holds.get(screen.actor, hold_id)
    except HoldNotFound:
        return WANTED
    return _keeping(screen, held, held_for(typed)) if held.status == HoldStatus.HELD else WANTED


def of(typed: Mapping[str, str]) -> UUID | None:
    """Give the hold of the time that the form shows; one for another time does not count."""
    if typed.get("held_for") != held_for(typed):
        return None
    return Form("", "").fill({"hold_id": typed.get("hold_id", "")}).chosen("hold_id")


def held_for(typed: Mapping[str, str]) -> str:
    """Write down what a hold is for."""
    return f"{typed.get('visit_type_id', '')}|{typed.get('slot', '')}"


def _keeping(screen: Screen, held: HeldSlot, what: str) -> Keeping:
    left = int((held.expires_at - screen.frame.now).total_seconds())
    return Keeping("held", "", str(held.id), what, max(left, 0), held.extended)


def _shown(screen: Screen, keeping: Keeping) -> Response:
    return screen.page("appointments/_hold_answer.html", keeping=keeping)
