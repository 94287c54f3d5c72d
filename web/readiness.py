"""What the edge needs before it can serve."""

import asyncio
from datetime import timedelta

import httpx
from temporalio.service import RPCError

from careconnect.config import SERVICES
from web.gateway import Gateway


async def missing_parts(gateway: Gateway) -> dict[str, str]:
    """Name each part that does not answer, with how it failed."""
    engine, *services = await asyncio.gather(_engine(gateway), *(_service(gateway, name) for name in SERVICES))
    names = ("temporal", *SERVICES)
    return {name: why for name, why in zip(names, (engine, *services), strict=True) if why}


async def _engine(gateway: Gateway) -> str | None:
    try:
        healthy = await gateway.engine.client.service_client.check_health(timeout=timedelta(seconds=2))
    except (RPCError, RuntimeError) as error:
        return type(error).__name__
    return None if healthy else "not serving"


async def _service(gateway: Gateway, name: str) -> str | None:
    try:
        answer = await gateway.services.connection(name).http.get("/readyz", timeout=3)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.is_success else f"answers {answer.status_code}"
