"""FastAPI calls a plain function that an endpoint depends on in a thread, which costs more than most of them do."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from careconnect.config import SERVICES


def test_no_endpoint_and_nothing_that_it_depends_on_needs_a_thread(edge: FastAPI, apps: Callable[[str], Any]) -> None:
    endpoints = [route for app in (edge, *map(apps, SERVICES)) for route in endpoints_of(app.routes)]
    assert len(endpoints) > 500
    needs = {name_of(call) for route in endpoints for call in called(route.dependant) if not is_async(call)}
    assert needs == set()


def endpoints_of(routes: list[Any]) -> Iterator[APIRoute]:
    """Walk applications, mounted ones and routers within routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None) or getattr(route, "app", None)) and hasattr(
            inner, "routes"
        ):
            yield from endpoints_of(inner.routes)


def called(dependant: Dependant) -> Iterator[Any]:
    """Give what is called for a request: the endpoint, and what it depends on."""
    yield dependant.call
    for one in dependant.dependencies:
        yield from called(one)


def is_async(call: Any) -> bool:
    """Tell whether it is called where the request is served."""
    ways = (call,) if inspect.isclass(call) else (call, getattr(call, "__call__", None))  # noqa: B004 - not asked whether
    return any(inspect.iscoroutinefunction(way) or inspect.isasyncgenfunction(way) for way in ways)


def name_of(call: Any) -> str:
    """Name it for the report."""
    return f"{call.__module__}.{getattr(call, '__qualname__', type(call).__name__)}"
