"""One instance for all journeys, and who books there."""

from collections.abc import Iterator

import httpx
import pytest

from tests.running import Desk, Instance, instance

pytest.register_assert_rewrite("tests.journeys.rest")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Start the demo clinic."""
    with instance(tmp_path_factory.mktemp("clinic") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def http(running: Instance) -> Iterator[httpx.Client]:
    """Come as the documented API client."""
    with running.api() as client:
        yield client


@pytest.fixture(scope="module")
def desk(http: httpx.Client) -> Desk:
    """Book at the demo clinic."""
    return Desk(http)
