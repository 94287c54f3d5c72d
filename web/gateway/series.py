"""Series as processes: a preview of the dates, booking, resolving a conflict, moving and cancelling."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field

from activities.free_times import slot_search
from activities.series import is_ahead
from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.ids import derived_id, uuid7
from services.appointments.client import AppointmentsClient
from services.appointments.errors import InvalidRule, WrongState
from services.appointments.schemas import OCCUPYING, AppointmentFilter, Remark
from services.appointments.series.client import SeriesClient
from services.appointments.series.rule import LONGEST, Rule
from services.appointments.series.schemas import Series
from services.consultants.client import ConsultantsClient
from services.identity.client import IdentityClient
from services.identity.errors import LocationNotFound
from web.gateway.engine import Engine, attributes
from web.gateway.errors import WorkflowNotFound
from web.gateway.finding import Slot
from web.gateway.repeats import Repeat, fingerprint
from workflows import ids
from workflows.contracts import (
    OccurrenceChange,
    OccurrenceResult,
    Resolving,
    SeriesCancellation,
    SeriesChanged,
    SeriesMove,
    SeriesOutcome,
    SeriesRequest,
    SeriesUndo,
)
from workflows.contracts.series import Scope
from workflows.series import AppointmentSeries


class SeriesWanted(BaseModel):
    """What somebody wants to book again and again; the wall time of `start` at the location is that of all."""

    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    start: AwareDatetime
    rule: str
    notify: bool = True

    def fingerprint(self) -> str:
        """Tell whether a repeated request is the same one."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class SeriesDate(BaseModel):
    """One date of a series before it is booked, and what is in its way: `not_free` or `patient_busy`."""

    number: int
    start: datetime
    zone: str
    conflict: str | None = None


class ChangedOccurrence(BaseModel):
    """What a change meant for one appointment of a series."""

    number: int
    changed: bool
    code: str | None = Field(None, description="why it was left as it is")
    detail: str | None = None
    alternatives: list[Slot] = []


class ChangedSeries(BaseModel):
    """What a change of a series led to, and how the series stands now."""

    changes: list[ChangedOccurrence]
    series: Series


