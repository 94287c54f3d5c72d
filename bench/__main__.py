"""Run one measurement, or all of them."""

import asyncio
import sys

from bench import bookings, money, reads, scheduling, startup, webhooks
from bench.table import AS_JSON

MEASUREMENTS = {
    "bookings": bookings.measure,
    "money": money.measure,
    "reads": reads.measure,
    "slots": scheduling.measure,
    "startup": startup.measure,
    "webhooks": webhooks.measure,
}


def main(arguments: list[str]) -> int:
    """Run the measurements named, or all; 1 where one that also proves something found it wrong.

    With `--json`, for a program to read.
    """
    AS_JSON.set("--json" in arguments)
    names = [one for one in arguments if one != "--json"]
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        print(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
        return 2
    failed = [name for name in names or MEASUREMENTS if asyncio.run(MEASUREMENTS[name]()) is False]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
