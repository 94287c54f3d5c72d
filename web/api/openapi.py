"""What the OpenAPI document says beyond the endpoints: how to sign in, and what every refusal looks like."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict

from careconnect.errors import FieldError, Refusal


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:careconnect:problem:slot_taken",
                    "title": "That time has just been taken",
                    "status": 409,
                    "detail": "That time has just been taken",
                    "code": "slot_taken",
                    "instance": "/api/v1/appointments",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    errors: list[FieldError] | None = None


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Declare which refusals an endpoint answers with, by status, with their codes."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = found.setdefault(kind.status, {"model": Problem, "description": ""})
        told = f"`{kind.code}`: {kind.title}"
        known["description"] = f"{known['description']}; {told}" if known["description"] else told
    return found


def describe(api: FastAPI) -> None:
    """Add the ways to sign in, and serve refusals as `application/problem+json` in the document."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            made = get_openapi(
                title=api.title, version=api.version, summary=api.summary, routes=api.routes, openapi_version="3.1.0"
            )
            made["servers"] = [{"url": "/api/v1"}]
            made.setdefault("components", {})["securitySchemes"] = {
                "client": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
                },
                "session": {"type": "apiKey", "in": "cookie", "name": "careconnect_session"},
            }
            made["security"] = [{"client": []}, {"session": []}]
            _say_problem_json(made)
            api.openapi_schema = made
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]


def _say_problem_json(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and "content" in answer:  # noqa: PLR2004 - the refusals
                    answer["content"] = {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    }
