"""Start-up: seconds until ready, and memory at rest."""

import json
import os
import subprocess
import sys
import time

from bench import instance
from bench.table import show_plain

STARTS = 3


async def measure() -> None:
    """Stop and start the instance a few times, then weigh it at rest."""
    folder = str(instance.data_dir())
    ports = json.loads((instance.data_dir() / "runtime.json").read_text())["ports"]
    up = ["up", "--data", folder, "--port", str(ports["web"]), "--temporal-port", str(ports["temporal"]), "--detach"]
    seconds = []
    for _ in range(STARTS):
        _command("down", "--data", folder)
        begun = time.perf_counter()
        _command(*up)
        seconds.append(time.perf_counter() - begun)
    time.sleep(5)  # noqa: ASYNC251 - at rest means that nothing asks for a while, this process included
    held = instance.memory()
    show_plain("Warm start", ("run", "seconds"), [(index + 1, f"{one:.1f}") for index, one in enumerate(seconds)])
    rows = [(part, f"{size:.0f}") for part, size in held.items()]
    show_plain("Memory at rest", ("part", "MB"), [*rows, ("all", f"{sum(held.values()):.0f}")])


def _command(*arguments: str) -> None:
    # Without the instance's own settings, which would read as those of an outside Postgres and engine.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CARECONNECT_")}
    command = [sys.executable, "-m", "careconnect.cli", *arguments]
    subprocess.run(command, check=True, capture_output=True, env=plain)  # noqa: S603 - our own program
