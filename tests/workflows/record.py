"""Records the histories that `test_replay` replays: `python -m tests.workflows.record [SCENARIO ...]`.

Workflows run on a real engine with made-up services and readable payloads; nobody real is in them.
"""

import asyncio
import re
import sys
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from careconnect.embedded.temporal import NAMESPACE, program
from tests.workflows.conftest import SEARCH_ATTRIBUTES, flags
from tests.workflows.scenarios import SCENARIOS

HISTORIES = Path(__file__).parent / "histories"


async def record(wanted: set[str]) -> None:
    """Live through the wanted scenarios, or all, and write down what the engine remembers of them."""
    environment = await WorkflowEnvironment.start_local(
        namespace=NAMESPACE,
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(program()),
        dev_server_log_level="error",
        dev_server_extra_args=flags(),
    )
    HISTORIES.mkdir(exist_ok=True)
    async with environment:
        for scenario in SCENARIOS:
            if wanted and scenario.__name__ not in wanted:
                continue
            for name, handle in (await scenario(environment.client)).items():
                history = await handle.fetch_history()
                (HISTORIES / f"{name}.json").write_text(anonymous(history.to_json()) + "\n")
                sys.stdout.write(f"{name}: {len(history.events)} events\n")


def anonymous(history: str) -> str:
    """Take away the names of the machine, of its processes and of its folders."""
    nameless = re.sub(r'"\d+@[^"]*"', '"worker"', history)
    return re.sub(r'"stackTrace": "(\\.|[^"\\])*"', '"stackTrace": ""', nameless)


if __name__ == "__main__":
    asyncio.run(record(set(sys.argv[1:])))
