"""The models of the consultants service."""

from services.consultants.models.base import Base
from services.consultants.models.consultant import Consultant, full_name, specialty_key
from services.consultants.models.place import HolidayPolicy, LocationCalendar, Room
from services.consultants.models.price import MoneyPolicies, PriceListEntry
from services.consultants.models.schedule import Schedule, ScheduleBlock, ScheduleException
from services.consultants.models.visit_type import VisitType, VisitTypeConsultant

__all__ = [
    "Base",
    "Consultant",
    "HolidayPolicy",
    "LocationCalendar",
    "MoneyPolicies",
    "PriceListEntry",
    "Room",
    "Schedule",
    "ScheduleBlock",
    "ScheduleException",
    "VisitType",
    "VisitTypeConsultant",
    "full_name",
    "specialty_key",
]
