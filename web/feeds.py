"""`/calendar/{token}.ics`: what a calendar program reads, again and again, without anybody signed in."""

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from careconnect import ics
from careconnect.links import LinkExpired, LinkInvalid
from web.calendar_words import calendar_words
from web.gateway import Gateway

router = APIRouter(include_in_schema=False)
_SECONDS = 300
_HEADERS = {
    "Cache-Control": f"private, max-age={_SECONDS}",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@router.get("/calendar/{token}.ics")
async def read(token: str, request: Request) -> Response:
    """Give the calendar; an unchanged one is not sent again."""
    gateway: Gateway = request.app.state.gateway
    try:
        written = await gateway.feeds.read(token, calendar_words())
    except (LinkInvalid, LinkExpired):
        return PlainTextResponse("There is no such calendar.\n", 404, {"Cache-Control": "no-store"})
    tag = f'"{hashlib.sha256(written).hexdigest()[:32]}"'
    headers = _HEADERS | {"ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(written, 200, headers, ics.MEDIA_TYPE)
