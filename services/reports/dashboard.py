"""Makes what people see from what the services answered."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.money import Money
from services.reports.models import Snapshot
from services.reports.schemas import (
    ConsultantsTile,
    CountTile,
    Dashboard,
    DayRevenue,
    Freshness,
    Period,
    RevenueTile,
    Tiles,
)
from services.reports.sources import Sources


def shape(snapshot: Snapshot) -> Dashboard:
    """Show a snapshot."""
    sources = Sources.model_validate(snapshot.sources)
    visits = sources.appointments.figures
    return Dashboard(
        period=snapshot.known_period,
        location_id=snapshot.location_id,
        from_=snapshot.start_at,
        to=snapshot.end_at,
        zone=snapshot.zone,
        as_of=snapshot.as_of,
        sources=_freshness(sources),
        tiles=_tiles(sources, everywhere=snapshot.location_id is None),
        by_status=visits.by_status if visits else {},
        by_hour=visits.by_hour if visits else [],
        revenue_by_day=_by_day(snapshot, sources),
        attention=visits.attention if visits else None,
    )


def empty(period: Period, location_id: UUID | None) -> Dashboard:
    """Show that nothing is known yet."""
    return Dashboard(
        period=period,
        location_id=location_id,
        sources=_freshness(Sources()),
        tiles=_tiles(Sources(), everywhere=location_id is None),
    )


def _freshness(sources: Sources) -> dict[str, Freshness]:
    return {
        name: Freshness(as_of=kept.as_of, stale=kept.stale, watermark=kept.figures.watermark if kept.figures else None)
        for name, kept in sources.each().items()
    }


def _tiles(sources: Sources, *, everywhere: bool) -> Tiles:
    return Tiles(
        patients=_patients(sources),
        consultants=_consultants(sources),
        appointments=_appointments(sources, everywhere=everywhere),
        revenue=_revenue(sources),
    )


def _patients(sources: Sources) -> CountTile:
    found = sources.patients.figures
    if found is None:
        return CountTile(all_locations=True)
    before = None if found.new is None else found.total - found.new
    return CountTile(
        value=found.total,
        previous=before,
        change=found.new,
        change_percent=_percent(found.total, before),
        all_locations=True,
    )


def _consultants(sources: Sources) -> ConsultantsTile:
    found = sources.consultants.figures
    if found is None:
        return ConsultantsTile(all_locations=True)
    return ConsultantsTile(value=found.total, active=found.active, on_leave=found.on_leave, all_locations=True)


def _appointments(sources: Sources, *, everywhere: bool) -> CountTile:
    found = sources.appointments.figures
    if found is None:
        return CountTile(all_locations=everywhere)
    return CountTile(
        value=found.total,
        previous=found.previous_total,
        change=found.total - found.previous_total,
        change_percent=_percent(found.total, found.previous_total),
        all_locations=everywhere,
    )


def _revenue(sources: Sources) -> RevenueTile:
    found = sources.payments.figures
    if found is None:
        return RevenueTile(all_locations=True)
    value = Money(amount=found.revenue, currency=found.currency)
    before = found.previous_revenue
    previous = None if before is None else Money(amount=before, currency=found.currency)
    return RevenueTile(
        value=value,
        previous=previous,
        change=value - previous if previous is not None else None,
        change_percent=_percent(found.revenue, before),
        all_locations=True,
        pending=found.pending,
        failed=found.failed,
    )


def _percent(value: int, previous: int | None) -> int | None:
    """Tell the change in whole percent; from nothing, or from a loss, there is none that means anything."""
    return round(100 * (value - previous) / previous) if previous is not None and previous > 0 else None


def _by_day(snapshot: Snapshot, sources: Sources) -> list[DayRevenue]:
    found = sources.payments.figures
    if found is None:
        return []
    amounts = {one.day: one.amount for one in found.by_day}
    return [
        DayRevenue(day=day, amount=Money(amount=amounts.get(day, 0), currency=found.currency))
        for day in _days(snapshot)
    ]


def _days(snapshot: Snapshot) -> Iterator[date]:
    """List the local days of the snapshot's period."""
    zone = ZoneInfo(snapshot.zone)
    day, end = snapshot.start_at.astimezone(zone).date(), snapshot.end_at.astimezone(zone).date()
    while day < end:
        yield day
        day += timedelta(days=1)
