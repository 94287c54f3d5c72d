"""What other desks change, as server-sent events (WHATWG HTML, section 9.2)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse

from careconnect import stopping
from careconnect.errors import Forbidden
from services.appointments.schemas import Changes
from web.live import Listener, Live
from web.session import Person, signed_in

router = APIRouter()
HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 600.0
"""A stream ends then, and the browser opens the next one if the session still holds."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_COME_BACK = b"retry: 3000\n\n"
_STILL_HERE = b": still here\n\n"
_READ_ANEW = "reset"


@router.get("/events")
async def events(
    request: Request,
    person: Annotated[Person, Depends(signed_in)],
    location_id: UUID | None = None,
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Tell ids and versions of appointments that change, of one place or of all, until the browser leaves.

    Raises:
        Forbidden: the person may not read appointments.
        TooManyListen: there are as many streams as may be.
    """
    if not person.actor.may("appointments:read"):
        raise Forbidden
    live: Live = request.app.state.live
    live.check_room(person.actor.id)

    async def stream() -> AsyncIterator[bytes]:
        async with live.listen(Listener(person.tenant_id, person.actor.id, location_id)) as listener:
            yield _COME_BACK
            if last_event_id.isdecimal():
                listener.tell(await live.since(person.actor, int(last_event_id)))
            async for part in _parts(listener):
                yield part

    return StreamingResponse(stream(), media_type="text/event-stream", headers=_HEADERS)


async def _parts(listener: Listener) -> AsyncIterator[bytes]:
    """Write what there is to tell, and a sign of life when there is nothing for a while."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_SECONDS
    while loop.time() < end and not stopping.announced():
        try:
            told = await asyncio.wait_for(listener.news.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            yield _STILL_HERE
            continue
        if told is None:
            return
        yield _event(told)


def _event(told: Changes) -> bytes:
    kind = _READ_ANEW if told.more else "changed"
    said = [{"id": str(one.appointment_id), "version": one.version} for one in told.items]
    return f"id: {told.newest}\nevent: {kind}\ndata: {json.dumps({'appointments': said})}\n\n".encode()
