"""Runs localstripe on loopback: `python -m tests.services.payments.localstripe PORT`.

Its own command listens on every address and writes all it holds to /tmp after each request; neither suits a test. It
is used as it is otherwise. What it lacks is said by the tests that meet it.
"""

import sys

from aiohttp import web
from localstripe import resources, server


def main() -> None:
    """Serve until killed."""
    resources.Store.dump_to_disk = lambda _: None
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
