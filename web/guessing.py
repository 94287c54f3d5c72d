"""Slows down whoever guesses passwords or client secrets from one address, over many accounts."""

import time
from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careconnect.errors import RateLimited
from careconnect.service import problem_response

_DOORS = frozenset({"/sign-in", "/oauth/token"})
_MINUTES = 15
_WRONG = frozenset({400, 401, 403, 422})


class Guesses:
    """Refuses an address that failed to sign in too often, for the rest of a quarter of an hour.

    One account is protected by the identity service, whoever asks; this is for many accounts tried from one place.
    """

    def __init__(self, app: ASGIApp, *, allowed: int, clock: Callable[[], float] = time.time) -> None:
        """Allow an address to fail `allowed` times in fifteen minutes; 0 switches the rule off."""
        self.app = app
        self.allowed = allowed
        self.clock = clock
        self.limiter = FixedWindowRateLimiter(MemoryStorage())
        self.item = RateLimitItemPerMinute(max(allowed, 1), _MINUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not self.allowed or scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _DOORS:
            await self.app(scope, receive, send)
            return
        who = str((scope.get("client") or ("unknown",))[0])
        if not self.limiter.test(self.item, who):
            left = max(1, int(self.limiter.get_window_stats(self.item, who).reset_time - self.clock()))
            await problem_response(RateLimited(retry_after=left), scope["path"])(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _WRONG:
                self.limiter.hit(self.item, who)
            await send(message)

        await self.app(scope, receive, counted)