class SeriesProcesses:
    """The processes of series."""

    def __init__(
        self,
        engine: Engine,
        series: SeriesClient,
        consultants: ConsultantsClient,
        appointments: AppointmentsClient,
        identity: IdentityClient,
    ) -> None:
        self._engine = engine
        self._series = series
        self._consultants = consultants
        self._appointments = appointments
        self._identity = identity
        self.get, self.list, self.place_of = series.get, series.list, series.place_of

    async def preview(self, actor: Actor, wanted: SeriesWanted) -> list[SeriesDate]:
        """List the dates, and say of each whether it is free now.

        Raises:
            InvalidRule: the repetition cannot be followed.
            LocationNotFound: there is no such place.
        """
        zone = await self._zone(actor, wanted.location_id)
        starts = _starts(wanted, zone)
        visit_type = await self._consultants.visit_type(actor, wanted.visit_type_id)
        length = timedelta(minutes=visit_type.duration_minutes)
        windows = await self._consultants.windows(
            actor,
            starts[0],
            min(starts[-1] + length, starts[0] + timedelta(days=365)),
            wanted.visit_type_id,
            consultant_id=wanted.consultant_id,
            location_id=wanted.location_id,
        )
        search = slot_search(visit_type, windows, clock.now())
        exact = [
            window.model_copy(update={"start": start, "end": start + length, "anchor": start})
            for start in starts
            for window in search.windows
            if window.start <= start and start + length <= window.end
        ]
        question = search.model_copy(update={"windows": exact, "limit": len(starts)})
        mine = AppointmentFilter(
            patient_id=[wanted.patient_id], from_=starts[0] - timedelta(days=1), to=starts[-1] + length,
            status=sorted(OCCUPYING),
        )  # fmt: skip
        free, booked = await asyncio.gather(
            self._appointments.slots(actor, question), self._appointments.list(actor, mine, limit=200)
        )
        open_ = {slot.start for slot in free}
        busy = [(one.start, one.end) for one in booked.items]
        return [
            SeriesDate(
                number=number,
                start=start.astimezone(zone),
                zone=zone.key,
                conflict="patient_busy"
                if any(begin < start + length and start < end for begin, end in busy)
                else None
                if start in open_
                else "not_free",
            )
            for number, start in enumerate(starts, 1)
        ]

    async def book(self, actor: Actor, wanted: SeriesWanted, key: str | None = None) -> Series:
        """Book each date by a process of its own, and wait until all are decided.

        Raises:
            IdempotencyConflict: the key was used for another series.
            StillDeciding: not all are decided yet; the series tells how far it is.
            Refusal: there is no series, and why.
        """
        series_id = derived_id("series", actor.tenant_id, actor.id, key) if key else uuid7()
        zone = await self._zone(actor, wanted.location_id)
        _starts(wanted, zone)
        fingerprint = wanted.fingerprint()
        request = SeriesRequest(
            series_id=series_id, actor=actor, zone=zone.key, request_hash=fingerprint, **wanted.model_dump()
        )
        outcome = await self._engine.begin(
            AppointmentSeries.run,
            request,
            ids.series(series_id),
            AppointmentSeries.book,
            fingerprint,
            into=SeriesOutcome,
            update_id=f"book-{series_id}",
            attributes=attributes(actor, consultant_id=wanted.consultant_id, location_id=wanted.location_id),
            summary="Series of appointments",
        )
        if outcome.request_hash != fingerprint:
            raise IdempotencyConflict
        if outcome.refused:
            raise outcome.refused.refusal()
        return await self._series.get(actor, series_id)

    async def resolve(
        self,
        actor: Actor,
        series_id: UUID,
        number: int,
        start: datetime | None = None,
        *,
        consultant_id: UUID | None = None,
        location_id: UUID | None = None,
        key: str | None = None,
    ) -> Series:
        """Book another time in the place of a conflict; without `start` the place stays empty.

        Raises:
            Refusal: that time cannot be had either; `alternatives` are the nearest that can.
        """
        asked = Resolving(actor=actor, number=number, start=start, consultant_id=consultant_id, location_id=location_id)
        result: OccurrenceResult = await self._ask(
            actor, series_id, AppointmentSeries.resolve, asked, Repeat("resolve", key)
        )
        if result.refused:
            near = [slot.model_dump(mode="json") for slot in result.alternatives]
            raise result.refused.model_copy(update={"extra": {"alternatives": near}}).refusal()
        return await self._series.get(actor, series_id)

    async def move(
        self,
        actor: Actor,
        series_id: UUID,
        number: int,
        scope: Scope,
        start: datetime,
        *,
        consultant_id: UUID | None = None,
        notify: bool = True,
        key: str | None = None,
    ) -> ChangedSeries:
        """Move one, the following or all that lie ahead."""
        asked = SeriesMove(
            actor=actor, number=number, scope=scope, start=start, consultant_id=consultant_id, notify=notify
        )
        return await self._change(actor, series_id, AppointmentSeries.move, asked, Repeat("move", key))

    async def cancel(
        self,
        actor: Actor,
        series_id: UUID,
        number: int,
        scope: Scope,
        reason: str,
        *,
        notify: bool = True,
        waiver: str = "",
        undoable: bool = False,
        key: str | None = None,
    ) -> ChangedSeries:
        """Cancel one, the following or all that lie ahead; a `waiver` says why none of them costs a fee.

        An `undoable` cancellation frees the times at once; money and message wait until the undo window is over.
        """
        repeat = Repeat("cancel", key)
        asked = SeriesCancellation(
            actor=actor, number=number, scope=scope, reason=reason, notify=notify, undoable=undoable,
            waive_fee=bool(waiver), waiver=await self._draft(actor, series_id, waiver, repeat) if waiver else None,
        )  # fmt: skip
        return await self._change(actor, series_id, AppointmentSeries.cancel, asked, repeat)

    async def undo_cancellation(self, actor: Actor, series_id: UUID, *, key: str | None = None) -> ChangedSeries:
        """Bring back what the last cancellation ended, within ten minutes; what is taken by now stays cancelled.

        Raises:
            UndoWindowOver: there is none that could be undone.
        """
        asked, repeat = SeriesUndo(actor=actor), Repeat("undo cancellation", key)
        return await self._change(actor, series_id, AppointmentSeries.undo_cancellation, asked, repeat)

    async def _draft(self, actor: Actor, series_id: UUID, reason: str, repeat: Repeat) -> UUID:
        """Draft why no fee is taken, sealed, with each appointment that lies ahead; those of the change will stand."""
        said = Remark(kind="fee_waiver", text=reason)
        waiver = derived_id("waiver", series_id, reason, repeat.key or uuid7())
        ahead = [one.appointment_id for one in (await self._series.get(actor, series_id)).occurrences if is_ahead(one)]
        for key in filter(None, ahead):
            await self._appointments.draft_remark(actor, key, ids.waiver_of(waiver, key), said)
        return waiver

    async def _change(
        self, actor: Actor, series_id: UUID, update: Any, asked: BaseModel, repeat: Repeat
    ) -> ChangedSeries:
        changed: SeriesChanged = await self._ask(actor, series_id, update, asked, repeat)
        if changed.refused:
            raise changed.refused.refusal()
        series = await self._series.get(actor, series_id)
        return ChangedSeries(changes=[_told(one) for one in changed.changes], series=series)

    async def _ask(self, actor: Actor, series_id: UUID, update: Any, asked: BaseModel, repeat: Repeat) -> Any:
        await self._series.get(actor, series_id)
        body = fingerprint(asked)
        asked = asked.model_copy(update={"request_hash": body})
        change_id = repeat.change_id(actor, series_id)
        try:
            answered = await self._engine.ask(ids.series(series_id), update, asked, update_id=str(change_id))
        except WorkflowNotFound:
            raise WrongState("This series is over.") from None
        if answered.request_hash not in {"", body}:
            raise IdempotencyConflict
        return answered

    async def _zone(self, actor: Actor, location_id: UUID) -> ZoneInfo:
        places = await self._identity.locations(Actor.system("identity:read", tenant_id=actor.tenant_id))
        zone = next((place.zone for place in places if place.id == location_id), None)
        if zone is None:
            raise LocationNotFound
        return ZoneInfo(zone)


def _starts(wanted: SeriesWanted, zone: ZoneInfo) -> list[datetime]:
    """Follow the rule, as the service will."""
    present = clock.now()
    if not present - timedelta(days=1) < wanted.start < present + LONGEST:
        raise InvalidRule("The first appointment lies ahead, and not years away.")
    return Rule.read(wanted.rule).starts(wanted.start, zone)


def _told(change: OccurrenceChange) -> ChangedOccurrence:
    refused = change.refused
    return ChangedOccurrence(
        number=change.number,
        changed=refused is None,
        code=refused.code if refused else None,
        detail=refused.detail if refused else None,
        alternatives=[Slot.model_validate(slot.model_dump()) for slot in change.alternatives],
    )
