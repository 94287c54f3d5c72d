"""The workflow console behind our sign-in, and the codec that decrypts payloads for those who may read them.

The console knows nothing of organisations: who sees it sees the processes of all. So it opens to one organisation, that
of whoever runs the installation, and changes only what leaves every compensation in place.
"""

import re
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.background import BackgroundTask
from temporalio.api.common.v1 import Payloads

from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.errors import Forbidden, InvalidInput, NotFound, Unavailable
from careconnect.temporal import EncryptionCodec
from web.gateway import Gateway
from web.session import Person, signed_in

router = APIRouter(include_in_schema=False)
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length", "host"}
_NOT_FORWARDED = _HOP_BY_HOP | {"cookie", "authorization", "x-http-method-override"}
_OPERATE = "console:operate"
_READS = {"GET", "HEAD"}
_CHANGES = re.compile(
    r"api/v1/namespaces/[\w-]+/(workflows/[\w-]+(/runs/[\w-]+)?/(query/\w+|reset)|schedules/[\w-]+/patch)", re.ASCII
)
"""What operators may ask of a process or a schedule: where it stands, to go on from before a fault, to pause or run."""


def opens_to(settings: Settings, actor: Actor) -> bool:
    """Tell whether somebody may use the console: an operator of the organisation that runs this installation."""
    return actor.may(_OPERATE) and actor.tenant_id == settings.temporal.console_tenant


async def operator(request: Request) -> Person:
    """Let operators in. The console's requests carry no form token of ours: they must come from its own pages.

    Raises:
        Forbidden: the role or the organisation does not reach the console, or another site asks.
    """
    found = await signed_in(request)
    if not found.actor.may(_OPERATE):
        raise Forbidden("The workflow console is for operators and owners.")
    if not opens_to(request.app.state.settings, found.actor):
        raise Forbidden(
            "The workflow console shows every organisation's processes: it is for those who run this installation "
            "(CARECONNECT_TEMPORAL__CONSOLE_TENANT)."
        )
    if request.method not in _READS and request.headers.get("sec-fetch-site", "none") != "same-origin":
        raise Forbidden("The console answers only its own pages.")
    return found


Operator = Annotated[Person, Depends(operator)]


@router.post("/console/codec/decode")
async def decode(request: Request, asking: Operator) -> Response:
    """Decrypt payloads for the console (Temporal's remote codec protocol); the audit notes it before."""
    codec: EncryptionCodec = request.app.state.codec
    try:
        given = ParseDict(await request.json(), Payloads())
        opened = await codec.decode(given.payloads)
    except (ParseError, ValueError) as error:
        raise InvalidInput("These are not payloads of this installation.") from error
    gateway: Gateway = request.app.state.gateway
    await gateway.identity.note_console_reading(asking.actor, len(opened))
    return JSONResponse(MessageToDict(Payloads(payloads=opened)))


@router.get("/console")
async def enter(_: Operator) -> RedirectResponse:
    """Lead to the list of workflows."""
    return RedirectResponse("/console/")


@router.api_route("/console/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
async def proxy(request: Request, path: str, _: Operator) -> Response:
    """Pass the console's pages through, and of what changes something only what skips no compensation."""
    upstream: httpx.AsyncClient | None = request.app.state.console
    if upstream is None:
        raise NotFound("No console is configured (CARECONNECT_TEMPORAL__UI_URL).")
    if request.method not in _READS and not (request.method == "POST" and _CHANGES.fullmatch(path)):
        raise Forbidden("The console lets nobody end or delete a process; cancel the appointment instead.")
    headers = [(name, value) for name, value in request.headers.items() if name not in _NOT_FORWARDED]
    asked = upstream.build_request(
        request.method,
        f"/console/{path}",
        params=request.url.query.encode(),
        headers=headers,
        content=await request.body(),
    )
    try:
        answer = await upstream.send(asked, stream=True)
    except httpx.TransportError as error:
        raise Unavailable.of("The workflow console") from error
    kept: dict[str, Any] = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
    return StreamingResponse(answer.aiter_raw(), answer.status_code, kept, background=BackgroundTask(answer.aclose))
