"""One instance for all faults: it must survive every one of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Instance, instance

DYING = Path(__file__).parent / "dying"
_TABLE = pytest.StashKey[list[str]]()


@pytest.fixture
def table(request: pytest.FixtureRequest) -> list[str]:
    """Give the lines of a table that is to be read in a run that passes, too."""
    return request.config.stash.setdefault(_TABLE, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the table below the tests."""
    lines = config.stash.get(_TABLE, [])
    if lines:
        terminalreporter.section("every path of a payment, and where everything died")
        terminalreporter.write("\n".join([*lines, ""]))


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
        # A call that is held is given up by the engine after seconds and begun again, and keeps its place for ever.
        environment.setenv("CARECONNECT_WORKER__ACTIVITY_SLOTS", "600")
        environment.setenv("PYTHONPATH", os.pathsep.join([str(DYING), *os.environ.get("PYTHONPATH", "").split()]))
        with instance(tmp_path_factory.mktemp("clinic") / "data") as started:
            yield started
