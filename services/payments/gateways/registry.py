"""Which gateway a tenant's card money goes through."""

import asyncio
from functools import cached_property

from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.db import Database
from services.payments.errors import GatewayNotFound
from services.payments.gateways.protocol import Event, Gateway
from services.payments.gateways.sandbox import SandboxGateway, events
from services.payments.gateways.sandbox.processor import Pause


class Gateways:
    """The gateways that this installation speaks with.

    `pause` is how the slow test card waits, so that a test need not.
    """

    default = SandboxGateway.name

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self.pause: Pause = asyncio.sleep

    @cached_property
    def sandbox_secrets(self) -> list[bytes]:
        """What the sandbox gateway signs its events with."""
        return events.secrets(self._settings.master_keys)

    def of(self, actor: Actor, name: str) -> Gateway:
        """Give the gateway `name`, as the actor's tenant speaks with it.

        Raises:
            GatewayNotFound: there is none of that name.
        """
        if name != SandboxGateway.name:
            raise GatewayNotFound
        return SandboxGateway(self._database, actor, self.pause)

    def event(self, name: str, payload: bytes, signature: str) -> Event:
        """Read an event that the gateway `name` sent.

        Raises:
            GatewayNotFound: there is none of that name.
            SignatureInvalid: the gateway did not send it, or long ago.
        """
        if name != SandboxGateway.name:
            raise GatewayNotFound
        return events.read(payload, signature, self.sandbox_secrets, clock.now())
