"""Where the services live: in this process, or each on its own behind an address. The clients cannot tell."""

import importlib
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from careconnect.auth import Tokens
from careconnect.client import Connection, ServiceClient
from careconnect.config import SERVICES, Settings
from careconnect.service import close
from services.notifications.mailbox import serve_mailbox

C = TypeVar("C", bound=ServiceClient)


class Services:
    """Connections to all services, opened by `async with` and closed with it."""

    def __init__(self, settings: Settings, *, mailbox: bool = False) -> None:
        """Prepare; one process of an instance also serves its local mailbox, which is said with `mailbox`."""
        self._settings = settings
        self._mailbox = mailbox
        self._tokens = Tokens(settings.internal_key)
        self._connections: dict[str, Connection] = {}
        self._stack = AsyncExitStack()
        self.apps: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        for name in SERVICES:
            self._connections[name] = self._connect(name)
            self._stack.push_async_callback(self._connections[name].close)
        if self._mailbox:
            await self._stack.enter_async_context(serve_mailbox(self._settings))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def client(self, kind: type[C]) -> C:
        """Give the typed client of one service."""
        return kind(self._connections[kind.service])

    def connection(self, name: str) -> Connection:
        """Give the way to one service."""
        return self._connections[name]

    def _connect(self, name: str) -> Connection:
        address = self._settings.services.get(name)
        if address:
            return Connection.over_http(name, address, self._tokens)
        app = self.apps[name] = importlib.import_module(f"services.{name}.app").create(self._settings)
        self._stack.push_async_callback(close, app)
        return Connection.in_process(name, app, self._tokens)
