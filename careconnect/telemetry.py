"""Logs, metrics and traces, and the request id that ties them together.

Logs are JSON lines on standard error, without personal data: they hold routes, codes, ids of requests and durations.
"""

import logging
import re
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Counter, Histogram

from careconnect.ids import uuid7

if TYPE_CHECKING:
    from fastapi import FastAPI

    from careconnect.config import Settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered, or None outside of one."""
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The W3C trace context that came with the request, passed on to the services."""

REQUESTS = Counter("careconnect_requests", "Requests answered", ["service", "route", "method", "status"])
SECONDS = Histogram(
    "careconnect_request_seconds",
    "Seconds a request took",
    ["service", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_ACCEPTABLE = re.compile(r"^[\w.:-]{1,128}$", re.ASCII)
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")


def begin_request(given_id: str | None, given_trace: str | None) -> str:
    """Take over the caller's request id and trace context where they are well formed; mint an id where none is."""
    chosen = given_id if given_id and _ACCEPTABLE.match(given_id) else uuid7().hex
    request_id.set(chosen)
    traceparent.set(given_trace if given_trace and _TRACEPARENT.match(given_trace) else _new_trace())
    return chosen


def configure_logs(level: str) -> None:
    """Send every log line, ours and the libraries', as JSON to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_request_id,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(), foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()]
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("httpx", "httpcore", "aiosmtpd", "mail.log", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def trace(app: "FastAPI", settings: "Settings", name: str) -> None:
    """Send spans of `app` to the collector, if one is configured."""
    if not settings.telemetry.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - often unused

    from careconnect.spans import instrument, trace_into  # noqa: PLC0415

    instrument(app, trace_into(OTLPSpanExporter(endpoint=f"{settings.telemetry.otlp_endpoint}/v1/traces"), name))


def _with_request_id(_logger: object, _name: str, line: Any) -> Any:
    known = request_id.get()
    if known:
        line.setdefault("request_id", known)
    return line


def _new_trace() -> str:
    return f"00-{uuid7().hex}-{uuid7().hex[-16:]}-00"
