"""Run one measurement, or all of them."""

import asyncio
import sys

from bench import bookings, money, reads, scheduling, startup, webhooks

MEASUREMENTS = {
    "bookings": bookings.measure,
    "money": money.measure,
    "reads": reads.measure,
    "slots": scheduling.measure,
    "startup": startup.measure,
    "webhooks": webhooks.measure,
}


def main(arguments: list[str]) -> int:
    """Run the measurements named, or all."""
    unknown = set(arguments) - set(MEASUREMENTS)
    if unknown:
        print(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}.")
        return 2
    for name in arguments or MEASUREMENTS:
        asyncio.run(MEASUREMENTS[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
