"""The migrations make what the models describe."""

import pytest

from careconnect import migrations
from careconnect.config import SERVICES, DatabaseSettings
from careconnect.embedded.postgres import PostgresServer


@pytest.mark.parametrize("service", SERVICES)
async def test_no_model_differs_from_what_the_migrations_made(postgres: PostgresServer, service: str) -> None:
    await migrations.check(DatabaseSettings(**postgres.urls()), (service,))
