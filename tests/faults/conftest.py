"""One instance for all faults: it must survive every one of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Instance, instance

DYING = Path(__file__).parent / "dying"


@pytest.fixture(scope="session")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder whose files say where a payment is held; see `tests.faults.dying.sitecustomize`."""
    return tmp_path_factory.mktemp("marks")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, marks: Path) -> Iterator[Instance]:
    """Start the demo clinic, in processes that can be held at what moves money."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HELD_AT", str(marks))
        environment.setenv("RENEWED_AFTER", "6")  # seconds, so that a test need not wait for six days
        environment.setenv("HELD_FOR", "10")  # seconds, as above
        # Dozens of calls held at once look like a gateway that is out of order; here nobody is spared it.
        environment.setenv("CARECONNECT_WORKER__GATEWAY_FAULTS", "1000")
        environment.setenv("PYTHONPATH", os.pathsep.join([str(DYING), *os.environ.get("PYTHONPATH", "").split()]))
        with instance(tmp_path_factory.mktemp("clinic") / "data") as started:
            yield started
