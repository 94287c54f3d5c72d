"""Somebody who follows a signed link: what it lets them do, and how they are answered."""

from typing import Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Refusal
from careconnect.ids import derived_id
from careconnect.links import LinkExpired, LinkInvalid, SignedLink, SignedLinks
from web import words
from web.forms import Form
from web.gateway import Gateway
from web.pages.known import Known
from web.session import Door
from web.views import Views
from web.words import gettext

PREFIX = "/p/"
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}


class Visitor:
    """One request by signed link. `actor` is the patient, with the scopes that the link's purpose needs."""

    def __init__(self, request: Request, gateway: Gateway, link: SignedLink, scopes: frozenset[str]) -> None:
        self.request = request
        self.gateway = gateway
        self.link = link
        self.now = clock.now()
        self.actor = Actor(
            id=derived_id("visitor", link.purpose, link.subject),
            tenant_id=link.tenant_id,
            kind="patient",
            scopes=scopes | {"identity:read"},
        )
        self.known = _known(request, gateway)

    @property
    def path(self) -> str:
        """The page's own address, to which its forms go; without what stands behind the token."""
        return PREFIX + "/".join(self.request.url.path.removeprefix(PREFIX).split("/")[:2])

    async def page(self, template: str, /, http: int = 200, **context: Any) -> Response:
        """Answer with a page in the organisation's name; `visitor` is there beside `context`."""
        organisation = await self.known.organisation(self.actor)
        views: Views = self.request.app.state.views
        html = views.render(template, visitor=self, organisation=organisation, **context)
        return HTMLResponse(html, http, _HEADERS)

    def form(self, name: str, **values: Any) -> Form:
        """Begin a form; the token in its address stands for a CSRF token."""
        return Form(name, "").fill(values)

    async def submitted(self, name: str) -> Form:
        """Read a form that was sent, with everything that was typed."""
        sent = await self.request.form()
        form = self.form(name, **{key: value for key, value in sent.items() if isinstance(value, str)})
        form.key = form.values["idempotency_key"] or form.key
        return form

    def back(self, **query: str) -> Response:
        """Answer a change that was made: show the page anew."""
        behind = "?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else ""
        return RedirectResponse(self.path + behind, 303, _HEADERS)


def visiting(purpose: str, *scopes: str) -> Any:
    """Build the dependency that lets a request pass with a link for `purpose`, acting with `scopes`.

    The route has a path parameter `token`.
    """

    async def check(request: Request, gateway: Door, token: str) -> Visitor:
        words.speak(request.headers.get("accept-language", "")[:2])
        links: SignedLinks = request.app.state.links
        return Visitor(request, gateway, links.open(token, purpose), frozenset(scopes))

    return Depends(check)


def refused(request: Request, status: int, refusal: Refusal | None) -> Response:
    """Tell a visitor what went wrong: there is no dashboard to go to and nobody to sign in."""
    if isinstance(refusal, LinkExpired):
        title = gettext("This link has run out")
        advice = gettext("Ask the clinic for a new one, or call the desk.")
    elif isinstance(refusal, LinkInvalid) or status == LinkInvalid.status:
        title = gettext("This link does not work")
        advice = gettext("Open it again from the message, in full. If that does not help, call the clinic.")
    elif refusal is not None and status < 500:  # noqa: PLR2004 - the refusal's own words are for people
        title, advice = gettext("That was not possible"), words.refused(refusal)
    else:
        title = gettext("Something went wrong on our side")
        advice = gettext("Nothing was lost. Try again in a minute, or call the clinic.")
    views: Views = request.app.state.views
    return HTMLResponse(views.render("public/refused.html", title=title, advice=advice), status, _HEADERS)


def _known(request: Request, gateway: Gateway) -> Known:
    state = request.app.state
    if not hasattr(state, "known"):
        state.known = Known(gateway)
    known: Known = state.known
    return known
