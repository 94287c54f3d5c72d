"""The cash drawer: mine now, what moved in it, opening and closing it; those of everybody for whoever reviews them."""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments.errors import DrawerDiffers
from services.payments.schemas import CashRule, Drawer, DrawerClosing, DrawerMovement, DrawerReview, DrawerWrite
from services.payments.schemas import MovementWrite as Movement
from services.payments.states import CashMove
from web.formats import money
from web.forms import Form
from web.looks import look
from web.pages.counting import count, pieces_of
from web.pages.links import link
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/drawers", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
Writer = Annotated[Screen, needs("payments:write")]
Reviewer = Annotated[Screen, needs("drawers:review")]
_SHOWN = 20


@router.get("")
async def overview(screen: Reader, cursor: str | None = None) -> Response:
    """Show the drawer that is open now, and those of before."""
    mine, page, rule = await asyncio.gather(
        screen.gateway.payments.my_drawer(screen.actor),
        screen.gateway.payments.drawers(screen.actor, limit=_SHOWN, cursor=cursor),
        screen.gateway.payments.cash_rule(screen.actor),
    )
    rows = await _named(screen, page.items)
    if screen.htmx and cursor:
        return screen.page("billing/_drawer_rows.html", drawers=rows, next_href=_next(page.next_cursor))
    return screen.page(
        "billing/_drawer.html" if screen.targets("drawer") else "billing/drawers.html",
        drawer=(await _named(screen, [mine]))[0] if mine else None,
        movements=await _movements(screen, mine) if mine else [],
        drawers=rows,
        next_href=_next(page.next_cursor),
        rule=rule,
        form=screen.form("rule"),
        here="/billing/drawers",
    )


@router.get("/new")
async def new(screen: Writer) -> Response:
    """Ask what is in the drawer at the beginning."""
    place = screen.frame.location or next(iter(screen.frame.places), None)
    return _opening(screen, screen.form("drawer", location_id=place.id if place else None))


