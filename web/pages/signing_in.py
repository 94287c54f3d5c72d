"""Signing in and out, and what a person chooses for all screens: the place, the language."""

import json
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Forbidden, NotAuthenticated, Refusal
from services.identity.schemas import SignedIn
from web.forms import Form
from web.pages.screen import LANGUAGE_COOKIE, LOCATION_COOKIE, AnyScreen, is_htmx, local
from web.session import COOKIE, Door, signed_in
from web.views import Views
from web.words import LANGUAGES, gettext

router = APIRouter(include_in_schema=False)
_PLATFORM = Actor.system("identity:authenticate")
_YEAR = 365 * 24 * 3600


@router.get("/sign-in")
async def ask(request: Request, back: str = "/") -> Response:
    """Show the sign-in page; somebody who is signed in goes on."""
    try:
        await signed_in(request)
    except NotAuthenticated:
        return _page(request, Form("sign-in", ""), back)
    return RedirectResponse(local(back), 303)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    gateway: Door,
    email: Annotated[str, Field()] = "",
    password: Annotated[str, Field()] = "",
    back: Annotated[str, Field()] = "/",
) -> Response:
    """Begin a session. There is no CSRF token before one, so the request must come from our own page."""
    if not _from_here(request):
        raise Forbidden
    previous = request.cookies.get(COOKIE)
    try:
        begun = await gateway.identity.sign_in(_PLATFORM, email.strip(), password, previous_token=previous)
    except Refusal as refusal:
        form = Form("again" if is_htmx(request) else "sign-in", "").fill({"email": email}).object(refusal.detail)
        return _page(request, form, back, NotAuthenticated.status)
    if not is_htmx(request):
        response: Response = RedirectResponse(local(back), 303)
    else:
        session = await gateway.identity.session(_PLATFORM, begun.token)
        told = {"signed-in": {"csrf": session.csrf_secret}, "close-dialog": True}
        told["toast"] = {"message": gettext("Signed in. Go on where you were.")}
        response = Response(status_code=204, headers={"HX-Trigger": json.dumps(told)})
    _keep(request, response, begun)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, screen: AnyScreen) -> Response:
    """End the session."""
    await screen.gateway.identity.end_session(_PLATFORM, request.cookies[COOKIE])
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.post("/location")
async def choose_location(
    _: AnyScreen, location_id: Annotated[str, Field()] = "", back: Annotated[str, Field()] = "/"
) -> Response:
    """Show one place, or all."""
    response = RedirectResponse(local(back), 303)
    response.set_cookie(LOCATION_COOKIE, location_id, max_age=_YEAR, httponly=True, samesite="lax")
    return response


@router.post("/language")
async def choose_language(
    _: AnyScreen, language: Annotated[str, Field()], back: Annotated[str, Field()] = "/"
) -> Response:
    """Speak another language."""
    response = RedirectResponse(local(back), 303)
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, httponly=True, samesite="lax")
    return response


def _page(request: Request, form: Form, back: str, status: int = 200) -> Response:
    views: Views = request.app.state.views
    again = is_htmx(request)
    html = views.render("sign_in_again.html" if again else "sign_in.html", form=form, back=local(back), htmx=again)
    return HTMLResponse(html, status, {"Cache-Control": "no-store"})


def _keep(request: Request, response: Response, begun: SignedIn) -> None:
    seconds = int((begun.expires_at - clock.now()).total_seconds())
    secure = request.app.state.settings.web.public_url.startswith("https://")
    response.set_cookie(COOKIE, begun.token, max_age=seconds, httponly=True, secure=secure, samesite="lax")


def _from_here(request: Request) -> bool:
    """Tell by the browser's own headers whether our page sent this (Fetch Metadata, else Origin)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
