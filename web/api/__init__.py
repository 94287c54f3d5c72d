"""The REST contract: what other systems, and our own pages, call under `/api/v1`."""

from fastapi import FastAPI

from careconnect.service import answer_with_problems
from web.api import appointments, slots
from web.api.openapi import describe


def create_api(edge: FastAPI) -> FastAPI:
    """Make the API application; it shares the edge's state."""
    api = FastAPI(
        title="Care-Connect",
        version="1",
        summary="Patients, consultants, appointments and payments of a clinic group.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    api.state = edge.state
    for module in (slots, appointments):
        api.include_router(module.router)
    answer_with_problems(api)
    describe(api)
    return api


__all__ = ["create_api"]

