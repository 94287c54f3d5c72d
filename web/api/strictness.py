"""Query parameters: a filter with a slip in its name is refused, for it would list everything."""

from difflib import get_close_matches
from inspect import isclass
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from careconnect.errors import FieldError, InvalidInput
from careconnect.pagination import Page

_LONGEST = 60
_AT_MOST = 20
"""Names that an answer repeats, and how much of each."""


def know_parameters(api: FastAPI) -> None:
    """Have each endpoint of the contract refuse query parameters that it does not take."""
    for route in api.routes:
        # Endpoints are shared by all who make the API.
        if isinstance(route, APIRoute) and route.include_in_schema and not isinstance(route.app, _Strict):
            route.app = _Strict(route.app, _taken(route))


def _taken(route: APIRoute) -> list[str]:
    # Those that stand together in a model are all of the query, and do not say so one by one.
    fields: list[Any] = get_flat_params(route.dependant)
    query = ParamTypes.query
    taken = {field.alias for field in fields if getattr(field.field_info, "in_", query) == query}
    is_list = isclass(route.response_model) and issubclass(route.response_model, Page)
    return sorted(taken | {"limit"} if is_list else taken)  # whoever reads lists may say so to a short one too


class _Strict:
    def __init__(self, app: ASGIApp, taken: list[str]) -> None:
        self._app = app
        self._taken = taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            named = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
            unknown = [name[:_LONGEST] for name in named if name not in self._taken]
            if unknown:
                raise InvalidInput(errors=[self._wrong(name) for name in unknown[:_AT_MOST]])
        await self._app(scope, receive, send)

    def _wrong(self, name: str) -> FieldError:
        meant = get_close_matches(name, self._taken, n=1)
        hint = f"Did you mean {meant[0]}?" if meant else f"Here are known: {', '.join(self._taken) or 'none'}."
        return FieldError(field=name, code="unknown_parameter", message=f"There is no such parameter. {hint}")
