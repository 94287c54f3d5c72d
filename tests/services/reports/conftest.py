"""What the tests of the reports service share."""

from collections.abc import Callable

import httpx
import pytest

from tests.conftest import Act
from tests.services.reports.views import SCOPES


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    """Give a client on the reports service."""
    return service("reports")


@pytest.fixture
def both(act: Act) -> dict[str, str]:
    """Make the headers of somebody who may write and read."""
    return act(*SCOPES)
