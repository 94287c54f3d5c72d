"""Steps of a series: laying it down, booking each appointment, and finding what a change is about."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from temporalio import activity

from activities.answers import insisting, refusing
from activities.processes import Processes
from careconnect import clock
from services.appointments.errors import OccurrenceNotFound, WrongState
from services.appointments.schemas import FreeSlot, Status
from services.appointments.series.client import SeriesClient
from services.appointments.series.rule import as_instant
from services.appointments.series.schemas import (
    Occurrence,
    OccurrenceStatus,
    Outcome,
    Series,
    SeriesPlan,
    SeriesStatus,
)
from workflows.contracts import (
    OccurrenceRequest,
    OccurrenceResult,
    Planned,
    PlannedOccurrence,
    SeriesRequest,
    SeriesStanding,
    SeriesTarget,
    SeriesTargets,
    Slot,
    TargetsRequest,
)

_MOVABLE = frozenset({Status.BOOKED, Status.ARRIVED})


class SeriesActivities:
    """Holds the client of the series, and the way to the appointments' own processes."""

    def __init__(self, series: SeriesClient, processes: Processes) -> None:
        self.series = series
        self.processes = processes

    @activity.defn(name="plan_series")
    @refusing(Planned)
    async def plan(self, request: SeriesRequest) -> Planned:
        """Lay the series down."""
        names = ("patient_id", "consultant_id", "visit_type_id", "location_id", "zone", "start", "rule", "request_hash")
        asked = SeriesPlan(**request.model_dump(include=set(names)))
        made = await self.series.plan(request.actor, request.series_id, asked)
        occurrences = [PlannedOccurrence(number=one.number, start=one.planned) for one in made.occurrences]
        return Planned(occurrences=occurrences)

    @activity.defn(name="book_occurrence")
    async def book(self, request: OccurrenceRequest) -> OccurrenceResult:
        """Book one appointment through a process of its own, and note in the series what became of it."""
        booking = request.booking
        outcome = await self.processes.book(booking)
        if outcome.refused is None:
            result = OccurrenceResult(number=request.number, status="booked", appointment=outcome.appointment)
            noted = Outcome(status=OccurrenceStatus.BOOKED, appointment_id=booking.appointment_id)
        else:
            refused = outcome.refused
            near = [Slot.model_validate(one) for one in refused.extra.get("alternatives", [])]
            result = OccurrenceResult(
                number=request.number,
                status="conflict",
                refused=refused.model_copy(update={"extra": {}}),
                alternatives=near,
            )
            slots = [FreeSlot.model_validate(one.model_dump()) for one in near]
            noted = Outcome(status=OccurrenceStatus.CONFLICT, code=refused.code, alternatives=slots)
        await self.series.note(request.actor, request.series_id, request.number, noted)
        return result

    @activity.defn(name="skip_occurrence")
    @insisting
    async def skip(self, request: TargetsRequest) -> None:
        """Note that there will be no appointment in the place of a conflict."""
        outcome = Outcome(status=OccurrenceStatus.SKIPPED)
        await self.series.note(request.actor, request.series_id, request.number, outcome)

    @activity.defn(name="note_series")
    @insisting
    async def stand(self, request: SeriesStanding) -> None:
        """Note where the series stands."""
        await self.series.stand(request.actor, request.series_id, SeriesStatus(request.status))

    @activity.defn(name="find_targets")
    @refusing(SeriesTargets)
    async def targets(self, request: TargetsRequest) -> SeriesTargets:
        """Find which appointments a change is about as they stand now, and where a move would take them."""
        series = await self.series.get(request.actor, request.series_id)
        return SeriesTargets(targets=targets_of(series, request))


def targets_of(series: Series, request: TargetsRequest) -> list[SeriesTarget]:
    """Choose what lies ahead of the scope, and shift each by the same number of days to the same wall time.

    Raises:
        OccurrenceNotFound: the series has no appointment of that number.
        WrongState: the named one is not booked, or was moved, cancelled or has begun meanwhile.
    """
    named = next((one for one in series.occurrences if one.number == request.number), None)
    if named is None:
        raise OccurrenceNotFound
    if request.scope == "one" or request.start:
        _start_of(named)
    zone, number = ZoneInfo(series.zone), request.number
    chosen = {"one": [named], "following": series.occurrences[number - 1 :], "all": series.occurrences}[request.scope]
    days, wall = timedelta(), None
    if request.start:
        days = request.start.astimezone(zone).date() - _start_of(named).astimezone(zone).date()
        wall = request.start.astimezone(zone).time()
    found = []
    for one in chosen:
        if not is_ahead(one) or one.appointment_id is None or one.start is None:
            continue
        local = datetime.combine(one.start.astimezone(zone).date() + days, wall) if wall else None
        to = as_instant(local, zone) if local else None
        found.append(SeriesTarget(number=one.number, appointment_id=one.appointment_id, start=one.start, to=to))
    return sorted(found, key=lambda target: target.start)


def is_ahead(one: Occurrence) -> bool:
    """Tell whether an appointment of a series is booked and has not begun."""
    return one.appointment_status in _MOVABLE and one.start is not None and one.start > clock.now()


def _start_of(named: Occurrence) -> datetime:
    if named.start is None or not is_ahead(named):
        raise WrongState("This appointment of the series is not ahead any more, or was never booked.")
    return named.start
