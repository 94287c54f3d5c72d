"""What the OpenAPI document says beyond the endpoints: how to sign in, what each takes, and what every refusal is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel, ConfigDict

from careconnect.errors import FieldError, Forbidden, InvalidInput, NotAuthenticated, RateLimited, Refusal, Unavailable
from web.api.outside import OUTSIDE
from web.api.scopes import SCOPES, TAGS
from web.session import Needs

EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_text())
"""An example of each wire model, by its name in the document."""


class Problem(BaseModel):
    """A refusal (RFC 9457). `code` is what machines read."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    errors: list[FieldError] | None = None


_FURTHER = "x-further-scopes"


def further_scopes(parts: dict[str, str]) -> dict[str, Any]:
    """Declare which scopes a part of what is asked takes beyond those of the endpoint: the scope, and for what."""
    return {"openapi_extra": {_FURTHER: parts}}


WAITING: dict[int | str, dict[str, Any]] = {
    202: {
        "model": Problem,
        "description": "`still_deciding`, or `payment_awaited` at `payment_url`: `Location` says where to look",
        "headers": {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "integer"}}},
    }
}
"""What is declared by an endpoint that starts or moves a process."""


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Declare which refusals an endpoint answers with, by status, with their codes."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = found.setdefault(kind.status, {"model": Problem, "description": ""})
        known["description"] = _also(known["description"], kind)
    return found


def describe(api: FastAPI) -> None:
    """Have the document made as this contract has it, once."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _document(api)
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]


def _document(api: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=api.title,
        version=api.version,
        summary=api.summary,
        description=api.description,
        routes=api.routes,
        openapi_version="3.1.0",
        tags=[{"name": name, "description": told} for name, told in TAGS.items()],
        servers=[{"url": "/api/v1"}],
    )
    made = _with_plain_names(made)
    schemas = made["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    examples = {name: schema["examples"][0] for name, schema in schemas.items() if "examples" in schema}
    for method, path, route in endpoints(api):
        operation = made["paths"][path][method.lower()]
        scopes = scopes_of(route)
        operation["security"] = [{"client": scopes}, {"session": []}]
        if scopes:
            operation["description"] += f"\n\nNeeds the scope `{'`, `'.join(scopes)}`."
        for scope, part in operation.get(_FURTHER, {}).items():
            operation["description"] += f"\n\nNeeds the scope `{scope}` too, {part}."
        _refuse_as_all_do(operation)
        _say_problem_json(operation)
        _give_examples(operation, examples)
    made["components"]["securitySchemes"] = _WAYS_IN
    made["paths"] |= OUTSIDE
    return made


def _with_plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """Call models of one name in two services by service and name, whatever modules they live in."""
    plain = re.sub(
        r"services__([a-z]+)__\w*?__([A-Z]\w*)", lambda found: found[1].capitalize() + found[2], json.dumps(document)
    )
    found: dict[str, Any] = json.loads(plain)
    return found


_WAYS_IN: dict[str, Any] = {
    "client": {
        "type": "oauth2",
        "description": "API clients: an access token for client id and secret (RFC 6749 section 4.4).",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": SCOPES}},
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "careconnect_session",
        "description": "Staff: the web session; what changes something carries its token in `X-CSRF-Token`.",
    },
}


def endpoints(api: FastAPI) -> Iterator[tuple[str, str, RouteContext]]:
    """Walk over every endpoint in the document: method, path, and how it is declared."""
    for route in iter_route_contexts(api.routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                yield method, str(route.path_format), route


def scopes_of(route: RouteContext) -> list[str]:
    """Name the scopes that an endpoint needs."""
    return [one.call.scope for one in route.dependant.dependencies if isinstance(one.call, Needs)]


def _refuse_as_all_do(operation: dict[str, Any]) -> None:
    """Add the refusals that any endpoint may answer with."""
    answers: dict[str, Any] = operation["responses"]
    taken = "requestBody" in operation or "parameters" in operation
    if taken:
        answers.setdefault("422", {})["description"] = (
            answers.get("422", {}).get("description", "").replace("Validation Error", "")
        )
    for kind in (NotAuthenticated, Forbidden, RateLimited, Unavailable, *((InvalidInput,) if taken else ())):
        known = answers.setdefault(str(kind.status), {"description": ""})
        if f"`{kind.code}`" not in known["description"]:
            known["description"] = _also(known["description"], kind)
        known["content"] = {}
    operation["responses"] = dict(sorted(answers.items()))


def _also(told: str, kind: type[Refusal]) -> str:
    return "; ".join(part for part in (told, f"`{kind.code}`: {kind.title}") if part)


def _say_problem_json(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if int(status) >= 400:  # noqa: PLR2004 - the refusals
            schema = {"$ref": "#/components/schemas/Problem"}
            answer["content"] = {"application/problem+json": {"schema": schema}}


def _give_examples(operation: dict[str, Any], examples: dict[str, Any]) -> None:
    """Show what is sent and what comes back, made of the examples of the wire models."""
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for part in [*bodies, *(answer for status, answer in operation["responses"].items() if status.startswith("2"))]:
        for media, content in part.get("content", {}).items():
            example = _example(content.get("schema", {}), examples)
            if media == "application/json" and example is not None:
                content["example"] = example


def _example(schema: dict[str, Any], examples: dict[str, Any]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        if name.startswith("Page_"):
            return {"items": [examples[name.removeprefix("Page_").removesuffix("_")]], "next_cursor": None}
        return examples.get(name)
    if schema.get("type") == "array":
        return [_example(schema["items"], examples)]
    found = (_example(option, examples) for option in schema.get("anyOf", ()))
    return next((example for example in found if example is not None), None)
