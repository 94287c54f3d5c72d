"""The first step of a booking: whether this patient can have this visit, and on which terms."""

import asyncio

from temporalio import activity

from activities.answers import refusing
from activities.consultants import ConsultantActivities
from services.patients.client import PatientsClient
from workflows.contracts import Offered, OfferRequest


class AdmissionActivities:
    """Asks about the patient and about the visit at the same time, as one step: each step costs the engine its own."""

    def __init__(self, patients: PatientsClient, consultants: ConsultantActivities) -> None:
        self.patients = patients
        self.consultants = consultants

    @activity.defn(name="admit_patient")
    @refusing(Offered)
    async def admit(self, request: OfferRequest) -> Offered:
        """Give the terms of the visit; a patient who cannot be booked is refused first."""
        assert request.patient_id is not None  # noqa: S101 - a booking names its patient
        offered: Offered
        offered, _ = await asyncio.gather(
            self.consultants.offer(request), self.patients.standing(request.actor, request.patient_id)
        )
        return offered
