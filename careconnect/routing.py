"""How an application gets its endpoints."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute


def take_in(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Put the routers' endpoints into the application, in their order.

    A router that is included is looked through twice for each request: once to find that it has the endpoint, once to
    call it. The endpoints themselves in the application's own list are looked through once (docs/performance.md).
    """
    for router in routers:
        if all(type(route) is APIRoute for route in router.routes):
            app.router.routes.extend(router.routes)
        else:
            app.include_router(router)
