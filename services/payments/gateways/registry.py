"""Which gateway a tenant's card money goes through."""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.db import Database
from services.payments.errors import GatewayNotFound
from services.payments.gateways.accounts import Access, Accounts
from services.payments.gateways.journal import Journal
from services.payments.gateways.protocol import Event, Gateway
from services.payments.gateways.sandbox import SandboxGateway, events
from services.payments.gateways.sandbox.processor import Pause
from services.payments.states import GatewayKind

if TYPE_CHECKING:
    from stripe import HTTPXClient, StripeClient


class Gateways:
    """The gateways that this installation speaks with, each tenant through its own account.

    A tenant that has set up none uses the sandbox. `pause` is how the slow test card waits, so that a test need not.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._stripes: dict[UUID, tuple[Access, StripeClient]] = {}
        self._http: HTTPXClient | None = None
        self.accounts = Accounts(database)
        self.pause: Pause = asyncio.sleep

    async def close(self) -> None:
        """Close the connections to outside gateways."""
        if self._http:
            await self._http.close_async()  # type: ignore[no-untyped-call] # the SDK's

    @cached_property
    def sandbox_secrets(self) -> list[bytes]:
        """What the sandbox gateway signs its events with."""
        return events.secrets(self._settings.master_keys)

    async def of(self, actor: Actor, name: str | None = None) -> Gateway:
        """Give the gateway `name`, or the one that new payments go through, as the actor's tenant speaks with it.

        Raises:
            GatewayNotFound: there is none of that name, or the tenant has no account there.
        """
        accounts = await self.accounts.of(actor)
        if name is None:
            name = next((kind for kind, access in accounts.items() if access.active), GatewayKind.sandbox)
        if name == GatewayKind.sandbox:
            return SandboxGateway(self._database, actor, self.pause)
        access = next((access for kind, access in accounts.items() if kind == name), None)
        if access is None or not access.secret_key:
            raise GatewayNotFound
        return self._stripe(actor, access)

    def _stripe(self, actor: Actor, access: Access) -> Gateway:
        from services.payments.gateways.stripe import connection  # noqa: PLC0415 - the same
        from services.payments.gateways.stripe.adapter import StripeGateway  # noqa: PLC0415 - costs 150 ms, often unused

        known, client = self._stripes.get(actor.tenant_id, (None, None))
        if client is None or known != access:
            self._http = self._http or connection.pool(self._settings.gateways)
            client = connection.connect(self._settings.gateways, access.secret_key, self._http)
            self._stripes[actor.tenant_id] = (access, client)
        return StripeGateway(client, Journal(self._database, actor, access.kind), actor.tenant_id)

    async def event(self, name: str, payload: bytes, signature: str, tenant_id: UUID | None = None) -> Event:
        """Read an event that the gateway `name` sent, to the address of `tenant_id` where tenants have their own.

        Raises:
            GatewayNotFound: there is none of that name, or the tenant has no account there.
            SignatureInvalid: the gateway did not send it, or long ago.
        """
        if name == GatewayKind.sandbox:
            return events.read(payload, signature, self.sandbox_secrets, clock.now())
        if name != GatewayKind.stripe or tenant_id is None:
            raise GatewayNotFound
        access = (await self.accounts.of(Actor.system(tenant_id=tenant_id))).get(GatewayKind.stripe)
        if access is None:
            raise GatewayNotFound
        from services.payments.gateways.stripe import events as stripe_events  # noqa: PLC0415 - see above

        known = [secret.encode() for secret in access.webhook_secrets]
        return stripe_events.read(payload, signature, known, clock.now(), tenant_id)
