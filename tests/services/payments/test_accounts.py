"""The tenants' accounts at gateways: keys go in and never come out."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from careconnect.auth import Actor
from careconnect.config import GatewaySettings
from services.payments.models import Base, GatewayAccount
from tests.services.payments.conftest import Desk

KEYS = {"secret_key": "sk_test_never_shown", "webhook_secret": "whsec_never_shown", "publishable_key": "pk_test_1"}


async def test_a_tenant_without_an_account_uses_the_sandbox(desk: Desk) -> None:
    found = await desk.get("/gateways")
    assert [(one["kind"], one["active"], one["version"]) for one in found] == [
        ("sandbox", True, None),
        ("stripe", False, None),
    ]
    assert found[0]["standing"]["state"] == "closed"


async def test_keys_are_sealed_audited_without_themselves_and_never_told(
    desk: Desk, apps: Callable[[str], Any], tenant_id: UUID
) -> None:
    assert (await desk.ask("PUT", "/gateways/stripe", KEYS | {"active": True})).status_code == 200
    shown = await desk.get("/gateways")
    assert (shown[0]["kind"], shown[0]["active"], shown[0]["has_secret_key"]) == ("stripe", True, True)
    assert "never_shown" not in json.dumps(shown)
    database = apps("payments").state.database
    async with database.read(Actor.system(tenant_id=tenant_id)) as session:
        row = (await session.scalars(sa.select(GatewayAccount))).one()
        audit = (await session.execute(sa.select(Base.metadata.tables["audit_events"]))).mappings().one()
    assert b"never_shown" not in (row.secret_key or b"") + (row.webhook_secrets or b"")
    assert audit["action"] == "gateway_account.changed"
    assert audit["data"]["new_secret_key"] is True
    assert "never_shown" not in json.dumps(audit["data"])


async def test_one_account_is_active_at_most_and_none_without_its_keys(desk: Desk) -> None:
    keyless = await desk.ask("PUT", "/gateways/stripe", {"active": True})
    assert (keyless.status_code, keyless.json()["code"]) == (422, "gateway_keys_missing")
    assert {one["field"] for one in keyless.json()["errors"]} == {"secret_key", "webhook_secret"}
    await desk.ask("PUT", "/gateways/stripe", KEYS | {"active": True})
    stale = await desk.ask("PUT", "/gateways/stripe", {"active": False, "version": 7})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")
    await desk.ask("PUT", "/gateways/sandbox", {"active": True})
    found = {one["kind"]: one for one in await desk.get("/gateways")}
    assert (found["sandbox"]["active"], found["stripe"]["active"]) == (True, False)
    assert found["stripe"]["has_secret_key"]


def test_secret_keys_are_sent_over_plain_http_on_loopback_alone() -> None:
    assert GatewaySettings(stripe_api_base="http://127.0.0.1:8420/").stripe_api_base == "http://127.0.0.1:8420"
    with pytest.raises(ValueError, match="secret keys are sent there"):
        GatewaySettings(stripe_api_base="http://stripe.example")
