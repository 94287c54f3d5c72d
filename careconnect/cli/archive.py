"""backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from careconnect.cli.options import Data, folder_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write; it holds the keys, so keep it safe.")],
    data: Data = None,
) -> None:
    """Write databases, engine, mailbox and keys into one archive; a running instance goes on."""
    from careconnect.embedded.backup import back_up  # noqa: PLC0415 - keeps `--help` quick

    back_up(folder_of(data), file)
    print(f"Wrote {file}. It holds the keys: keep it as safe as the data itself.")


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that backup wrote.", exists=True, dir_okay=False)],
    data: Data = None,
) -> None:
    """Make a new data folder from an archive; start it afterwards with up."""
    from careconnect.embedded.restore import restore as bring_back  # noqa: PLC0415 - keeps `--help` quick

    folder = folder_of(data)
    bring_back(folder, file)
    print(f"Restored into {folder.root}. Start it with `careconnect up --data {folder.root}`.")
