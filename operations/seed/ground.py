"""What everything else is derived from: whose data it is, and the moment that it is told of."""

from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.ids import FIRST_TENANT, derived_id

CURRENCY = "LKR"
ZONE = "Asia/Colombo"
TENANT = FIRST_TENANT
"""The clinic group that every instance begins with."""
DOMAIN = "careconnect.example"


@dataclass(frozen=True)
class Ground:
    """The tenant, the moment that past and future are divided by, and the domain of everybody's e-mail address.

    The same ground always gives the same data: the keys are derived, and the dice are thrown alike.
    """

    tenant_id: UUID
    moment: datetime
    domain: str = DOMAIN

    def id(self, *parts: object) -> UUID:
        """Derive the key of one thing."""
        return derived_id("seed", self.tenant_id, *parts)

    def dice(self, *parts: object) -> Random:
        """Give dice for one purpose; how often another purpose throws changes nothing for this one."""
        return Random("\x1f".join(str(part) for part in parts))  # noqa: S311 - it is to be the same every time

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the clinic's locations."""
        return ZoneInfo(ZONE)

    @property
    def today(self) -> date:
        """The clinic's day at the moment."""
        return self.moment.astimezone(self.zone).date()
