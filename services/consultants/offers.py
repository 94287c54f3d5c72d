"""Whether a visit can be had at one start, and on which terms: decided from facts, without asking anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from careconnect.money import Money
from services.consultants.errors import (
    BeyondHorizon,
    ConsultantUnavailable,
    LocationNeeded,
    NotOffered,
    OutsideHours,
    TooSoon,
)
from services.consultants.hours import Block, Deviation, Stretch, covering, working_time
from services.consultants.schemas import CancellationPolicy, Mode, Offer, OfferQuery, PaymentPolicy


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that decides on one visit of one type with one consultant; durations are minutes."""

    consultant_id: UUID
    consultant_name: str
    available: bool
    visit_type_id: UUID
    visit_type_name: str
    offered: bool
    duration: int
    buffer_before: int
    buffer_after: int
    price: Money
    payment_policy: PaymentPolicy
    cancellation_policy: CancellationPolicy
    reminder_offsets: list[int]
    min_notice: int
    horizon_days: int
    mode: Mode
    blocks: Sequence[Block]
    deviations: Sequence[Deviation]
    zone_of_location: str | None

    def offer(self, wanted: OfferQuery, present: datetime) -> Offer:
        """Offer the visit that is wanted.

        Raises:
            ConsultantUnavailable: the consultant takes no bookings.
            NotOffered: this consultant does not offer the visit type, or nobody does any more.
            TooSoon: its notice has not run, or it has begun.
            BeyondHorizon: bookings are not taken that far ahead.
            OutsideHours: the visit is not inside the consultant's hours, and they are not overridden.
            LocationNeeded: the hours are overridden and nobody can tell where the visit takes place.
        """
        if not self.available:
            raise ConsultantUnavailable
        if not self.offered:
            raise NotOffered
        start = wanted.start.astimezone(UTC)
        self._in_time(start, present)
        end = start + timedelta(minutes=self.duration)
        stretch = self._working(start, end, wanted.location_id)
        if stretch is None and not wanted.override_hours:
            raise OutsideHours
        location_id, zone = (stretch.location_id, stretch.zone) if stretch else self._place(wanted.location_id)
        return Offer(
            consultant_id=self.consultant_id,
            consultant_name=self.consultant_name,
            location_id=location_id,
            visit_type_id=self.visit_type_id,
            visit_type_name=self.visit_type_name,
            zone=zone,
            start=start,
            end=end,
            occupied_from=start - timedelta(minutes=self.buffer_before),
            occupied_to=end + timedelta(minutes=self.buffer_after),
            price=self.price,
            payment_policy=self.payment_policy,
            cancellation_policy=self.cancellation_policy,
            reminder_offsets_hours=self.reminder_offsets,
            mode=self.mode,
            within_hours=stretch is not None,
        )

    def _in_time(self, start: datetime, present: datetime) -> None:
        earliest = present + timedelta(minutes=self.min_notice)
        if start < earliest:
            raise TooSoon(earliest=earliest.isoformat())
        latest = present + timedelta(days=self.horizon_days)
        if start > latest:
            raise BeyondHorizon(latest=latest.isoformat())

    def _working(self, start: datetime, end: datetime, location_id: UUID | None) -> Stretch | None:
        stretches = working_time(self.blocks, self.deviations, start, end)
        here = [stretch for stretch in stretches if location_id in {None, stretch.location_id}]
        return covering(here, start, end)

    def _place(self, location_id: UUID | None) -> tuple[UUID, str]:
        usual = {(block.location_id, block.zone) for block in self.blocks}
        if location_id is None and len(usual) == 1:
            return usual.pop()
        zone = next((zone for place, zone in usual if place == location_id), self.zone_of_location)
        if location_id is None or zone is None:
            raise LocationNeeded
        return location_id, zone
