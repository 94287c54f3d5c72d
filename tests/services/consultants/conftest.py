"""What the tests of the consultants service share."""

from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from careconnect import clock
from tests.services.consultants.clinic import NOW, Clinic


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    """Give a client on the consultants service."""
    return service("consultants")


@pytest.fixture
def everything(act: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Make the headers of somebody who may do everything in this test's tenant."""
    return act("consultants:read", "consultants:write", "catalogue:read", "catalogue:write", "reports:read")


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let the test take place at `NOW`."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return NOW


@pytest.fixture
async def clinic(http: httpx.AsyncClient, everything: dict[str, str], present: datetime) -> Clinic:
    """Open the clinic."""
    assert present
    return await Clinic(http, everything).open()
