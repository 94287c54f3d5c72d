"""The contract as a table, read from the application itself, so that no endpoint can be forgotten."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI

from web.api import create_api
from web.api.openapi import endpoints, scopes_of
from web.api.workflows import SCOPES as PROCESSES

_API = create_api(FastAPI())
DOCUMENT: dict[str, Any] = _API.openapi()
_OF_THE_MOMENT = {
    "PatientsCount", "Slots", "AppointmentsSummary", "PaymentsSummary", "MoneyChecks", "Dashboard",
    "AppointmentsReport", "RevenueReport",
}  # fmt: skip


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: how it is asked, and which scopes it takes, all of them."""

    method: str
    path: str
    scopes: tuple[str, ...]

    @property
    def said(self) -> dict[str, Any]:
        """What the document says of it."""
        found: dict[str, Any] = DOCUMENT["paths"][self.path][self.method.lower()]
        return found

    @property
    def parameters(self) -> list[str]:
        """The ids in its path."""
        return [one["name"] for one in self.said.get("parameters", []) if one["in"] == "path"]

    @property
    def about_a_record(self) -> bool:
        """Whether its path names a record, and not a month or a kind, which everybody has."""
        return bool(self.records)

    @property
    def records(self) -> list[str]:
        """The ids of records in its path."""
        return [name for name in self.parameters if name.endswith("_id")]

    @property
    def gives_a_record(self) -> bool:
        """Whether it reads one record: no list, and none of the figures, which are of the moment."""
        media = self.said["responses"].get("200", {}).get("content", {}).get("application/json", {})
        name = media.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        listed = name.startswith("Page_") or name in _OF_THE_MOMENT
        return self.method == "GET" and bool(name) and not listed

    def url(self, ids: dict[str, str]) -> str:
        """Fill in the ids, and the query that it cannot do without."""
        needed = [one["name"] for one in self.said.get("parameters", []) if one["in"] == "query" and one["required"]]
        query = "&".join(f"{name}={ids[name]}" for name in needed)
        return self.path.format(**ids) + (f"?{query}" if query else "")

    def body(self, ids: dict[str, str]) -> Any:
        """Take the example of its body, about the records of `ids`."""
        if "requestBody" not in self.said:
            return None
        return _about(self.said["requestBody"]["content"]["application/json"]["example"], ids)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _about(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_about(one, ids) for one in value]
    if isinstance(value, dict):
        return {key: ids[key] if key.endswith("_id") and key in ids else _about(one, ids) for key, one in value.items()}
    return value


ENDPOINTS = [
    Endpoint(method, path, tuple(scopes_of(route)) or (PROCESSES["appointment"],))
    for method, path, route in endpoints(_API)
]
each = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
