"""ETags (RFC 9110): what has not changed is not sent again, nor changed by those who saw an older one."""

import hashlib
import re
from typing import Annotated, Any, Protocol, TypeVar, runtime_checkable

from fastapi import Depends, Header, Response
from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careconnect.errors import Refusal, VersionConflict
from web.api.openapi import refusals

R = TypeVar("R", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)
_OURS = re.compile(r'"(\d{1,9})-[0-9a-f]{16}"')
_ALL = re.compile(r'(?:W/)?("[^"]*")')
_OK = 200
_HEADER = {"ETag": {"description": "for If-None-Match, and for If-Match of a change", "schema": {"type": "string"}}}
TAGGED: dict[str, Any] = {"headers": _HEADER}
"""What the answer of an endpoint that gives a single record is declared with."""


def record(*kinds: type[Refusal], status: int = _OK) -> dict[str, Any]:
    """Declare an endpoint that answers `status` with a single record, or refuses in one of these ways."""
    return {"status_code": status, "responses": {status: TAGGED, **refusals(*kinds)}}


@runtime_checkable
class Record(Protocol):
    """What has a version."""

    version: int


class Tag:
    """Writes the `ETag` of the record that an endpoint answers with.

    The version comes first and is what a change is held against. The digest covers all that is shown: an appointment's
    state changes without a new version, and not everybody sees all of a record.
    """

    def __init__(self, response: Response) -> None:
        self._response = response

    def __call__(self, record: R) -> R:
        """Write it, and give the record back."""
        version = record.version if isinstance(record, Record) else 0
        digest = hashlib.sha256(record.model_dump_json(exclude_unset=True).encode()).hexdigest()[:16]
        self._response.headers["ETag"] = f'"{version}-{digest}"'
        return record


async def _tag(response: Response) -> Tag:
    return Tag(response)


Tagged = Annotated[Tag, Depends(_tag)]


async def _read_version(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match", max_length=200, description="the ETag of the record as it was read; or send `version`"
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _OURS.fullmatch(if_match.strip())
    if found is None:
        raise VersionConflict("If-Match takes one ETag, as it came with the record.")
    return int(found.group(1))


IfMatch = Annotated[int | None, Depends(_read_version)]
"""The version that the caller saw, where the header `If-Match` says it."""


def as_seen(body: B, version: int | None) -> B:
    """Put the version of `If-Match` into a change.

    Raises:
        VersionConflict: the body names another one.
    """
    if version is None:
        return body
    if getattr(body, "version", None) not in {None, version}:
        raise VersionConflict("If-Match and `version` name different versions.")
    return body.model_copy(update={"version": version})


class NotModified:
    """Answers 304 without a body to those who hold the very record that an endpoint answers with."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        held = dict(scope.get("headers", ())).get(b"if-none-match")
        if scope["type"] != "http" or scope["method"] != "GET" or held is None:
            await self.app(scope, receive, send)
            return
        same = False

        async def answer(message: Message) -> None:
            nonlocal same
            if message["type"] == "http.response.start":
                same = message["status"] == _OK and _holds(
                    held.decode("latin-1"), dict(message["headers"]).get(b"etag")
                )
                if same:
                    kept = [one for one in message["headers"] if not one[0].startswith(b"content-")]
                    message = {**message, "status": 304, "headers": kept}
            elif same:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, answer)


def _holds(held: str, etag: bytes | None) -> bool:
    if etag is None:
        return False
    return held.strip() == "*" or etag.decode("latin-1") in _ALL.findall(held)
