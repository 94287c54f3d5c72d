"""up, down, status: the life of an instance."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from careconnect.cli.options import Data, Json, folder_of

if TYPE_CHECKING:
    from careconnect.embedded.runtime import Runtime

NOT_RUNNING = 3
MEBIBYTE = 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    data: Data = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages and REST.", show_default="8080")] = None,
    temporal_port: Annotated[int | None, typer.Option(help="Port of the engine.", show_default="7233")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once ready; the instance stays.")] = False,
    no_seed: Annotated[bool, typer.Option("--no-seed", help="Start without the demo data.")] = False,
) -> None:
    """Start everything, and stay until Ctrl-C, or until ready with --detach."""
    from careconnect.embedded import start  # noqa: PLC0415 - keeps `--help` quick
    from careconnect.embedded.instance import Options  # noqa: PLC0415 - the same

    options = Options(folder_of(data), port, temporal_port, seed=not no_seed)
    begin = start.run_detached if detach else start.run
    begin(options, _say)


def down(data: Data = None) -> None:
    """Stop a running instance."""
    from careconnect.embedded import start  # noqa: PLC0415 - keeps `--help` quick

    folder = folder_of(data)
    _say("Stopped." if start.stop(folder) else f"Nothing runs in {folder.root}.")


def status(data: Data = None, as_json: Json = False) -> None:
    """Show what runs. Exits with 0 when everything is ready, else with 3."""
    from careconnect.embedded.runtime import Runtime, is_running  # noqa: PLC0415 - keeps `--help` quick

    folder = folder_of(data)
    runtime = Runtime.read(folder)
    running = is_running(folder)
    if not running and runtime.state not in {"stopped", "failed"}:
        runtime.state, runtime.reason = "failed", "it was killed; start it again with `careconnect up`"
    memory = {name: runtime.memory(name) for name in runtime.parts}
    if as_json:
        parts = {name: {**part.model_dump(), "memory": memory[name]} for name, part in runtime.parts.items()}
        _say(json.dumps({**runtime.model_dump(), "parts": parts, "data": str(folder.root)}, indent=2))
    else:
        _show(runtime, memory)
    ready = running and runtime.state == "ready" and all(part.state == "ready" for part in runtime.parts.values())
    raise typer.Exit(0 if ready else NOT_RUNNING)


def _show(runtime: "Runtime", memory: dict[str, int | None]) -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps `--help` quick
    from rich.table import Table  # noqa: PLC0415 - keeps `--help` quick

    table = Table("part", "state", "process", "restarts", "last exit", "memory")
    for name, part in runtime.parts.items():
        size = memory[name]
        table.add_row(
            name,
            part.state,
            str(part.process.pid) if part.process else "",
            str(part.restarts),
            " ".join(str(said) for said in (part.last_exit, part.reason) if said not in {None, ""}),
            f"{size // MEBIBYTE} MiB" if size else "",
        )
    console = Console()
    console.print(f"Care-Connect is {runtime.state}{': ' if runtime.reason else ''}{runtime.reason}")
    console.print(table)
    for name, url in runtime.urls.items():
        console.print(f"{name}: {url}")


def _say(text: str) -> None:
    print(text, flush=True)
