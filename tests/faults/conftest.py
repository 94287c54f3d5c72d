"""One instance for all faults: it must survive every one of them."""

from collections.abc import Iterator

import pytest

from tests.running import Instance, instance


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Start the demo clinic."""
    with instance(tmp_path_factory.mktemp("clinic") / "data") as started:
        yield started
