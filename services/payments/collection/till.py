from contextlib import AbstractAsyncContextManager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from careconnect.auth import Actor, authenticate
from careconnect.crypto import TenantKeys
from careconnect.db import Database, ReadSession, WriteSession
from services.payments.gateways import routes
from services.payments.gateways.protocol import Gateway
from services.payments.gateways.registry import Gateways


class Till:
    """Where one actor collects and returns money.

    A collection has several transactions with the gateway's answer between them, so it opens each itself; every `write`
    is committed when its block ends.
    """

    def __init__(self, database: Database, gateways: Gateways, actor: Actor) -> None:
        self.actor = actor
        self._database = database
        self._gateways = gateways

    def read(self) -> AbstractAsyncContextManager[ReadSession]:
        """Open a reading transaction."""
        return self._database.read(self.actor)

    def snapshot(self) -> AbstractAsyncContextManager[ReadSession]:
        """Open a reading transaction whose statements all see one moment."""
        return self._database.read(self.actor, snapshot=True)

    def write(self) -> AbstractAsyncContextManager[WriteSession]:
        """Open a changing transaction."""
        return self._database.write(self.actor)

    async def keys(self) -> TenantKeys:
        """Give the tenant's keys; asked for before a transaction, so that their first loading waits for none."""
        return await self._database.keys(self.actor.tenant_id)

    async def gateway(self, name: str | None = None) -> Gateway:
        """Give the gateway `name`, or the one that the tenant's new payments go through.

        Raises:
            GatewayNotFound: there is none of that name, or the tenant has no account there.
        """
        return await self._gateways.of(self.actor, name)

    async def route(self, reference: UUID, name: str | None = None) -> Gateway:
        """Give the gateway that `reference` goes through; `name`, or that of new payments, where nobody chose before.

        Asked before the first send under `reference`, in a transaction of its own, so that a repeat finds the same.
        """
        wanted = (await self.gateway(name)).name
        async with self.write() as session:
            chosen = await routes.choose(session, reference, wanted)
        return await self.gateway(chosen)

    async def routed(self, reference: UUID) -> Gateway:
        """Give the gateway that may know `reference`: the chosen one, or that of new payments where none was."""
        return await self.gateway(await self.chosen(reference))

    async def chosen(self, reference: UUID) -> str | None:
        """Name the gateway that was chosen for `reference`; None where nothing was ever to be sent under it."""
        async with self.read() as session:
            return await routes.chosen(session, reference)

    def forget_accounts(self) -> None:
        """Have the tenant's accounts at gateways read anew, after a change."""
        self._gateways.accounts.forget(self.actor.tenant_id)


async def _till(request: Request) -> Till:
    return Till(request.app.state.database, request.app.state.gateways, authenticate(request))


TillOf = Annotated[Till, Depends(_till)]
