"""What happened a moment ago, told once on the next screen."""

import base64
import json
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

COOKIE = "careconnect_toast"
_SECONDS = 60


class Toast(NamedTuple):
    """A short sentence without anything personal, its tone, and the address that undoes what it tells of."""

    message: str
    tone: str = "green"
    undo: str | None = None


def keep(response: Response, toast: Toast) -> None:
    """Let the next screen tell it."""
    packed = base64.urlsafe_b64encode(json.dumps(toast).encode()).decode()
    response.set_cookie(COOKIE, packed, max_age=_SECONDS, httponly=True, samesite="strict")


def kept(request: Request) -> list[Toast]:
    """Read what the screen before has kept; what cannot be read is not told."""
    packed = request.cookies.get(COOKIE)
    if not packed:
        return []
    try:
        message, tone, undo = json.loads(base64.urlsafe_b64decode(packed))
    except (ValueError, TypeError):
        return []
    local = isinstance(undo, str) and undo.startswith("/") and not undo.startswith("//")
    return [Toast(str(message), str(tone), undo if local else None)]


def forget(response: Response) -> None:
    """Do not tell it twice."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
