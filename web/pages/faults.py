"""Refusals and faults as people meet them: an error page, a sentence, or the way to sign in again."""

import json
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from careconnect.errors import NotAuthenticated, Refusal
from careconnect.telemetry import request_id
from services.appointments.errors import ReasonNeeded
from web import words
from web.forms import Form
from web.pages import flash
from web.pages.flash import Toast
from web.pages.public.visitor import PREFIX, refused
from web.pages.screen import is_htmx, local
from web.views import Views
from web.words import gettext

_ELSEWHERE = ("/api/", "/oauth/", "/webhooks/", "/console", "/static/", "/.well-known/", "/healthz", "/readyz")
Handler = Callable[[Request, Exception], Awaitable[Response]]


class Problem(NamedTuple):
    """What an error page says."""

    status: int
    title: str
    advice: str
    retry: str
    request_id: str


def tell_people(app: FastAPI) -> None:
    """Answer what goes wrong on a page for people; programs still get problem details."""
    for kind in (Refusal, HTTPException, Exception):
        handlers = app.exception_handlers
        handlers[kind] = _for_people(handlers[kind])  # type: ignore[assignment,arg-type,unused-ignore]


def _for_people(otherwise: Handler) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        if not _is_page(request):
            return await otherwise(request, error)
        plain = await otherwise(request, error)
        if request.url.path.startswith(PREFIX):
            return refused(request, plain.status_code, error if isinstance(error, Refusal) else None)
        asked = _asked_first(request, plain.status_code, error)
        if asked is not None:
            return asked
        detail = words.refused(error) if isinstance(error, Refusal) else ""
        if is_htmx(request):
            return _say(plain.status_code, detail)
        if request.method != "GET":
            return _go_back(request, detail or gettext("That did not work. Try again."))
        return _page(request, plain.status_code, detail)

    return handle


def _is_page(request: Request) -> bool:
    wants = "text/html" in request.headers.get("accept", "") or is_htmx(request)
    return wants and not request.url.path.startswith(_ELSEWHERE)


def _asked_first(request: Request, status: int, error: Exception) -> Response | None:
    """Ask for what is missing before it goes on: who it is, or why they need to see a record."""
    if isinstance(error, ReasonNeeded):
        return _ask_why(request, error)
    return _sign_in_first(request) if status == NotAuthenticated.status else None


def _sign_in_first(request: Request) -> Response:
    """Ask to sign in and go on: in a dialog above what was typed, or on the sign-in page."""
    if not is_htmx(request):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.method != "GET":
            back = _came_from(request)
        return RedirectResponse(f"/sign-in?back={quote(back)}", 303)
    views: Views = request.app.state.views
    html = views.render("sign_in_again.html", form=Form("again", ""), htmx=True)
    return HTMLResponse(html, 401, {"HX-Retarget": "#dialogs", "HX-Reswap": "beforeend", "HX-Reselect": "dialog"})


def _ask_why(request: Request, refusal: ReasonNeeded) -> Response:
    """Ask for the reason on a page of its own, and go on from there."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = _came_from(request) if request.method != "GET" or is_htmx(request) else here
    asking = f"/patients/{refusal.extra['patient_id']}/access?back={quote(back)}"
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": asking})
    return RedirectResponse(asking, 303)


def _say(status: int, detail: str) -> Response:
    """Say it in a toast and leave the screen as it is."""
    headers = {"HX-Reswap": "none"}
    if detail:
        headers["HX-Trigger"] = json.dumps({"toast": {"message": detail, "tone": "red"}})
    return Response(status_code=status, headers=headers)


def _go_back(request: Request, detail: str) -> Response:
    """Go back and say it there: a button without a form has nothing to show an error beside."""
    response = RedirectResponse(_came_from(request), 303)
    flash.keep(response, Toast(detail, "red"))
    return response


def _came_from(request: Request) -> str:
    parts = urlsplit(request.headers.get("referer", ""))
    same = parts.netloc == request.url.netloc
    return local(parts.path + (f"?{parts.query}" if parts.query else "")) if same else "/"


def _page(request: Request, status: int, detail: str) -> Response:
    words = {
        403: (gettext("Your role does not reach this page"), gettext("Ask an administrator if you need it.")),
        404: (
            gettext("This page does not exist"),
            gettext("The link may be old, or the record belongs to another organisation."),
        ),
        405: (
            gettext("There is nothing to see at this address"),
            gettext("It is where a form goes. Go back, and use its button."),
        ),
        429: (gettext("A moment, please"), gettext("Too many requests came from here; try again in a few seconds.")),
        503: (
            gettext("A part of the system does not answer"),
            gettext("Nothing was lost. It usually comes back within a minute."),
        ),
    }
    title, advice = words.get(
        status, (gettext("Something went wrong on our side"), gettext("It was noted. Try again in a moment."))
    )
    retry = local(request.url.path) if status in {429, 500, 503} else ""
    known = status in {403, 404, 405}
    problem = Problem(status, title, advice if known or not detail else detail, retry, request_id.get() or "")
    views: Views = request.app.state.views
    return HTMLResponse(views.render("error.html", problem=problem), status)
