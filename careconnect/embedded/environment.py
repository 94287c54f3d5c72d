"""The settings every part of an embedded instance is started with, in one place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from careconnect.config import DATABASES
from careconnect.embedded import databases
from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import DataFolder, read_json, write_json
from careconnect.embedded.ports import LOOPBACK
from careconnect.embedded.temporal import NAMESPACE
from careconnect.ids import FIRST_TENANT

PREFIX = "CARECONNECT_"
DATABASE_KEYS = tuple(f"{PREFIX}DATABASE__{name.upper()}" for name in (*DATABASES, "owner", "auditor"))
TEMPORAL_KEYS = (f"{PREFIX}TEMPORAL__ADDRESS", f"{PREFIX}TEMPORAL__PROFILE")
# What names this very instance is never taken from the caller.
OWN_KEYS = frozenset({f"{PREFIX}DATA_DIR", f"{PREFIX}WEB__PORT"})


@dataclass(frozen=True)
class InstancePorts:
    """Every port of an instance."""

    web: int
    temporal: int
    temporal_http: int
    temporal_ui: int
    temporal_metrics: int
    postgres: int
    smtp: int
    worker_health: int
    worker_2_health: int


def postgres_is_external(caller: Mapping[str, str]) -> bool:
    """Whether the caller brings its own Postgres.

    Raises `CannotStart` naming what is missing when only a part of it is set.
    """
    given = [key for key in DATABASE_KEYS if caller.get(key)]
    missing = [key for key in DATABASE_KEYS if key not in given]
    if given and missing:
        raise CannotStart(f"An external Postgres needs all of its addresses; set also {', '.join(missing)}.")
    return bool(given)


def names_its_parts(caller: Mapping[str, str]) -> bool:
    """Whether the caller says where databases or services are, as the supervisor does for a part, and a container.

    Any other variable adjusts an instance, and does not say which one.
    """
    services = f"{PREFIX}SERVICES__"
    return any(value and (key in DATABASE_KEYS or key.startswith(services)) for key, value in caller.items())


def temporal_is_external(caller: Mapping[str, str]) -> bool:
    """Whether the caller brings its own Temporal."""
    return any(caller.get(key) for key in TEMPORAL_KEYS)


def public_url(ports: InstancePorts, caller: Mapping[str, str]) -> str:
    """Give the address people type."""
    return caller.get(f"{PREFIX}WEB__PUBLIC_URL") or f"http://{LOOPBACK}:{ports.web}"


def build(
    folder: DataFolder, ports: InstancePorts, passwords: Mapping[str, str], caller: Mapping[str, str]
) -> dict[str, str]:
    """Build the instance's settings; what the caller has set wins, except for what names the instance."""
    values: dict[str, str | Path | int] = {
        "ENVIRONMENT": "embedded",
        "DATA_DIR": folder.root,
        "TEMPORAL__NAMESPACE": NAMESPACE,
        "TEMPORAL__CONSOLE_TENANT": str(FIRST_TENANT),
        "TEMPORAL__CODEC_KEY_FILE": folder.keys / "codec.key",
        "SECURITY__MASTER_KEY_FILE": folder.keys / "master.key",
        "SECURITY__INTERNAL_KEY_FILE": folder.keys / "internal.pem",
        "SECURITY__OAUTH_KEY_FILE": folder.keys / "oauth.pem",
        "WEB__HOST": LOOPBACK,
        "WEB__PORT": ports.web,
        "WEB__PUBLIC_URL": public_url(ports, caller),
        "MAIL__MAILBOX": folder.mailbox,
        "MAIL__SMTP_HOST": LOOPBACK,
        "MAIL__SMTP_PORT": ports.smtp,
    }
    if not postgres_is_external(caller):
        urls = databases.urls(ports.postgres, passwords)
        values |= {f"DATABASE__{name.upper()}": url for name, url in urls.items()}
    if not temporal_is_external(caller):
        values["TEMPORAL__ADDRESS"] = f"{LOOPBACK}:{ports.temporal}"
        values["TEMPORAL__UI_URL"] = f"http://{LOOPBACK}:{ports.temporal_ui}"
    built = {f"{PREFIX}{name}": str(value) for name, value in values.items()}
    return built | {key: value for key, value in caller.items() if key.startswith(PREFIX) and key not in OWN_KEYS}


def save(folder: DataFolder, settings: Mapping[str, str]) -> None:
    """Keep the settings, so that a command given beside a running instance finds it."""
    write_json(folder.environment, dict(settings))


def load(folder: DataFolder) -> dict[str, str]:
    """Give the environment for a command on this instance: the caller's, under what the instance was started with.

    Raises `CannotStart` when nothing was ever started there and the caller's environment names no database either.
    """
    saved: dict[str, str] = read_json(folder.environment)
    if not saved and not postgres_is_external(os.environ):
        raise CannotStart(
            f"There is no instance in {folder.root}: start one with `careconnect up --data {folder.root}`."
        )
    return {**os.environ, **saved}


def for_child(settings: Mapping[str, str]) -> dict[str, str]:
    """Give the whole environment of a child process.

    Bytecode is kept where Python keeps it, whatever the caller's shell says: a start loads three thousand modules.
    """
    plain = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(PREFIX) and key != "PYTHONDONTWRITEBYTECODE"
    }
    return {**plain, "PYTHONUNBUFFERED": "1", **settings}
