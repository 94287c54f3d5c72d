import random
import socket
from collections.abc import Collection

from careconnect.embedded.errors import PortInUse

LOOPBACK = "127.0.0.1"
RANGE = range(20000, 32000)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_free(port: int, option: str, host: str = LOOPBACK) -> int:
    """Give the port, if nobody listens there.

    Raises `PortInUse` with the option that chooses another.
    """
    if not is_free(port, host):
        raise PortInUse(f"Port {port} is in use by another program: stop it, or choose another with {option} N.")
    return port


def pick(preferred: int | None = None, taken: Collection[int] = ()) -> int:
    """Pick a free port: the preferred one if possible, else any, never one of those already taken.

    Ports of outgoing connections (32768 and up) are left alone, or a part that restarts might find its own gone.
    """
    if preferred and preferred not in taken and is_free(preferred):
        return preferred
    while (port := random.choice(RANGE)) in taken or not is_free(port):  # noqa: S311 - not a secret
        pass
    return port
