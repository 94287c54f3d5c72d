"""What every endpoint takes: who asks, and for which right."""

from typing import Annotated

from fastapi import Depends, Request

from careconnect.auth import Actor, require
from services.notifications.delivery import Delivery

Reader = Annotated[Actor, require("messages:read")]
Writer = Annotated[Actor, require("messages:write")]
Reporter = Annotated[Actor, require("reports:read")]


async def _delivery(request: Request, actor: Writer) -> Delivery:
    return Delivery(request.app.state.database, actor, request.app.state.settings.mail)


DeliveryOf = Annotated[Delivery, Depends(_delivery)]
"""Sends the actor's messages, in transactions of its own: none stays open while a mail server is spoken to."""
