"""The options that several commands share."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from careconnect.embedded.folder import DataFolder

DEFAULT_DATA = Path(".careconnect")
VARIABLE = "CARECONNECT_DATA_DIR"

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help=f"The instance's data folder; without it ${VARIABLE} or {DEFAULT_DATA}."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def folder_of(data: Path | None) -> "DataFolder":
    """Give the data folder a command is about."""
    from careconnect.embedded.folder import DataFolder  # noqa: PLC0415 - keeps `--help` quick

    return DataFolder.at(data or os.environ.get(VARIABLE) or DEFAULT_DATA)


def enter(data: Path | None) -> None:
    """Take over the settings of an instance for the rest of this process.

    A part that the supervisor or a container started is told where everything is, and gives no --data. Whoever exported
    some other variable means the instance in the data folder all the same.
    """
    from careconnect.embedded import environment  # noqa: PLC0415 - keeps `--help` quick

    if data is None and environment.names_its_parts(os.environ):
        return
    os.environ.update(environment.load(folder_of(data)))
