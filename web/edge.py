"""What every request passes at the door: its size, how often, and the headers that protect the browser."""

import time
from collections.abc import Callable

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careconnect.auth import Actor
from careconnect.errors import RateLimited, TooLarge
from careconnect.service import problem_response

_POLICY = "; ".join((  # noqa: FLY002 - one directive a line
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
))  # fmt: skip
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
)
CONSOLE = "/console"
CALLERS = 20


class SecurityHeaders:
    """Adds the security headers. The workflow console is another product's page and brings scripts of its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.headers = [*_HEADERS]
        if https:
            self.headers.append((b"strict-transport-security", b"max-age=63072000; includeSubDomains"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        console = scope["path"].startswith(CONSOLE)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                added = [
                    (name, value)
                    for name, value in self.headers
                    if name not in present and not (console and name == b"content-security-policy")
                ]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, answer)


class Callers:
    """Refuses callers who come too often, by who they turned out to be: one's tokens and sessions count together."""

    def __init__(self, per_second: int) -> None:
        self._counts = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._counts)
        self._item = RateLimitItemPerSecond(per_second)

    @property
    def known(self) -> int:
        """How many callers are counted just now."""
        return len(self._counts.storage)

    def count(self, actor: Actor) -> None:
        """Count a request of somebody who was verified.

        Raises:
            RateLimited: it is one too many for this second.
        """
        if not self._limiter.hit(self._item, str(actor.tenant_id), str(actor.id)):
            raise RateLimited(retry_after=1)


class Limits:
    """Refuses bodies that are too large, and addresses that send too much.

    An address may send as much as `CALLERS` callers, and without a token or a cookie as much as one. Nothing that was
    not verified is counted by itself: whoever makes up a new token for each request is one address.
    """

    def __init__(
        self, app: ASGIApp, *, body_bytes: int, per_second: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.app = app
        self.body_bytes = body_bytes
        self.limiter = FixedWindowRateLimiter(MemoryStorage())
        self.item = RateLimitItemPerSecond(per_second)
        self.address = RateLimitItemPerSecond(per_second * CALLERS)
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        place = _address(scope)
        nameless = b"authorization" not in headers and b"cookie" not in headers
        if not self.limiter.hit(self.address, place) or (nameless and not self.limiter.hit(self.item, place)):
            refusal = RateLimited(retry_after=1)
            await problem_response(refusal, scope["path"])(scope, receive, send)
            return
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self.body_bytes:
            await problem_response(TooLarge(), scope["path"])(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a body while it comes: it may have named no length, or a wrong one. Half a body gets one answer."""
        seen, refused = 0, False

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.body_bytes:
                raise TooLarge
            return message

        async def answer(message: Message) -> None:
            nonlocal refused
            if seen <= self.body_bytes:
                await send(message)
            elif not refused:
                refused = True
                await problem_response(TooLarge(), scope["path"])(scope, receive, send)

        await self.app(scope, counting, answer)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return f"at {client[0]}" if client else "unknown"
