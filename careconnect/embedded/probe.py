import asyncio

from careconnect.embedded.ports import LOOPBACK

ANSWER_SECONDS = 3.0
OK = 200


async def answers(port: int, path: str, host: str = LOOPBACK) -> bool:
    """Whether a GET on this port is answered with 200 now. A refused connection is an answer too: not yet."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _status(host, port, path) == OK
    except (OSError, TimeoutError):
        return False


async def _status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
    finally:
        writer.close()
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
