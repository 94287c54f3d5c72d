"""What one process asks of another, by an update whose id makes a repeat harmless."""

from uuid import UUID

from pydantic import BaseModel

from workflows.contracts.visit import CancellationRequest, RescheduleRequest


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
