"""What every test may ask for: a real Postgres with all databases, the services over HTTP, and somebody who asks."""

import ast
import base64
import gc
import importlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import httpx
import hypothesis
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from careconnect import migrations
from careconnect.auth import Actor, Tokens
from careconnect.client import Connection, ServiceClient
from careconnect.config import SERVICES, DatabaseSettings, SecuritySettings, Settings, TemporalSettings
from careconnect.embedded.postgres import PostgresServer
from careconnect.ids import uuid7
from careconnect.service import close

# How long an example takes, or is drawn, on a busy machine is no law.
hypothesis.settings.register_profile("laws", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("laws")
_parse = ast.parse


def _undisturbed(*args: Any, **options: Any) -> Any:
    """Read syntax while no garbage is collected.

    Garbage may belong to a coroutine, and then Python 3.11 loses count of how deep it is in the tree (`SystemError: AST
    constructor recursion depth mismatch`): in our own tests that read code, in pytest's and in hypothesis'.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _parse(*args, **options)
    finally:
        if collecting:
            gc.enable()


ast.parse = _undisturbed
C = TypeVar("C", bound=ServiceClient)
AS = "x-test-actor"


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """Run a Postgres of this session's own, with every role, database and table."""
    # Durability across a power cut is not what these tests are about.
    server = PostgresServer(
        tmp_path_factory.mktemp("instance"),
        settings={"fsync": "off", "synchronous_commit": "off", "max_connections": "300"},
    )
    await server.start()
    try:
        await server.prepare()
        present = tuple(name for name in SERVICES if (Path("services") / name / "app.py").exists())
        await migrations.upgrade(DatabaseSettings(**server.urls()), present)
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with fresh key files."""
    return write_keys(tmp_path_factory.mktemp("keys"))


def write_keys(folder: Path) -> Path:
    """Write the four key files of an installation into `folder`."""
    for name in ("master.key", "codec.key"):
        (folder / name).write_text(base64.urlsafe_b64encode(os.urandom(32)).decode())
    private: tuple[tuple[str, Ed25519PrivateKey | rsa.RSAPrivateKey], ...] = (
        ("internal.pem", Ed25519PrivateKey.generate()),
        ("oauth.pem", rsa.generate_private_key(65537, 2048)),
    )
    for name, key in private:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / name).write_bytes(pem)
    return folder


@pytest.fixture(scope="session")
def settings(postgres: PostgresServer, keys: Path) -> Settings:
    """Give the settings of a process of this session's installation."""
    return Settings(
        environment="test",
        database=DatabaseSettings(**postgres.urls()),
        security=SecuritySettings(
            master_key_file=keys / "master.key",
            internal_key_file=keys / "internal.pem",
            oauth_key_file=keys / "oauth.pem",
        ),
        temporal=TemporalSettings(codec_key_file=keys / "codec.key"),
    )


@pytest.fixture
def tenant_id() -> UUID:
    """Give this test a tenant of its own, so that no test sees another's rows."""
    return uuid7()


@pytest.fixture
def actor(tenant_id: UUID) -> Callable[..., Actor]:
    """Make actors of this test's tenant (or of `tenant`) with the named scopes."""

    def make(*scopes: str, tenant: UUID | None = None, **also: Any) -> Actor:
        said = {"id": uuid7(), "tenant_id": tenant or tenant_id, "kind": "staff", "scopes": frozenset(scopes)}
        return Actor.model_validate(said | also)

    return make


class Act(Protocol):
    """Makes headers that say who asks."""

    def __call__(self, *scopes: str, tenant: UUID | None = None, **also: Any) -> dict[str, str]:
        """Name the scopes."""


@pytest.fixture
def act(actor: Callable[..., Actor]) -> Act:
    """Make the headers of a request by an actor with the named scopes; the client of `service` signs the token."""

    def make(*scopes: str, tenant: UUID | None = None, **also: Any) -> dict[str, str]:
        return {AS: actor(*scopes, tenant=tenant, **also).model_dump_json()}

    return make


@pytest.fixture(scope="session")
async def apps(settings: Settings) -> AsyncIterator[Callable[[str], Any]]:
    """Make the services' applications, each once."""
    made: dict[str, Any] = {}

    def app(name: str) -> Any:
        if name not in made:
            made[name] = importlib.import_module(f"services.{name}.app").create(settings)
        return made[name]

    yield app
    for one in made.values():
        await close(one)


@pytest.fixture(scope="session")
async def service(apps: Callable[[str], Any], settings: Settings) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Give an HTTP client on a service; requests made with `act(...)` headers carry a properly signed token."""
    tokens = Tokens(settings.internal_key)
    clients: dict[str, httpx.AsyncClient] = {}

    def client(name: str) -> httpx.AsyncClient:
        if name not in clients:
            transport = httpx.ASGITransport(app=apps(name), raise_app_exceptions=False)
            sign = _signer(tokens, name)
            clients[name] = httpx.AsyncClient(
                transport=transport, base_url=f"http://{name}", event_hooks={"request": [sign]}
            )
        return clients[name]

    yield client
    for one in clients.values():
        await one.aclose()


def _signer(tokens: Tokens, name: str) -> Callable[[httpx.Request], Any]:
    async def sign(request: httpx.Request) -> None:
        said = request.headers.pop(AS, None)
        if said:
            request.headers["authorization"] = f"Bearer {tokens.sign(Actor.model_validate_json(said), name)}"

    return sign


@pytest.fixture(scope="session")
def connect(apps: Callable[[str], Any], settings: Settings) -> Callable[[type[C]], C]:
    """Make a service's own typed client, connected to its application."""
    tokens = Tokens(settings.internal_key)
    return lambda kind: kind(Connection.in_process(kind.service, apps(kind.service), tokens))
