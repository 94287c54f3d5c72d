import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from careconnect.embedded.folder import DataFolder
from careconnect.embedded.postgres import PostgresServer

FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """Make an empty data folder."""
    made = DataFolder.at(tmp_path / "data")
    made.create()
    return made


@pytest.fixture
def busy_port() -> Iterator[int]:
    """Listen on a port, as another program would."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def server_on(folder: DataFolder) -> PostgresServer:
    """Give a server on a folder, with settings for tests that lose power never."""
    return PostgresServer(folder.root, settings=FAST)
