"""What a page endpoint works with: who asks, the gateway, the frame, and the ways to answer."""

import asyncio
import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Forbidden
from services.identity.schemas import Location
from web import console, words
from web.forms import Form
from web.gateway import Gateway
from web.pages import flash
from web.pages.flash import Toast
from web.pages.frame import Frame, shown
from web.pages.known import Known
from web.pages.waiting import count_waiting
from web.reach import within_reach
from web.session import Door, Person, Signed
from web.views import Views

OK = 200
LOCATION_COOKIE = "careconnect_location"
LANGUAGE_COOKIE = "careconnect_language"


class Screen:
    """One request for a page, a part of one, or a change."""

    def __init__(self, request: Request, person: Person, gateway: Gateway, known: Known, frame: Frame) -> None:
        self.request = request
        self.person = person
        self.gateway = gateway
        self.known = known
        self.frame = frame

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.person.actor

    @property
    def htmx(self) -> bool:
        """Whether a script asks for a part, rather than the browser for a page."""
        return is_htmx(self.request)

    def targets(self, element: str) -> bool:
        """Tell whether the answer goes into the element with this id."""
        return self.request.headers.get("hx-target") == element

    def page(self, template: str, /, http: int = OK, *, tell: dict[str, Any] | None = None, **context: Any) -> Response:
        """Answer with a page, or a part of one; `tell` are events for the scripts."""
        views: Views = self.request.app.state.views
        html = views.render(template, frame=self.frame, htmx=self.htmx, **context)
        response = HTMLResponse(html, http, {"Vary": "HX-Request", "Cache-Control": "no-store"})
        if tell:
            response.headers["HX-Trigger"] = json.dumps(tell)
        if self.frame.toasts and not self.htmx:
            flash.forget(response)
        return response

    def form(self, name: str, **values: Any) -> Form:
        """Begin a fresh form."""
        return Form(name, self.person.csrf).fill(values)

    async def submitted(self, name: str) -> Form:
        """Read a form that was sent, with everything that was typed."""
        sent = await self.request.form()
        form = Form(name, self.person.csrf).fill({key: value for key, value in sent.items() if isinstance(value, str)})
        form.key = form.values["idempotency_key"] or form.key
        return form

    def done(self, message: str, to: str, *, undo: str | None = None, tone: str = "green") -> Response:
        """Answer a change that was made: go to `to` and say so there."""
        response: Response = (
            Response(status_code=204, headers={"HX-Redirect": to}) if self.htmx else RedirectResponse(to, 303)
        )
        flash.keep(response, Toast(message, tone, undo))
        return response

    def closed(
        self, message: str, *, undo: str | None = None, tone: str = "green", tell: dict[str, Any] | None = None
    ) -> Response:
        """Answer a change that was made in a dialog: close it, say so, and let the screen below know."""
        toast = {"message": message, "tone": tone, "undo": undo}
        told = {**(tell or {}), "toast": toast, "close-dialog": True}
        return Response(status_code=204, headers={"HX-Trigger": json.dumps(told)})


def is_htmx(request: Request) -> bool:
    """Tell whether a script asks for a part of a page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


async def screen(request: Request, person: Signed, gateway: Door) -> Screen:
    """Prepare the screen of the person who asks."""
    words.speak(request.cookies.get(LANGUAGE_COOKIE) or person.session.locale[:2])
    await within_reach(request, person.actor, gateway)
    state = request.app.state
    if not hasattr(state, "known"):
        state.known = Known(gateway)
    known: Known = state.known
    whole = not is_htmx(request)
    places, waiting = await asyncio.gather(
        known.locations(person.actor), count_waiting(gateway, known, person.actor) if whole else _none()
    )
    active = [place for place in places if place.active]
    frame = Frame(
        actor=person.actor,
        csrf=person.csrf,
        organisation=person.session.tenant.name,
        person=shown(person.session),
        places=active,
        location=_chosen(request, person, active),
        now=clock.now(),
        path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        console=_console(request, person.actor),
        languages=words.languages(),
        toasts=flash.kept(request) if whole else [],
        waiting=waiting,
    )
    return Screen(request, person, gateway, known, frame)


def needs(scope: str) -> Any:
    """Build the dependency that prepares a screen for those who hold `scope`."""

    async def check(found: Annotated[Screen, Depends(screen)]) -> Screen:
        if not found.actor.may(scope):
            raise Forbidden
        return found

    return Depends(check)


def local(path: str | None, otherwise: str = "/") -> str:
    """Take a path that came from outside only if it stays on this site."""
    safe = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    return quote(path, safe="/?&=%:+-._~,") if safe and path else otherwise


def _chosen(request: Request, person: Person, places: list[Location]) -> Location | None:
    """Find the place that was chosen; somebody who works at one place sees that one unless they chose otherwise."""
    wanted = request.cookies.get(LOCATION_COOKIE)
    own = person.session.location_ids
    if wanted is None and len(own) == 1:
        wanted = str(own[0])
    return next((place for place in places if str(place.id) == wanted), None)


def _console(request: Request, actor: Actor) -> str:
    settings = request.app.state.settings
    return "/console" if settings.temporal.ui_url and console.opens_to(settings, actor) else ""


async def _none() -> int:
    return 0


AnyScreen = Annotated[Screen, Depends(screen)]
