"""Steps of the waiting list: joining, holding and offering a time, and matching free times to those who wait."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.answers import insisting, refusing
from activities.free_times import FreeTimes, Wish
from activities.openings import Openings
from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Refusal, Unavailable
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import FreeSlot, Hold, Window
from services.appointments.waitlist.client import WaitlistClient
from services.appointments.waitlist.fitting import may_be_offered, narrowed, suits
from services.appointments.waitlist.schemas import (
    Entry,
    EntryClose,
    EntryFilter,
    EntryStatus,
    EntryWrite,
    OfferClose,
    OfferWrite,
)
from services.consultants.client import ConsultantsClient
from services.patients.client import PatientsClient
from workflows import ids
from workflows.contracts import (
    CloseEntry,
    CloseOffer,
    HoldOffer,
    Joined,
    MatchResult,
    OfferMade,
    OfferTime,
    Slot,
    WaitRequest,
    WatchRequest,
)

log = structlog.get_logger()
NOTICE = timedelta(minutes=60)
"""How near a time may be that is offered: a quarter of an hour to answer, and the way to the clinic."""
AHEAD = timedelta(days=62)
_TRIES = 5
_SCOPES = frozenset({"appointments:read", "appointments:write", "consultants:read", "catalogue:read"})
_GONE = frozenset(
    {"slot_taken", "no_room_free", "patient_busy", "outside_hours", "too_soon", "not_offered", "consultant_unavailable"}
)
_WAITING = EntryFilter(status=[EntryStatus.WAITING])


class WaitlistActivities:
    """Holds the clients that know who waits and what is free, and the way to the entries' own processes."""

    def __init__(
        self,
        client: Client,
        waitlist: WaitlistClient,
        patients: PatientsClient,
        consultants: ConsultantsClient,
        appointments: AppointmentsClient,
        openings: Openings,
    ) -> None:
        self.client = client
        self.waitlist = waitlist
        self.patients = patients
        self.consultants = consultants
        self.appointments = appointments
        self.openings = openings

    @activity.defn(name="join_waitlist")
    @refusing(Joined)
    async def join(self, request: WaitRequest) -> Joined:
        """Take a place in the line, if the patient can be booked and there is such a visit."""
        asked = EntryWrite(**request.model_dump(exclude={"entry_id", "actor"}))
        await self.patients.standing(request.actor, request.patient_id)
        await self.consultants.visit_type(request.actor, request.visit_type_id)
        made = await self.waitlist.join(request.actor, request.entry_id, asked)
        return Joined(request_hash=made.request_hash)

    @activity.defn(name="offer_time")
    @refusing(OfferMade)
    async def offer(self, request: HoldOffer) -> OfferMade:
        """Hold the time under the offer's id and put it on offer."""
        terms = request.terms
        hold = Hold(
            patient_id=request.patient_id,
            consultant_id=terms.consultant_id,
            visit_type_id=terms.visit_type_id,
            location_id=terms.location_id,
            zone=terms.zone,
            start=terms.start,
            end=terms.end,
            occupied_from=terms.occupied_from,
            occupied_to=terms.occupied_to,
            hold_seconds=request.hold_seconds,
            capacity=terms.capacity,
            rooms=terms.rooms,
        )
        asked = OfferWrite(hold=hold, expires_at=request.expires_at)
        made = await self.waitlist.offer(request.actor, request.entry_id, request.offer_id, asked)
        return OfferMade(offer_id=made.id)

    @activity.defn(name="close_offer")
    @insisting
    async def close_offer(self, request: CloseOffer) -> None:
        """Note how an offer ended; a time that was given back is looked at for the next in line at once."""
        asked = OfferClose(status=request.status)
        await self.waitlist.close_offer(request.actor, request.entry_id, request.offer_id, asked)
        if request.status != "accepted":
            await self.openings.freed(request.actor.tenant_id)

    @activity.defn(name="close_entry")
    @insisting
    async def close(self, request: CloseEntry) -> None:
        """Note that the waiting ended without a visit."""
        await self.waitlist.close(request.actor, request.entry_id, EntryClose(status=request.status))

    @activity.defn(name="match_openings")
    async def match(self, request: WatchRequest) -> MatchResult:
        """Offer free times that suit to those who wait, the first in line first."""
        actor = Actor.workflow(request.tenant_id, "waitlist", _SCOPES)
        result = MatchResult()
        async for entry in self._line(actor):
            activity.heartbeat()
            result.waiting += 1
            try:
                result.offered += await self._serve(actor, entry)
            except Unavailable:
                raise
            except Refusal as refusal:  # a visit type or a consultant that is no more: the others go on
                log.warning("nothing_suits", entry=str(entry.id), code=refusal.code)
        return result

    async def _line(self, actor: Actor) -> AsyncIterator[Entry]:
        cursor: str | None = None
        while True:
            page = await self.waitlist.list(actor, _WAITING, limit=200, cursor=cursor)
            for entry in page.items:
                yield entry
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _serve(self, actor: Actor, entry: Entry) -> bool:
        for slot in await self._suiting(actor, entry):
            made = await self._offer(entry, slot)
            if made.offer_id:
                return True
            if made.refused and made.refused.code not in _GONE:
                return False
        return False

    async def _suiting(self, actor: Actor, entry: Entry) -> list[Slot]:
        """Find the soonest free times that suit and were not offered to this patient before."""
        present = clock.now()
        visit_type = await self.consultants.visit_type(actor, entry.visit_type_id)
        first = present + max(NOTICE, timedelta(minutes=visit_type.min_notice_minutes + 20))
        last = min(present + AHEAD, present + timedelta(days=visit_type.horizon_days))
        if entry.earliest and entry.earliest > present.date():
            first = max(first, _midnight(entry.earliest.isoformat()) - timedelta(days=1))
        if entry.latest and entry.latest < last.date():
            last = min(last, _midnight(entry.latest.isoformat()) + timedelta(days=2))
        if last <= first:
            return []
        known = {(one.consultant_id, one.start) for one in entry.offers}
        keep = partial(_wished, entry, timedelta(minutes=visit_type.duration_minutes))
        wish = Wish(actor, visit_type, narrowed={"patient_id": entry.patient_id}, keep=keep)
        found: list[FreeSlot] = []
        async for free in FreeTimes(self.consultants, self.appointments).by_span(wish, first, last):
            found += [
                one
                for one in free
                if suits(entry, one.start, one.zone)
                and may_be_offered(one.start, one.zone, present)
                and (one.consultant_id, one.start) not in known
            ]
            if len(found) >= _TRIES:
                break
        return [Slot(visit_type_id=entry.visit_type_id, **one.model_dump()) for one in found[:_TRIES]]

    async def _offer(self, entry: Entry, slot: Slot) -> OfferMade:
        handle = self.client.get_workflow_handle(ids.waitlist(entry.id))
        try:
            found: OfferMade = await handle.execute_update(
                "offer", OfferTime(slot=slot), result_type=OfferMade, rpc_timeout=timedelta(seconds=15)
            )
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            log.warning("nobody_cares_for_entry", entry=str(entry.id))
            return OfferMade()
        return found


async def _wished(entry: Entry, length: timedelta, windows: list[Window]) -> list[Window]:
    return narrowed(windows, entry, length)


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")
