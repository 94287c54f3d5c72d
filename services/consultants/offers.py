"""Whether a visit can be had at one start, and on which terms: decided from facts, without asking anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.money import Money
from services.consultants.errors import (
    BeyondHorizon,
    ConsultantUnavailable,
    LocationNeeded,
    NoSuitableRoom,
    NotOffered,
    OutsideHours,
    TooSoon,
)
from services.consultants.hours import Block, Deviation, Stretch, covering, working_time
from services.consultants.opening import MARGIN, Policy, Said
from services.consultants.prices import Listed, Visit, listed_price
from services.consultants.schemas import (
    CancellationPolicy,
    FollowUpPolicy,
    Mode,
    MoneyPolicy,
    Offer,
    OfferQuery,
    PaymentPolicy,
    Tax,
)

_JUST_BEGUN = timedelta(hours=12)
"""How long ago a visit may have begun for which nobody asks how soon it is."""


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
    specialty: str | None = None
    tax: Tax | None = None
    follow_up: FollowUpPolicy | None = None
    prices: Sequence[Listed] = ()
    usual_payment: PaymentPolicy | None = None
    location_ids: Sequence[UUID] = ()
    capacity: int = 1
    rooms: Mapping[UUID, Sequence[UUID]] | None = None
    policy: Policy = field(default=Policy())
    said: Mapping[UUID, Said] = field(default_factory=dict)

    def offer(self, wanted: OfferQuery, present: datetime) -> Offer:
        """Offer the visit that is wanted.

        Raises:
            ConsultantUnavailable: the consultant takes no bookings.
            NotOffered: this consultant does not offer the visit type, or nobody does any more.
            TooSoon: its notice has not run, or it has begun.
            BeyondHorizon: bookings are not taken that far ahead.
            NoSuitableRoom: the location has no room that fits; an override goes without.
            OutsideHours: the visit is not inside the consultant's hours, and they are not overridden.
            LocationNeeded: the hours are overridden and nobody can tell where the visit takes place.
        """
        if not self.available:
            raise ConsultantUnavailable
        if not self.offered:
            raise NotOffered
        start = wanted.start.astimezone(UTC)
        if not wanted.held:
            self._in_time(start, present, at_once=wanted.override_notice)
        end = start + timedelta(minutes=wanted.duration_minutes or self.duration)
        stretch = self._working(start, end, wanted.location_id)
        if stretch is None and not wanted.override_hours:
            raise OutsideHours
        location_id, zone = (stretch.location_id, stretch.zone) if stretch else self._place(wanted.location_id)
        day = start.astimezone(ZoneInfo(zone)).date()
        listed = self._listed(Visit(self.consultant_id, location_id, day, wanted.payer_id))
        if self.location_ids and location_id not in self.location_ids:
            raise NotOffered
        rooms = None if self.rooms is None else list(self.rooms.get(location_id, ()))
        if rooms == [] and not wanted.override_hours:
            raise NoSuitableRoom
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
            price=listed.taxed(self.tax.rate, inclusive=self.tax.inclusive).gross if self.tax else listed,
            listed=listed,
            tax=self.tax,
            follow_up=self.follow_up,
            specialty=self.specialty,
            payment_policy=self._payment(listed),
            cancellation_policy=self.cancellation_policy,
            reminder_offsets_hours=self.reminder_offsets,
            mode=self.mode,
            within_hours=stretch is not None,
            capacity=self.capacity,
            rooms=rooms,
        )

    def _listed(self, visit: Visit) -> Money:
        found = listed_price(self.prices, visit)
        return self.price if found is None else Money(amount=found, currency=self.price.currency)

    def _payment(self, listed: Money) -> PaymentPolicy:
        """Give the policy that holds: the organisation's own for `default`; a deposit is never above the price."""
        policy = self.payment_policy
        if policy.kind == "default":
            policy = self.usual_payment or MoneyPolicy().payment
        if policy.deposit and policy.deposit.amount > listed.amount:
            return policy.model_copy(update={"deposit": listed})
        return policy

    def _in_time(self, start: datetime, present: datetime, *, at_once: bool) -> None:
        earliest = present - _JUST_BEGUN if at_once else present + timedelta(minutes=self.min_notice)
        if start < earliest:
            raise TooSoon(earliest=earliest.isoformat())
        latest = present + timedelta(days=self.horizon_days)
        if start > latest:
            raise BeyondHorizon(latest=latest.isoformat())

    def _working(self, start: datetime, end: datetime, location_id: UUID | None) -> Stretch | None:
        first, last = start.date() - MARGIN, end.date() + MARGIN
        locations = {block.location_id for block in self.blocks}
        calendars = {one: self.said.get(one, Said()).calendar(self.policy, first, last) for one in locations}
        stretches = working_time(self.blocks, self.deviations, start, end, calendars)
        wanted = {location_id} if location_id else set(self.location_ids)
        here = [stretch for stretch in stretches if not wanted or stretch.location_id in wanted]
        return covering(here, start, end)

    def _place(self, location_id: UUID | None) -> tuple[UUID, str]:
        usual = {(block.location_id, block.zone) for block in self.blocks}
        if location_id is None and len(usual) == 1:
            return usual.pop()
        zone = next((zone for place, zone in usual if place == location_id), self.zone_of_location)
        if location_id is None or zone is None:
            raise LocationNeeded
        return location_id, zone
