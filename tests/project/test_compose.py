"""The containers: a well-formed file, settings that exist, commands that exist, and nothing secret in it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from ruamel.yaml import YAML

from careconnect.cli import app
from careconnect.config import DATABASES, SERVICES, Settings
from careconnect.embedded.databases import OWNER, role_of
from careconnect.ids import FIRST_TENANT
from tests.project.checkout import ROOT, program

FILE = ROOT / "docker-compose.yml"
PREFIX = "CARECONNECT_"
ASKED = re.compile(r"\$\{(\w+)(?::\?[^}]*|-)\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = YAML(typ="safe").load(FILE)
    return parsed


@pytest.fixture(scope="module")
def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the containers that are made from our own image."""
    found = {name: one for name, one in compose["services"].items() if one.get("image", "").startswith("care-connect")}
    assert found.keys() == {*SERVICES, "migrate", "edge", "worker", "tools"}
    return found


def known(name: str) -> bool:
    """Tell whether a variable means something to `Settings`."""
    kind: Any = Settings
    *groups, last = name.removeprefix(PREFIX).lower().split("__")
    if groups == ["services"]:
        return last in SERVICES
    for part in [*groups, last]:
        if not (isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields):
            return False
        kind = kind.model_fields[part].annotation
    return True


def test_the_file_follows_the_compose_specification() -> None:
    command = [program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed words


def test_every_variable_is_a_setting(ours: dict[str, dict[str, Any]]) -> None:
    named = {key for one in ours.values() for key in one["environment"]}
    assert [key for key in sorted(named) if not (key.startswith(PREFIX) and known(key))] == []


def test_every_container_starts_with_settings_that_are_accepted(
    ours: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in ours.values():
        with monkeypatch.context() as environment:
            for key, value in one["environment"].items():
                environment.setenv(key, example(str(value)))
            settings = Settings()
            assert settings.environment == "split"
            assert set(settings.services) in (set(), set(SERVICES))


def example(value: str) -> str:
    """Put something where the file asks the operator."""
    answers = {
        "SMTP_PORT": "587", "SMTP_TLS": "starttls", "PUBLIC_URL": "https://clinic.example",
        "CONSOLE_TENANT": str(FIRST_TENANT),
    }  # fmt: skip
    return ASKED.sub(lambda asked: answers.get(asked[1], "x"), value)


def test_each_service_runs_alone_and_knows_its_own_database_only(ours: dict[str, dict[str, Any]]) -> None:
    for service, database in DATABASES.items():
        one = ours[service]
        assert one["command"][:2] == ["service", service]
        known = {key: value for key, value in one["environment"].items() if "_DATABASE__" in key}
        assert list(known) == [f"{PREFIX}DATABASE__{service.upper()}"]
        (address,) = known.values()
        assert f"//{role_of(service)}:" in address
        assert address.endswith(f"/{database}")
    assert f"//{OWNER}:" in ours["migrate"]["environment"][f"{PREFIX}DATABASE__OWNER"]


def test_edge_and_worker_reach_every_service_over_http(ours: dict[str, dict[str, Any]]) -> None:
    for name in ("edge", "worker", "tools"):
        environment = ours[name]["environment"]
        addresses = {service: environment[f"{PREFIX}SERVICES__{service.upper()}"] for service in SERVICES}
        assert addresses == {service: f"http://{service}:8000" for service in SERVICES}


def test_every_command_is_one_of_the_command_line(ours: dict[str, dict[str, Any]]) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    given = {one["command"][0] for name, one in ours.items() if name != "tools"}
    assert given <= set(commands)


def test_no_password_has_a_default(compose: dict[str, Any]) -> None:
    secret = re.compile(r"PASSWORD|SECRET|_PWD")
    for name, one in compose["services"].items():
        for key, value in one.get("environment", {}).items():
            if secret.search(key) and not key.endswith("_FILE"):
                assert ASKED.fullmatch(str(value)), f"{name}: {key}"
            assert not re.search(r"://\w+:[^$@/]+@", str(value)), f"{name}: {key}"


def test_what_the_file_asks_for_is_in_the_example() -> None:
    offered = set(re.findall(r"^(\w+)=", (ROOT / "infra/compose/env.example").read_text(), re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)", FILE.read_text())) == offered


def test_every_mounted_file_exists(compose: dict[str, Any]) -> None:
    mounts = [mount for one in compose["services"].values() for mount in one.get("volumes", [])]
    files = [Path(mount.split(":")[0]) for mount in mounts if mount.startswith("./")]
    assert [str(file) for file in files if not (ROOT / file).is_file()] == []
