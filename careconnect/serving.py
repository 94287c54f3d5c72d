"""Serving an application over HTTP until SIGTERM, then letting its requests end."""

import sys
from types import FrameType
from typing import Any

import uvicorn

from careconnect import stopping

GRACE_SECONDS = 10
_FAILED = 3
"""What uvicorn's own command exits with when an application does not start."""


class Server(uvicorn.Server):
    """Tells answers that go on for ever, such as a stream of events, to end before it waits for them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        stopping.announce()
        super().handle_exit(sig, frame)


def configure(app: Any, host: str, port: int) -> uvicorn.Config:
    """Say how an application is served. Forwarded headers are not believed: a proxy is a setting of its own."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def serve(app: Any, host: str, port: int) -> None:
    """Serve until SIGTERM; exits with an error when the application does not start."""
    server = Server(configure(app, host, port))
    server.run()
    if not server.started:
        sys.exit(_FAILED)
