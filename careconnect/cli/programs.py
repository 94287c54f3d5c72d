"""seed, verify, bench: programs of their own modules, run on an instance."""

import importlib.util
import os
import runpy
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from careconnect.cli.options import Data, Json, enter

COMMAND_MODULES = {"seed": "operations.seed", "verify": "operations.verify", "bench": "bench"}
MISSING = 2


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(seed)
    app.command()(verify)
    app.command()(bench)


def seed(
    data: Data = None,
    scale: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="N appointments in total; the additional ones are past.")
    ] = None,
    minimal: Annotated[
        bool, typer.Option("--minimal", help="Only an owner who can sign in, an API client and a location.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fill an instance with the demo clinic. A repeat finishes what is missing and changes nothing else."""
    arguments = ["--scale", str(scale)] if scale else []
    arguments += ["--minimal"] if minimal else []
    _run("seed", data, [*arguments, *(["--json"] if as_json else [])])


def verify(
    data: Data = None,
    law: Annotated[list[int] | None, typer.Option(metavar="N", help="Only this law; repeatable.")] = None,
    patience: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0, help="How long a difference between two sources may take to settle."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every law of the data from outside. Exits with 1 when one is broken."""
    arguments = [word for number in law or [] for word in ("--law", str(number))]
    arguments += ["--patience", str(patience)] if patience is not None else []
    _run("verify", data, [*arguments, *(["--json"] if as_json else [])])


def bench(
    name: Annotated[str | None, typer.Argument(help="One measurement; without it, all.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure, and print a table."""
    _run("bench", data, [*([name] if name else []), *(["--json"] if as_json else [])])


def _run(command: str, data: Path | None, arguments: list[str]) -> NoReturn:
    """Run a command's module as a program, then leave at once.

    The engine's client may abort a process that ends the usual way while its threads run.
    """
    enter(data)
    module = COMMAND_MODULES[command]
    if not _exists(module):
        print(f"`careconnect {command}` is not part of this installation.", file=sys.stderr)
        raise typer.Exit(MISSING)
    sys.argv = [f"careconnect {command}", *arguments]
    code = _exit_code(module)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _exists(module: str) -> bool:
    parent = module.rpartition(".")[0]
    return (not parent or _exists(parent)) and importlib.util.find_spec(module) is not None


def _exit_code(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    return 0
