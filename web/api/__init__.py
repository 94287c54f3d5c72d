"""The REST contract: what other systems, and our own pages, call under `/api/v1`."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from careconnect.routing import take_in
from careconnect.service import answer_with_problems
from web.api import (
    absences,
    appointments,
    calendars,
    catalogue,
    claims,
    clock_changes,
    consultants,
    docs,
    drafts,
    drawers,
    dunning,
    feeds,
    gateways,
    holds,
    invoices,
    ledger,
    links,
    messages,
    money_check,
    patients,
    payers,
    payments,
    places,
    prices,
    reports,
    schedules,
    series,
    slots,
    trail,
    visits,
    waitlist,
    walk_ins,
    workflows,
)
from web.api.etags import NotModified
from web.api.openapi import describe
from web.api.scopes import ABOUT
from web.api.strictness import know_parameters
from web.gateway.errors import StillDeciding

# The order counts where a fixed word stands where an id could: drafts come before invoices, and those before payments.
_RESOURCES = (
    patients, consultants, schedules, absences, feeds, catalogue, places, prices, slots, holds, clock_changes,
    appointments, series, waitlist, calendars, visits, walk_ins, drafts, invoices, payers, claims, dunning, links,
    money_check, payments, drawers, gateways, ledger, messages, reports, trail, workflows, docs,
)  # fmt: skip


def create_api(edge: FastAPI) -> FastAPI:
    """Make the API application; it shares the edge's state."""
    api = FastAPI(
        title="Care-Connect",
        version="1",
        summary="Patients, consultants, appointments and payments of a clinic group.",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        root_path_in_servers=False,
    )
    api.state = edge.state
    take_in(api, (module.router for module in _RESOURCES))
    know_parameters(api)
    answer_with_problems(api)
    api.add_exception_handler(StillDeciding, _still_deciding)
    api.add_middleware(NotModified)
    describe(api)
    return api


async def _still_deciding(request: Request, waiting: Exception) -> Response:
    """Say where to look: the process goes on, whether or not somebody waits for it."""
    assert isinstance(waiting, StillDeciding)  # noqa: S101 - registered for this class
    place = f"{request.scope.get('root_path', '')}/workflows/{waiting.extra['workflow_id']}"
    headers = {"Location": place, "Retry-After": str(waiting.extra["retry_after"])}
    return JSONResponse(waiting.problem(), waiting.status, headers, media_type="application/problem+json")


__all__ = ["create_api"]
