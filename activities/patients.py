"""Steps that ask the patients service."""

from temporalio import activity

from activities.answers import refusing
from careconnect.auth import Actor
from services.patients.client import PatientsClient
from workflows.contracts import BookingRequest, FiguresRequest, SourceFigures, Verified


class PatientActivities:
    """Holds the client of the patients service."""

    def __init__(self, patients: PatientsClient) -> None:
        self.patients = patients

    @activity.defn(name="verify_patient")
    @refusing(Verified)
    async def verify(self, request: BookingRequest) -> Verified:
        """Ask whether the patient exists and can be booked."""
        await self.patients.standing(request.actor, request.patient_id)
        return Verified()

    @activity.defn(name="patient_figures")
    async def figures(self, request: FiguresRequest) -> SourceFigures:
        """Count patients for the dashboard."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"reports:read"}))
        found = [
            await self.patients.figures(actor, from_=period.start, to=period.end, previous_from=period.previous_start)
            for period in request.periods
        ]
        return SourceFigures(source="patients", figures=[one.model_dump(mode="json") for one in found])