@router.post("")
async def open_drawer(screen: Writer) -> Response:
    """Open it."""
    form = await screen.submitted("drawer")
    counted, place = count(form, _currency(screen)), form.chosen("location_id")
    if place is None:
        form.object(gettext("Choose a place"), "location_id")
    if counted is None or place is None:
        return _opening(screen, form, 422)
    key = derived_id("drawer form", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        await screen.gateway.money.open_drawer(screen.actor, key, DrawerWrite(location_id=place, opening=counted))
    except Refusal as refusal:
        return _opening(screen, form.renew().object(gettext(refusal.title)), refusal.status)
    return screen.done(gettext("Your drawer is open"), "/billing/drawers")


@router.post("/rule")
async def set_rule(screen: Reviewer) -> Response:
    """Say whether cash needs an open drawer."""
    needed = (await screen.submitted("rule")).values["drawer_needed"] == "true"
    await screen.gateway.payments.set_cash_rule(screen.actor, CashRule(drawer_needed=needed))
    told = gettext("Cash now needs an open drawer") if needed else gettext("Cash is taken without a drawer too")
    return screen.done(told, "/billing/drawers")


@router.get("/{drawer_id}")
async def show(drawer_id: UUID, screen: Reader) -> Response:
    """Show one drawer, with everything that moved its cash."""
    drawer = await screen.gateway.payments.drawer(screen.actor, drawer_id)
    return screen.page(
        "billing/_drawer.html" if screen.targets("drawer") else "billing/drawer.html",
        drawer=(await _named(screen, [drawer]))[0],
        movements=await _movements(screen, drawer),
        form=screen.form("review"),
        here=f"/billing/drawers/{drawer_id}",
    )


@router.get("/{drawer_id}/movements/new")
async def ask_movement(drawer_id: UUID, screen: Writer) -> Response:
    """Ask what is put in or taken out, and why."""
    drawer = await screen.gateway.payments.drawer(screen.actor, drawer_id)
    return _moving(screen, screen.form("movement", kind=CashMove.bank_drop), drawer)


@router.post("/{drawer_id}/movements")
async def move(drawer_id: UUID, screen: Writer) -> Response:
    """Put it in, or take it out."""
    form = await screen.submitted("movement")
    drawer = await screen.gateway.payments.drawer(screen.actor, drawer_id)
    amount, reason = form.money("amount", drawer.opening.currency), form.values["reason"].strip()[:500]
    kind = next((one for one in CashMove if one.value == form.values["kind"]), None)
    if not reason:
        form.object(gettext("Say why"), "reason")
    if kind is None:
        form.object(gettext("Choose what happens with it"), "kind")
    if amount is None or kind is None or not reason:
        return _moving(screen, form, drawer, 422)
    key = derived_id("movement form", screen.actor.tenant_id, screen.actor.id, form.key)
    wanted = Movement(kind=kind, amount=amount, reason=reason)
    try:
        await screen.gateway.payments.move_cash(screen.actor, drawer_id, key, wanted)
    except Refusal as refusal:
        return _moving(screen, form.renew().object(gettext(refusal.title)), drawer, refusal.status)
    return screen.done(gettext("Written down, and booked"), _home(screen, drawer))


@router.get("/{drawer_id}/closing")
async def ask_closing(drawer_id: UUID, screen: Writer) -> Response:
    """Ask what is in the drawer at the end."""
    return _closing(screen, screen.form("closing"), await screen.gateway.payments.drawer(screen.actor, drawer_id))


@router.post("/{drawer_id}/closing")
async def close(drawer_id: UUID, screen: Writer) -> Response:
    """Close it; a count that differs asks for a reason first."""
    form = await screen.submitted("closing")
    drawer = await screen.gateway.payments.drawer(screen.actor, drawer_id)
    counted = count(form, drawer.opening.currency)
    if counted is None:
        return _closing(screen, form, drawer, 422)
    wanted = DrawerClosing(counted=counted, reason=form.values["reason"].strip()[:500] or None)
    try:
        closed = await screen.gateway.payments.close_drawer(screen.actor, drawer_id, wanted)
    except DrawerDiffers as refusal:
        difference = Money(amount=refusal.extra["difference"], currency=drawer.opening.currency)
        form.object(gettext("Say why, or count again"), "reason").object(over_short(difference))
        return _closing(screen, form, drawer, refusal.status)
    except Refusal as refusal:
        return _closing(screen, form.object(gettext(refusal.title)), drawer, refusal.status)
    return screen.done(gettext("Drawer closed"), f"/billing/drawers/{closed.id}")


@router.post("/{drawer_id}/review")
async def review(drawer_id: UUID, screen: Reviewer) -> Response:
    """Note that somebody looked."""
    note = (await screen.submitted("review")).values["note"].strip()[:500]
    await screen.gateway.payments.review_drawer(screen.actor, drawer_id, DrawerReview(note=note))
    return screen.done(gettext("Reviewed"), f"/billing/drawers/{drawer_id}")


def over_short(difference: Money) -> str:
    """Say by how much a count differs from what should be there."""
    if not difference:
        return gettext("As it should be")
    amount = money(Money(amount=abs(difference.amount), currency=difference.currency))
    said = gettext("%(amount)s too much") if difference.amount > 0 else gettext("%(amount)s short")
    return said % {"amount": amount}


def _opening(screen: Screen, form: Form, status: int = 200) -> Response:
    return screen.page(
        "billing/drawer_opening.html",
        http=status,
        form=form,
        places=[(place.id, place.name) for place in screen.frame.places],
        pieces=pieces_of(_currency(screen)),
    )


def _moving(screen: Screen, form: Form, drawer: Drawer, status: int = 200) -> Response:
    kinds = [(one.value, look(one, "cash_movement").word) for one in CashMove]
    return screen.page("billing/drawer_movement.html", http=status, form=form, drawer=drawer, kinds=kinds)


def _closing(screen: Screen, form: Form, drawer: Drawer, status: int = 200) -> Response:
    pieces = pieces_of(drawer.opening.currency)
    return screen.page("billing/drawer_closing.html", http=status, form=form, drawer=drawer, pieces=pieces)


def _currency(screen: Screen) -> str:
    return screen.person.session.tenant.currency


def _home(screen: Screen, drawer: Drawer) -> str:
    return "/billing/drawers" if drawer.person_id == screen.actor.id else f"/billing/drawers/{drawer.id}"


def _next(cursor: str | None) -> str:
    return link("/billing/drawers", cursor=cursor) if cursor else ""


async def _movements(screen: Screen, drawer: Drawer) -> list[DrawerMovement]:
    return await screen.gateway.payments.drawer_movements(screen.actor, drawer.id)


async def _named(screen: Screen, drawers: Iterable[Drawer]) -> list[dict[str, Any]]:
    """Show drawers with the names of people and places."""
    found = list(drawers)
    people = {key for one in found for key in (one.person_id, one.closed_by, one.reviewed_by) if key}
    staff, places = await asyncio.gather(
        screen.gateway.identity.staff_names(screen.actor, people) if people else _nobody(),
        screen.known.locations(screen.actor),
    )
    named = {one.id: one.name for one in staff}
    at = {place.id: place.name for place in places}
    other = gettext("Somebody else")
    return [
        dict(one)
        | {
            "person": named.get(one.person_id, other),
            "closer": named.get(one.closed_by, other) if one.closed_by else "",
            "reviewer": named.get(one.reviewed_by, other) if one.reviewed_by else "",
            "place": at.get(one.location_id, gettext("A place of before")),
            "look": "reviewed" if one.reviewed_at else one.status,
            "mine": one.person_id == screen.actor.id,
            "may_act": one.person_id == screen.actor.id or screen.actor.may("drawers:review"),
            "over_short": over_short(one.difference) if one.difference is not None else "",
            "right": one.difference is not None and not one.difference,
        }
        for one in found
    ]


async def _nobody() -> list[Any]:
    return []
