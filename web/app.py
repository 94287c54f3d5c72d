"""The edge: one application that serves pages, REST and the workflow console."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog
from brotli_asgi import BrotliMiddleware
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from careconnect.config import Settings
from careconnect.links import SignedLinks
from careconnect.service import Requests, answer_with_problems
from careconnect.telemetry import configure_logs, trace
from careconnect.temporal import EncryptionCodec
from web import console, feeds, oauth, pages
from web.api import create_api, webhooks
from web.edge import Callers, Limits, SecurityHeaders
from web.gateway import Gateway
from web.guessing import Guesses
from web.live import Live
from web.readiness import missing_parts

log = structlog.get_logger()


def create(settings: Settings | None = None) -> FastAPI:
    """Make the edge; without `settings` they are read from the environment."""
    settings = settings or Settings()
    configure_logs(settings.telemetry.log_level)
    app = FastAPI(title="Care-Connect", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.settings = settings
    key_file = settings.security.oauth_key_file
    if key_file is None:
        message = "Set CARECONNECT_SECURITY__OAUTH_KEY_FILE to an RSA private key (PEM): it signs access tokens."
        raise ValueError(message)
    app.state.access_tokens = oauth.AccessTokens(key_file, settings.web.public_url)
    app.state.callers = Callers(settings.web.requests_per_second)
    app.state.links = SignedLinks(settings)
    app.state.codec = EncryptionCodec(settings.codec_keys, settings.temporal.namespace)
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)
    app.include_router(oauth.router)
    app.include_router(webhooks.router)
    app.include_router(console.router)
    app.include_router(feeds.router)
    api = create_api(app)
    app.mount("/api/v1", api)
    answer_with_problems(app)
    pages.install(app)
    _fit_middleware(app, settings)
    trace(app, settings, "edge")
    return app


def _fit_middleware(app: FastAPI, settings: Settings) -> None:
    """Put the doors in place; the one added last is the outermost."""
    # A stream of events would keep a compressor each, and gain nothing.
    app.add_middleware(BrotliMiddleware, quality=4, minimum_size=600, excluded_handlers=["^/calendar/events$"])
    app.add_middleware(Guesses, allowed=settings.web.failed_sign_ins)
    app.add_middleware(Limits, body_bytes=settings.web.body_limit_bytes, per_second=settings.web.requests_per_second)
    app.add_middleware(SecurityHeaders, https=settings.web.public_url.startswith("https://"))
    app.add_middleware(Requests, name="edge")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    ui_url = settings.temporal.ui_url
    app.state.console = httpx.AsyncClient(base_url=ui_url, timeout=30) if ui_url else None
    async with Gateway.open(settings) as gateway, Live.open(gateway.appointments) as live:
        app.state.gateway, app.state.live = gateway, live
        yield
    if app.state.console:
        await app.state.console.aclose()


async def healthz() -> dict[str, str]:
    """Answer as long as the event loop turns."""
    return {"status": "ok"}


async def readyz(request: Request) -> JSONResponse:
    """Say whether requests can be served, and name what is missing."""
    missing = await missing_parts(request.app.state.gateway)
    return JSONResponse({"status": "unavailable" if missing else "ok", "missing": missing}, 503 if missing else 200)


async def metrics() -> Response:
    """Write this process's metrics in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
