"""People at browsers, by role, and what they look at."""

import pytest
from fastapi import FastAPI

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk


@pytest.fixture(scope="module")
async def owner(edge: FastAPI, clinic: Clinic) -> Desk:
    """Somebody who may do everything."""
    return await Desk.open(edge, clinic, "owner")


@pytest.fixture(scope="module")
async def front_desk(edge: FastAPI, clinic: Clinic) -> Desk:
    """Somebody at the front desk."""
    return await Desk.open(edge, clinic, "front_desk")


@pytest.fixture(scope="module")
async def stranger(edge: FastAPI, other_clinic: Clinic) -> Desk:
    """Somebody who owns another organisation."""
    return await Desk.open(edge, other_clinic, "owner")
