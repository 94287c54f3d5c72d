"""Builds a service: health, readiness, metrics, request ids, problem details, the database and the check of tokens."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careconnect import auditing
from careconnect.auth import Tokens
from careconnect.config import Settings
from careconnect.crypto import MasterKey
from careconnect.db import Database
from careconnect.errors import (
    FieldError,
    Forbidden,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    Refusal,
    Unavailable,
    VersionConflict,
)
from careconnect.routing import take_in
from careconnect.telemetry import REQUESTS, SECONDS, begin_request, trace, traceparent

log = structlog.get_logger()


def create_service(name: str, routers: Sequence[APIRouter], *, settings: Settings, database: str) -> FastAPI:
    """Make the FastAPI application of the service `name`, whose Postgres is `settings.database.<database>`.

    `app.state.closing` is what is to be awaited when it ends, the last first.
    """
    app = FastAPI(title=f"Care-Connect {name}", docs_url=None, redoc_url=None, lifespan=_lifespan)
    app.state.name = name
    app.state.settings = settings
    app.state.tokens = Tokens(settings.internal_key)
    app.state.database = Database(
        settings.database.url(database),
        lambda: MasterKey(settings.master_keys),
        pool_size=settings.database.pool_size,
        overflow=settings.database.pool_overflow,
    )
    app.state.closing = [app.state.database.dispose]
    take_in(app, (*routers, _operations, auditing.router))
    answer_with_problems(app)
    app.add_middleware(Requests, name=name)
    trace(app, settings, name)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await close(app)


async def close(app: FastAPI) -> None:
    """Let go of what a service's application holds, whether it was served or lived in another process."""
    for step in reversed(app.state.closing):
        await step()


_operations = APIRouter(tags=["operations"])


@_operations.get("/healthz", summary="Whether the process lives")
async def healthz() -> dict[str, str]:
    """Answer as long as the event loop turns."""
    return {"status": "ok"}


@_operations.get("/readyz", summary="Whether requests can be served, and what is missing if not")
async def readyz(request: Request) -> JSONResponse:
    """Ask the database for a sign of life."""
    database: Database = request.app.state.database
    try:
        await database.ping()
    except (DBAPIError, OSError, PoolTimeoutError) as error:
        return JSONResponse({"status": "unavailable", "missing": {"postgres": type(error).__name__}}, 503)
    return JSONResponse({"status": "ok", "missing": {}})


@_operations.get("/metrics", summary="Prometheus metrics")
async def metrics() -> Response:
    """Write this process's metrics in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def answer_with_problems(app: FastAPI) -> None:
    """Answer every refusal and every fault as RFC 9457 problem details."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StaleDataError, _stale)
    for lost in (InterfaceError, OperationalError, PoolTimeoutError, ConnectionError, TimeoutError):
        app.add_exception_handler(lost, _lost)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(Bugs, owner=app)


def problem_response(refusal: Refusal, instance: str | None = None) -> JSONResponse:
    """Write a refusal as the answer to a request."""
    body = refusal.problem() | ({"instance": instance} if instance else {})
    headers = {}
    if refusal.status == NotAuthenticated.status:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in refusal.extra:
        headers["Retry-After"] = str(refusal.extra["retry_after"])
    return JSONResponse(body, refusal.status, headers, media_type="application/problem+json")


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for this class
    return problem_response(error, request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    fields = [FieldError.of(one, skip=1) for one in error.errors()]
    return problem_response(InvalidInput(errors=fields), request.url.path)


_UNREADABLE = 400
"""What FastAPI says of a body that it cannot even decode."""


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    known = {kind.status: kind for kind in (NotAuthenticated, Forbidden, NotFound)} | {_UNREADABLE: InvalidInput}
    kind = known.get(error.status_code)
    detail = "There is nothing at this address." if kind is NotFound else ""
    refusal = kind(detail) if kind else Refusal.from_problem(_plain(error))
    response = problem_response(refusal, request.url.path)
    response.headers.update(error.headers or {})
    return response


def _plain(error: HTTPException) -> dict[str, Any]:
    code = {405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}.get(
        error.status_code, "refused"
    )
    return {"status": error.status_code, "title": str(error.detail), "detail": str(error.detail), "code": code}


async def _stale(request: Request, _error: Exception) -> Response:
    return problem_response(VersionConflict(), request.url.path)


async def _lost(request: Request, error: Exception) -> Response:
    log.warning("part_unavailable", route=_route(request.scope), kind=type(error).__name__)
    return problem_response(Unavailable(), request.url.path)


# What Postgres says while it starts, stops or has run out of something: it may heal, so the caller may come again.
_PASSING = ("57P", "08", "53", "40001", "40P01", "55P03", "57014")


# What Postgres says of text with the character NUL, in a column or in a document: any other of Unicode can be kept.
_NUL = frozenset({"22021", "22P05"})


async def _database(request: Request, error: Exception) -> Response:
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if state in _NUL:
        return problem_response(InvalidInput("Text cannot hold the character NUL."), request.url.path)
    lost = getattr(error, "connection_invalidated", False)
    if lost or state.startswith(_PASSING):
        return await _lost(request, error)
    return await _bug(request, error)


async def _bug(request: Request, error: Exception) -> Response:
    if isinstance(error, ValidationError):
        # Its words quote what did not fit, which may be personal data or a secret: only where and why is noted.
        said = error.errors(include_url=False, include_context=False, include_input=False)
        log.error("unhandled", route=_route(request.scope), kind=type(error).__name__, title=error.title, errors=said)
    else:
        log.error("unhandled", route=_route(request.scope), kind=type(error).__name__, exc_info=error)
    refusal = Refusal.from_problem(
        {"status": 500, "code": "internal", "title": "Something went wrong on our side", "detail": "It was noted."}
    )
    return problem_response(refusal, request.url.path)


class Bugs:
    """Answers an unhandled fault inside the other doors: the answer passes them, and it is noted once.

    Starlette answers it outside of everything, without a request id or the headers that protect the browser.
    """

    def __init__(self, app: ASGIApp, *, owner: FastAPI) -> None:
        self.app = app
        self.owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            # Asked for now, since the pages put their own handler in place later.
            handler = cast(
                "Callable[[Request, Exception], Awaitable[Response]]", self.owner.exception_handlers[Exception]
            )
            response = await handler(Request(scope, receive), error)
            await response(scope, receive, send)


class Requests:
    """Gives each request an id, counts it, times it, and logs what went wrong."""

    def __init__(self, app: ASGIApp, *, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        chosen = begin_request(_text(headers.get(b"x-request-id")), _text(headers.get(b"traceparent")))
        known = [(b"x-request-id", chosen.encode()), (b"traceparent", (traceparent.get() or "").encode())]
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *known]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            route = _route(scope)
            SECONDS.labels(self.name, route).observe(time.perf_counter() - started)
            REQUESTS.labels(self.name, route, scope["method"], status).inc()


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "path", "unmatched")


def _text(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value else None
