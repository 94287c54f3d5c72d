"""Who sees whom, on the wire."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

LASTS = timedelta(hours=12)
"""How long a patient stays open for somebody who gave a reason."""
MOST_PATIENTS = 20_000
"""How many patients of one consultant a list is narrowed to."""

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]


class AccessWrite(BaseModel):
    """A patient to be opened, and why."""

    patient_id: UUID
    reason: Reason


class PatientAccess(BaseModel):
    """A patient who is open for somebody until then."""

    id: UUID
    patient_id: UUID
    until: datetime


class ReachQuery(BaseModel):
    """Records that somebody asks about."""

    patient_ids: list[UUID] = Field([], max_length=1000)
    appointment_ids: list[UUID] = Field([], max_length=1000)
    series_ids: list[UUID] = Field([], max_length=1000)
    entry_ids: list[UUID] = Field([], max_length=1000)
    absence_ids: list[UUID] = Field([], max_length=1000)


class Beyond(BaseModel):
    """What of it the asker does not see: patients, who can be opened, and absences, which are a consultant's own."""

    patient_ids: list[UUID] = []
    absence_ids: list[UUID] = []


class OwnPatients(BaseModel):
    """The patients whom the asker sees."""

    ids: list[UUID]
