import socket
from collections.abc import Collection

from careconnect.embedded.errors import PortInUse

LOOPBACK = "127.0.0.1"


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
    """The port, if nobody listens there.

    Raises `PortInUse` with the option that chooses another.
    """
    if not is_free(port, host):
        raise PortInUse(f"Port {port} is in use by another program: stop it, or choose another with {option} N.")
    return port


def pick(preferred: int | None = None, taken: Collection[int] = ()) -> int:
    """A free port: the preferred one if possible, else any, never one of those already taken."""
    if preferred is not None and preferred not in taken and is_free(preferred):
        return preferred
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
