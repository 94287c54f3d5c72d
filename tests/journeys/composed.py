"""The processes of docker-compose.yml, with its very commands and variables, but without containers."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from careconnect.embedded.ports import LOOPBACK, pick
from tests.running import clean_environment

ROOT = Path(__file__).parents[2]
# What a container gives: a name for each host, a folder of secrets, a port of its own.
_VARIABLE = re.compile(r"\$\{(\w+)(?::?[?-][^}]*)?\}")


@dataclass
class Composed:
    """The compose file, and where its names lead to here."""

    secrets: Path
    logs: Path
    variables: Mapping[str, str]
    places: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        for name, service in self.services.items():
            if service.get("command", [""])[0] == "service":
                self.places[f"{name}:8000"] = f"{LOOPBACK}:{pick()}"

    def environment(self, name: str, **also: str) -> dict[str, str]:
        """Give a service's variables, with its names led here."""
        said = {key: self._here(str(value)) for key, value in self.services[name].get("environment", {}).items()}
        return clean_environment() | said | {"CARECONNECT_TELEMETRY__OTLP_ENDPOINT": ""} | also

    def start(self, name: str, **also: str) -> None:
        """Start a service's process."""
        command = list(self.services[name]["command"])
        if command[0] == "service":
            port = self.places[f"{name}:8000"].rpartition(":")[2]
            command = [LOOPBACK if word == "0.0.0.0" else port if word == "8000" else word for word in command]
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "careconnect.cli", *command],
                env=self.environment(name, **also), stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip

    def once(self, name: str, *arguments: str, **also: str) -> tuple[int, str]:
        """Run a service's process to its end; for `tools`, a module with its arguments."""
        words = [sys.executable, "-m", *(arguments or ("careconnect.cli", *self.services[name]["command"]))]
        done = subprocess.run(  # noqa: S603 - our own program
            words,
            env=self.environment(name, **also),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def stop(self) -> None:
        """End all processes, as a container engine does."""
        for name in ("edge", "worker", *self.running):
            if name in self.running:
                process = self.running.pop(name)
                process.terminate()
                process.wait(30)

    def _here(self, value: str) -> str:
        value = _VARIABLE.sub(lambda found: self.variables.get(found.group(1), ""), value)
        for place, here in self.places.items():
            value = value.replace(place, here)
        return value.replace("/run/secrets", str(self.secrets)).replace("0.0.0.0", LOOPBACK)
