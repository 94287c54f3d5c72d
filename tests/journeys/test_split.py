"""Each service as its own process over HTTP, as docker-compose.yml runs them: the same journeys go through."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from careconnect.config import SERVICES
from careconnect.embedded.ports import LOOPBACK, pick
from careconnect.embedded.postgres import PostgresServer
from careconnect.embedded.temporal import TemporalPorts, TemporalServer
from careconnect.ids import FIRST_TENANT
from tests.conftest import write_keys
from tests.journeys.composed import Composed
from tests.journeys.rest import RestJourney
from tests.running import Instance, until


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Start Postgres, the engine and a mail server, and then every process of the compose file."""
    folder = tmp_path_factory.mktemp("split")
    (folder / "keys").mkdir()
    (folder / "logs").mkdir()
    port, edge = pick(), pick()
    ports = TemporalPorts(grpc=pick(), http=pick(), ui=pick(), metrics=pick())
    postgres = PostgresServer(folder / "instance", port)
    temporal = TemporalServer(folder / "instance", ports, f"http://{LOOPBACK}:{edge}")
    mail = Controller(Sink(), hostname=LOOPBACK, port=pick())
    mail.start()
    with asyncio.Runner() as loop:
        loop.run(_begin(postgres, temporal))
        made = Composed(
            secrets=write_keys(folder / "keys"),
            logs=folder / "logs",
            variables=_variables(postgres, edge, mail.port),
            places={
                "@postgres:5432": f"@{LOOPBACK}:{port}",
                "temporal:7233": f"{LOOPBACK}:{ports.grpc}",
                "temporal-ui:8080": f"{LOOPBACK}:{ports.ui}",
            },
        )
        try:
            _start_all(made, folder, edge)
            yield made
        finally:
            made.stop()
            mail.stop()
            loop.run(_end(postgres, temporal))


async def _begin(postgres: PostgresServer, temporal: TemporalServer) -> None:
    await asyncio.gather(postgres.start(), temporal.start())
    await postgres.prepare()


async def _end(postgres: PostgresServer, temporal: TemporalServer) -> None:
    await temporal.stop()
    await postgres.stop()


def _variables(postgres: PostgresServer, edge: int, smtp: int) -> dict[str, str]:
    passwords = {
        f"{role.removeprefix('careconnect_').upper()}_PASSWORD": word for role, word in postgres.passwords().items()
    }
    mail = {"SMTP_HOST": LOOPBACK, "SMTP_PORT": str(smtp), "SMTP_TLS": "none", "SMTP_SENDER": "Clinic <a@b.example>"}
    ours = {"PUBLIC_URL": f"http://{LOOPBACK}:{edge}", "CONSOLE_TENANT": str(FIRST_TENANT)}
    return passwords | mail | ours


def _start_all(made: Composed, folder: Path, edge: int) -> None:
    code, said = made.once("migrate")
    assert code == 0, said
    for name in SERVICES:
        made.start(name)
    for name in SERVICES:
        place = made.places[f"{name}:8000"]
        until(partial(_answers, f"http://{place}/readyz"), 60, f"{name} is ready")
    code, said = made.once("tools", "operations.seed", CARECONNECT_DATA_DIR=str(folder / "instance"))
    assert code == 0, said
    made.start("edge", CARECONNECT_WEB__PORT=str(edge))
    made.start("worker", CARECONNECT_WORKER__HEALTH_PORT=str(pick()))
    until(lambda: _answers(f"http://{LOOPBACK}:{edge}/readyz"), 60, "the edge misses nothing")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=3).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def running(composed: Composed) -> "Split":
    """Reach them at the edge."""
    port = int(composed.variables["PUBLIC_URL"].rpartition(":")[2])
    return Split(composed.secrets.parent / "instance", port, composed)


@dataclass
class Split(Instance):
    """An instance whose processes are those of the compose file."""

    composed: Composed

    def verify(self) -> tuple[int, str]:
        """Check every law, as an operator does there."""
        return self.composed.once("tools", "operations.verify")


def test_every_process_of_the_compose_file_runs_alone(composed: Composed) -> None:
    assert set(composed.running) == {*SERVICES, "edge", "worker"}
    assert all(process.poll() is None for process in composed.running.values())


class TestNineProcesses(RestJourney):
    """The same journeys as on one instance."""
