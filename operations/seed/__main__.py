"""`careconnect seed`: fill an instance with the demo clinic, with an empty one, or with very many appointments."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop
from pydantic import ValidationError

from careconnect.config import Settings
from operations.seed.seeding import Options, seed
from operations.seed.told import Report

_WRONG_SETTINGS = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 when everything is written, 2 when the settings are wrong. A repeat changes nothing."""
    asked = _parser().parse_args(argv)
    try:
        settings = Settings()
    except ValidationError as error:
        sys.stderr.write("; ".join(one["msg"] for one in error.errors()) + "\n")
        return _WRONG_SETTINGS
    if asked.data:
        settings = settings.model_copy(update={"data_dir": asked.data})
    options = Options(minimal=asked.minimal, scale=asked.scale)
    report = uvloop.run(_run(settings, options, quiet=asked.json))
    _print(json.dumps(report.said(), indent=2) if asked.json else report.table())
    return 0


async def _run(settings: Settings, options: Options, *, quiet: bool) -> Report:
    return await seed(settings, options, (lambda _: None) if quiet else _print)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="careconnect seed", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="the instance's data folder")
    parser.add_argument("--minimal", action="store_true", help="only an owner who can sign in, and one location")
    parser.add_argument("--scale", type=int, metavar="N", help="N appointments in total, the additional ones past")
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")
    return parser


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the engine's client may abort a process that ends the usual way while its threads run
