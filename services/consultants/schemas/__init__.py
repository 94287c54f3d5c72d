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
from services.consultants.schemas.prices import (
    FollowUpPolicy,
    MoneyPolicy,
    MoneyPolicyWrite,
    PaymentPolicy,
    Price,
    PriceReplacement,
    PriceWrite,
    Tax,
)
from services.consultants.schemas.schedules import ExceptionWrite, Hours, Schedule, ScheduleException, ScheduleWrite
from services.consultants.schemas.visit_types import (
    CancellationPolicy,
    Mode,
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
    "FollowUpPolicy",
    "Hours",
    "Mode",
    "MoneyPolicy",
    "MoneyPolicyWrite",
    "NamesQuery",
    "Offer",
    "OfferQuery",
    "PaymentPolicy",
    "Price",
    "PriceReplacement",
    "PriceWrite",
    "Schedule",
    "ScheduleException",
    "ScheduleWrite",
    "Status",
    "StatusWrite",
    "Tax",
    "VisitType",
    "VisitTypeReplacement",
    "VisitTypeWrite",
    "Window",
    "WindowsQuery",
]
