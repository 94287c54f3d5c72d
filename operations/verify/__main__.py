"""`careconnect verify`: exits with 0 when every law holds, 1 when one is broken, 2 when one cannot be checked."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from pydantic import ValidationError
from rich.console import Console

from careconnect.config import Settings
from operations.verify import report
from operations.verify.evidence import Evidence
from operations.verify.finding import Verdict
from operations.verify.inspection import PATIENCE, inspect
from operations.verify.laws import LAWS


def main(argv: Sequence[str] | None = None) -> int:
    """Check every law of the instance that the environment describes."""
    wanted = _parser().parse_args(argv)
    try:
        settings = Settings()
    except ValidationError as error:
        print("; ".join(one["msg"] for one in error.errors()), file=sys.stderr)  # noqa: T201 - a command speaks
        return report.UNREADABLE
    numbers = set(wanted.law)
    verdicts = asyncio.run(verify(settings, wanted.patience, numbers))
    if wanted.json:
        print(report.as_json(verdicts))  # noqa: T201 - a command prints
    else:
        report.show(Console(), verdicts)
    return report.exit_code(verdicts)


async def verify(settings: Settings, patience: float = PATIENCE, numbers: set[int] | None = None) -> list[Verdict]:
    """Examine all laws, or those with the given numbers."""
    laws = [law for law in LAWS if not numbers or law.number in numbers]
    async with Evidence(settings) as evidence:
        return [verdict async for verdict in inspect(evidence, laws, patience)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="careconnect verify", description="Check every law of the data from outside.")
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")
    parser.add_argument("--law", type=int, action="append", default=[], metavar="N", help="only this law; repeatable")
    seconds = "how long a difference between two sources may take to settle"
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS", help=seconds)
    return parser


if __name__ == "__main__":
    sys.exit(main())
