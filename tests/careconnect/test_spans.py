"""What leaves for the collector: routes, times and codes, and nothing that somebody typed or was sent."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from careconnect.spans import instrument, trace_into

SECRETS = ("Perera", "0712345678", "signed-token", "quoted")


@pytest.fixture
def app() -> FastAPI:
    """Make an application with the kinds of addresses that hold something personal."""
    made = FastAPI()

    @made.get("/patients")
    async def patients() -> None:
        """Answer nothing."""

    @made.get("/p/{purpose}/{token}")
    async def page(purpose: str, token: str) -> None:
        message = f"quoted: {purpose} {token} Perera"
        raise ValueError(message)

    return made


@pytest.fixture(params=["", "http", "http/dup"])
def tracing(
    app: FastAPI, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[InMemorySpanExporter, TracerProvider]]:
    """Record the application's spans, under the old names of attributes, the new ones, and both."""
    from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability  # noqa: PLC0415

    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", request.param)
    monkeypatch.setattr(_OpenTelemetrySemanticConventionStability, "_initialized", False)
    exporter = InMemorySpanExporter()
    provider = trace_into(exporter, "test")
    instrument(app, provider)
    yield exporter, provider
    HTTPXClientInstrumentor().uninstrument()
    FastAPIInstrumentor.uninstrument_app(app)
    provider.shutdown()
    monkeypatch.setattr(_OpenTelemetrySemanticConventionStability, "_initialized", False)


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """Answer requests on a port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_no_span_tells_what_was_searched_for_or_shows_a_signed_link(
    app: FastAPI, tracing: tuple[InMemorySpanExporter, TracerProvider], elsewhere: str
) -> None:
    exporter, provider = tracing
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test") as http:
        assert (await http.get("/patients", params={"q": "Perera 0712345678"})).status_code == 200
        assert (await http.get("/p/appointment/signed-token?lang=si")).status_code == 500
        assert (await http.get("/calendar/signed-token.ics")).status_code == 404
    async with httpx.AsyncClient(base_url=elsewhere) as http:
        await http.get("/patients", params={"q": "Perera 0712345678"})
        await http.get("/p/appointment/signed-token")
    assert provider.force_flush()
    written = "\n".join(span.to_json() for span in exporter.get_finished_spans())
    assert [word for word in SECRETS if word in written] == []
    assert "/p/-" in written
    assert "GET /p/{purpose}/{token}" in written
