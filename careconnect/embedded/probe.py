import asyncio
from collections.abc import Awaitable, Callable

from careconnect.embedded.ports import LOOPBACK

ANSWER_SECONDS = 3.0
PATIENT_SECONDS = 10.0
OK = 200
SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
"""Asks Postgres for encryption, which it answers before it looks at who asks (its protocol's SSLRequest)."""


async def answers(port: int, path: str, host: str = LOOPBACK) -> bool:
    """Whether a GET on this port is answered with 200 now. A refused connection is an answer too: not yet."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _status(host, port, path) == OK
    except (OSError, TimeoutError):
        return False


async def is_not_silent(exchange: Callable[[], Awaitable[object]]) -> bool:
    """Whether somebody reacts within `PATIENT_SECONDS`, in whatever way: what refuses or breaks off does not hang."""
    try:
        async with asyncio.timeout(PATIENT_SECONDS):
            await exchange()
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


async def greet_http(port: int, path: str, host: str = LOOPBACK) -> None:
    """Ask for something and wait for any answer."""
    await _status(host, port, path)


async def greet_postgres(port: int, host: str = LOOPBACK) -> None:
    """Have the server begin a conversation, which takes no connection and no password."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(SSL_REQUEST)
        await reader.read(1)
    finally:
        writer.close()


async def _status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
    finally:
        writer.close()
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
