"""A call of an ASGI application in this process: what a service call is when nothing lies between.

httpx's own transport does the same through requests, cookies, streams and redirects that such a call has no use for;
that was a tenth of the processor time of a call (docs/performance.md).
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlencode

import structlog
from starlette.types import ASGIApp

log = structlog.get_logger()
_IN_PATHS = "/%:@!$&'()*+,;=~"  # RFC 3986 section 3.3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered, however it was asked."""

    status_code: int
    content: bytes


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any],
    headers: Mapping[str, str],
    content: bytes | None,
) -> Answer:
    """Let `app` answer one request; what it throws after all its handlers is answered as a server's fault (500)."""
    body = content or b""
    named = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "headers": [*named, (b"host", b"in-process"), (b"content-length", str(len(body)).encode())],
        "scheme": "http",
        "path": unquote(path),
        "raw_path": quote(path, safe=_IN_PATHS).encode(),
        "query_string": urlencode(params, doseq=True).encode(),
        "server": ("in-process", 80),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
    told = False
    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    parts: list[bytes] = []

    async def receive() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return {"type": "http.disconnect"}
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception:
        log.exception("in_process_call_failed", method=method)
        return Answer(int(HTTPStatus.INTERNAL_SERVER_ERROR), b"")
    return Answer(status, b"".join(parts))
