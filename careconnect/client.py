"""Calls to a service: one pooled connection, signed tokens, time-outs, bounded retries of what is safe to repeat."""

import asyncio
import json as json_lib
from typing import Any, ClassVar, TypeVar, overload
from uuid import UUID

import httpx
from pydantic import BaseModel, TypeAdapter
from starlette.types import ASGIApp

from careconnect import inprocess
from careconnect.auth import Actor, Tokens
from careconnect.errors import Refusal, Unavailable
from careconnect.inprocess import Answer
from careconnect.telemetry import request_id, traceparent
from careconnect.trail import AuditEvent, TrailPage

T = TypeVar("T")
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_TRIES = 3
_FAULT = 500


class Connection:
    """A way to one service, over HTTP or straight into its application in the same process."""

    def __init__(self, service: str, http: httpx.AsyncClient, tokens: Tokens, app: ASGIApp | None = None) -> None:
        self.service = service
        self.http = http
        self.tokens = tokens
        self._app = app

    @classmethod
    def over_http(cls, service: str, address: str, tokens: Tokens) -> "Connection":
        """Reach a service that runs on its own at `address`."""
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=50)
        http = httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(10, connect=2), limits=limits)
        return cls(service, http, tokens)

    @classmethod
    def in_process(cls, service: str, app: Any, tokens: Tokens) -> "Connection":
        """Reach a service whose application lives in this process."""
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url=f"http://{service}", timeout=30)
        return cls(service, http, tokens, app)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any],
        headers: dict[str, str],
        content: bytes | None,
        timeout: float | None,  # noqa: ASYNC109 - handed to the HTTP client, which keeps it
    ) -> Answer:
        """Send one request.

        Raises:
            httpx.TransportError: the service cannot be reached, or did not answer in time.
        """
        if self._app:
            return await inprocess.ask(self._app, method, path, params=params, headers=headers, content=content)
        limit = timeout if timeout is not None else httpx.USE_CLIENT_DEFAULT
        response = await self.http.request(method, path, content=content, params=params, headers=headers, timeout=limit)
        return Answer(response.status_code, response.content)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self.http.aclose()


class ServiceClient:
    """What a service's typed client builds on."""

    service: ClassVar[str]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @overload
    async def call(
        self,
        actor: Actor,
        method: str,
        path: str,
        *,
        into: type[T],
        json: BaseModel | dict[str, Any] | None = ...,
        params: dict[str, Any] | None = ...,
        timeout: float | None = ...,  # noqa: ASYNC109 - see below
    ) -> T: ...
    @overload
    async def call(
        self,
        actor: Actor,
        method: str,
        path: str,
        *,
        into: None = ...,
        json: BaseModel | dict[str, Any] | None = ...,
        params: dict[str, Any] | None = ...,
        timeout: float | None = ...,  # noqa: ASYNC109 - see below
    ) -> None: ...

    async def call(
        self,
        actor: Actor,
        method: str,
        path: str,
        *,
        into: type[T] | None = None,
        json: BaseModel | dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - handed to the HTTP client, which keeps it
    ) -> T | None:
        """Ask the service as `actor` and read its answer as `into`.

        Raises:
            Refusal: the service said no; the same class as was raised there.
            Unavailable: it did not answer, or with a fault (5xx); a repeat may heal it.
        """
        answer = await self._send(actor, method, path, _content(json), _plain(params), timeout)
        if httpx.codes.is_success(answer.status_code):
            return _adapter(into).validate_json(answer.content) if into is not None else None
        raise _refusal(self.service, answer)

    async def _send(
        self,
        actor: Actor,
        method: str,
        path: str,
        content: bytes | None,
        params: dict[str, Any],
        timeout: float | None,  # noqa: ASYNC109 - see call
    ) -> Answer:
        tries = _TRIES if method in _REPEATABLE else 1
        headers = self._headers(actor)
        for attempt in range(1, tries + 1):
            try:
                answer = await self._connection.ask(
                    method, path, params=params, headers=headers, content=content, timeout=timeout
                )
            except httpx.TransportError as error:
                if attempt == tries:
                    raise Unavailable.of(f"The {self.service} service") from error
            else:
                if answer.status_code != _UNAVAILABLE or attempt == tries:
                    return answer
            await asyncio.sleep(0.05 * 4 ** (attempt - 1))
        raise Unavailable.of(f"The {self.service} service")

    def _headers(self, actor: Actor) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self._connection.tokens.sign(actor, self.service)}"}
        if known := request_id.get():
            headers["x-request-id"] = known
        if context := traceparent.get():
            headers["traceparent"] = context
        return headers | {"content-type": "application/json"}

    async def audit_events(self, actor: Actor, wanted: TrailPage) -> list[AuditEvent]:
        """Read the service's audit events that fit, the newest first; needs `audit:read`."""
        said = wanted.model_dump(exclude_none=True)
        return await self.call(actor, "GET", "/audit-events", into=list[AuditEvent], params=said)

    async def append_checkpoint(self, actor: Actor) -> None:
        """Have the service's audit events of the tenant counted and sealed; one that is not due is not made."""
        await self.call(actor, "POST", "/audit-checkpoints")


_UNAVAILABLE = 503
_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(shape: Any) -> TypeAdapter[Any]:
    known = _adapters.get(shape)
    if known is None:
        known = _adapters[shape] = TypeAdapter(shape)
    return known


def _content(json: BaseModel | dict[str, Any] | None) -> bytes | None:
    if json is None:
        return None
    if isinstance(json, BaseModel):
        return json.model_dump_json(exclude_unset=True).encode()
    return _adapter(dict[str, Any]).dump_json(json)


def _plain(params: dict[str, Any] | None) -> dict[str, Any]:
    return {key: _parameter(value) for key, value in (params or {}).items() if value is not None}


def _parameter(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_parameter(one) for one in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _refusal(service: str, answer: Answer) -> Refusal:
    try:
        problem = json_lib.loads(answer.content)
    except ValueError:
        problem = {}
    if answer.status_code >= _FAULT:
        kind = Refusal.kinds.get(problem.get("code", ""), Unavailable)
        if kind is Unavailable:
            return Unavailable.of(f"The {service} service")
    return Refusal.from_problem({"status": answer.status_code, **problem})
