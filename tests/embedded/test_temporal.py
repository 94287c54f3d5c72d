import httpx
import pytest

from careconnect.embedded import ports
from careconnect.embedded.errors import WrongVersion
from careconnect.embedded.folder import DataFolder, read_json, write_json
from careconnect.embedded.temporal import TemporalPorts, TemporalServer


def server_on(folder: DataFolder) -> TemporalServer:
    """Give a server on a folder, on ports of its own."""
    chosen: list[int] = []
    for _ in range(4):
        chosen.append(ports.pick(taken=chosen))
    return TemporalServer(folder.root, TemporalPorts(*chosen), "http://127.0.0.1:8080")


async def test_a_file_of_another_server_version_is_refused_with_what_to_do(folder: DataFolder) -> None:
    server = server_on(folder)
    server.file.touch()
    write_json(server.stamp, {"wheel": "1.0.0", "server": "1.20.0"})
    with pytest.raises(WrongVersion, match=r"written by Temporal 1\.20\.0, this is .*begin with a new data folder"):
        await server.launch()


async def test_a_file_without_a_stamp_is_refused(folder: DataFolder) -> None:
    server = server_on(folder)
    server.file.touch()
    with pytest.raises(WrongVersion, match="unknown"):
        await server.launch()


async def test_a_new_wheel_with_the_same_server_goes_on(folder: DataFolder) -> None:
    server = server_on(folder)
    await server.launch()
    written = read_json(server.stamp)
    server.file.touch()
    write_json(server.stamp, written | {"wheel": "1.0.0"})
    await server.launch()
    assert read_json(server.stamp) == written


async def test_the_namespace_keeps_thirty_days_and_is_set_up_once(folder: DataFolder) -> None:
    server = server_on(folder)
    await server.start()
    url = f"http://127.0.0.1:{server.ports.http}/api/v1/namespaces/careconnect"
    async with httpx.AsyncClient() as client:
        config = (await client.get(url)).json()["config"]
    assert config["workflowExecutionRetentionTtl"] == f"{30 * 24 * 3600}s"
    before = server.stamp.stat().st_mtime_ns
    await server.prepare()
    assert server.stamp.stat().st_mtime_ns == before
    await server.stop()


async def test_the_file_is_written_ahead_and_synced_in_full(folder: DataFolder) -> None:
    argv = " ".join((await server_on(folder).launch()).argv)
    assert "--sqlite-pragma journal_mode=wal" in argv
    assert "--sqlite-pragma synchronous=full" in argv
