"""The command line. Commands import what they need when they run, so that `--help` answers at once."""

import sys
from typing import Annotated

import typer

from careconnect.cli import archive, lifecycle, processes, programs

PROBLEM = 2

app = typer.Typer(
    name="careconnect",
    help="The front office of a clinic group, run from one data folder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (lifecycle, processes, programs, archive):
    module.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - see the module's first line

        print(f"careconnect {version('care-connect')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read the options of the program itself."""


def main() -> None:
    """Run the command line. A start that is refused prints its sentence and exits with its code."""
    from careconnect.embedded.errors import CannotStart  # noqa: PLC0415 - see the module's first line

    try:
        app()
    except CannotStart as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(refusal.exit_code)
