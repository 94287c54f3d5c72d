"""The wire models of the consultants service."""

from services.consultants.schemas.availability import Offer, OfferQuery, Window, WindowsQuery
from services.consultants.schemas.consultants import (
    Consultant,
    ConsultantName,
    ConsultantPatch,
    ConsultantReplacement,
    ConsultantWrite,
    Figures,
    NamesQuery,
    StatusWrite,
)
from services.consultants.schemas.fields import ExceptionKind, Status
from services.consultants.schemas.schedules import ExceptionWrite, Hours, Schedule, ScheduleException, ScheduleWrite
from services.consultants.schemas.visit_types import (
    CancellationPolicy,
    Mode,
    PaymentPolicy,
    VisitType,
    VisitTypeReplacement,
    VisitTypeWrite,
)

__all__ = [
    "CancellationPolicy",
    "Consultant",
    "ConsultantName",
    "ConsultantPatch",
    "ConsultantReplacement",
    "ConsultantWrite",
    "ExceptionKind",
    "ExceptionWrite",
    "Figures",
    "Hours",
    "Mode",
    "NamesQuery",
    "Offer",
    "OfferQuery",
    "PaymentPolicy",
    "Schedule",
    "ScheduleException",
    "ScheduleWrite",
    "Status",
    "StatusWrite",
    "VisitType",
    "VisitTypeReplacement",
    "VisitTypeWrite",
    "Window",
    "WindowsQuery",
]
