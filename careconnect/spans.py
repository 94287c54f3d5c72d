"""Spans for the collector, without personal data: addresses lose what may hold a name, a number or a signed link.

What somebody searched for stands in the query, and a signed link is as good as a key. Both are cut where spans leave
the process, whichever library made the span and whichever version of the semantic conventions it follows.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

if TYPE_CHECKING:
    from fastapi import FastAPI

_ADDRESSES = frozenset({"http.url", "url.full", "http.target", "url.path"})
_LEFT_OUT = frozenset(
    {
        "url.query", "http.user_agent", "user_agent.original", "http.client_ip", "client.address", "client.port",
        "net.peer.ip", "net.peer.port", "network.peer.address", "network.peer.port", "exception.message",
        "exception.stacktrace",
    }
)  # fmt: skip
_SECRET = re.compile(r"(/(?:p|calendar)/)(?!\{).+")
"""What stands below these is, or ends in, a signed link; a route names only its parameters."""


def trace_into(exporter: SpanExporter, name: str) -> TracerProvider:
    """Make what records the spans of the process `name`, and send them to `exporter` without personal data."""
    provider = TracerProvider(resource=Resource.create({"service.name": f"careconnect-{name}"}))
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    return provider


def instrument(app: "FastAPI", provider: TracerProvider) -> None:
    """Record a span of each request that `app` answers, and of each that this process sends."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415 - costs 60 ms, often unused
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415

    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    sending = HTTPXClientInstrumentor()
    if not sending.is_instrumented_by_opentelemetry:
        sending.instrument(tracer_provider=provider)


class Discreet(SpanExporter):
    """Hands spans on without what may be personal data."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand on a copy of each."""
        return self._exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        """End."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=_address(span.name),
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(event.name, _kept(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        # Its description would be the words of an error, which may quote what somebody typed.
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: _address(value) if name in _ADDRESSES else value
        for name, value in (attributes or {}).items()
        if name not in _LEFT_OUT
    }


def _address(value: str) -> str:
    return _SECRET.sub(r"\1-", value.partition("?")[0])
