"""A patient's own appointment, by the link in its messages."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from web.pages import naming
from web.pages.public.visitor import Visitor, visiting

PURPOSE = "appointment"
SCOPES = ("appointments:read", "appointments:write", "consultants:read", "catalogue:read")
router = APIRouter(prefix=f"/{PURPOSE}")


@router.get("/{token}")
async def show(visitor: Annotated[Visitor, visiting(PURPOSE, *SCOPES)]) -> Response:
    """Show when, where and with whom; nothing of the patient, who knows."""
    found = await visitor.gateway.appointments.standing(visitor.actor, visitor.link.subject)
    visit = await naming.public_visit(visitor.known, visitor.actor, found)
    return await visitor.page("public/appointment.html", visit=visit)
