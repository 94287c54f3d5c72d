"""Steps that ask the consultants service."""

from temporalio import activity

from activities.answers import refusing
from careconnect.auth import Actor
from services.consultants.client import ConsultantsClient
from workflows.contracts import FiguresRequest, Offered, OfferRequest, SourceFigures


class ConsultantActivities:
    """Holds the client of the consultants service."""

    def __init__(self, consultants: ConsultantsClient) -> None:
        self.consultants = consultants

    @activity.defn(name="verify_offer")
    @refusing(Offered)
    async def offer(self, request: OfferRequest) -> Offered:
        """Ask for the terms of a visit: whether the consultant gives it then, what it costs, which policies hold."""
        found = await self.consultants.offer(
            request.actor,
            request.visit_type_id,
            request.consultant_id,
            request.location_id,
            request.start,
            override_hours=request.override_hours,
        )
        return Offered(offer=found)

    @activity.defn(name="consultant_figures")
    async def figures(self, request: FiguresRequest) -> SourceFigures:
        """Count consultants for the dashboard."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"reports:read"}))
        found = (await self.consultants.figures(actor)).model_dump(mode="json")
        return SourceFigures(source="consultants", figures=[found for _ in request.periods])
