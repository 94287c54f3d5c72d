"""What one process asks of another, by an update whose id makes a repeat harmless."""

from uuid import UUID

from pydantic import BaseModel

from services.appointments.schemas import Appointment
from workflows.contracts.dunning import DunningRequest
from workflows.contracts.messages import RemindersRequest
from workflows.contracts.payment import CollectRequest
from workflows.contracts.visit import CancellationRequest, RescheduleRequest, VisitStep


class AskCancel(BaseModel):
    """Asks an appointment's process to cancel it."""

    appointment_id: UUID
    update_id: str
    asked: CancellationRequest


class AskMove(BaseModel):
    """Asks an appointment's process to move it."""

    appointment_id: UUID
    update_id: str
    asked: RescheduleRequest


class AskStep(BaseModel):
    """Asks an appointment's process for a step of the visit, or to undo one."""

    appointment_id: UUID
    update_id: str
    asked: VisitStep


class Beside(BaseModel):
    """Asks to start what runs beside an appointment's process; None for what is not wanted."""

    tenant_id: UUID
    appointment: Appointment
    reminders: RemindersRequest | None = None
    payment: CollectRequest | None = None
    unpaid: DunningRequest | None = None


class StartedBeside(BaseModel):
    """Tells what was started; false for what runs already."""

    reminders: bool = False
    payment: bool = False
    unpaid: bool = False
