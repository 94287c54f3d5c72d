"""The waiting list as processes: joining, answering an offer, leaving."""

import hashlib
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import FieldError, IdempotencyConflict, InvalidInput
from careconnect.ids import derived_id, uuid7
from services.appointments.errors import OfferOver
from services.appointments.schemas import Appointment
from services.appointments.waitlist.client import WaitlistClient
from services.appointments.waitlist.schemas import Entry, EntryStatus, Offer, OfferStatus, Part
from web.gateway.engine import Engine, attributes
from web.gateway.errors import WorkflowNotFound
from workflows import ids
from workflows.contracts import Answered, Joined, Leaving, OfferAnswer, WaitRequest
from workflows.waiting import WaitlistEntry

USUAL = timedelta(days=90)
LONGEST = timedelta(days=730)
_BEHIND = timedelta(hours=12)
"""A day is over when it is over everywhere."""


class WaitWanted(BaseModel):
    """What a patient waits for; what is left empty does not matter. `until` defaults to 90 days from now."""

    patient_id: UUID
    visit_type_id: UUID
    consultant_ids: list[UUID] = []
    location_ids: list[UUID] = []
    weekdays: list[int] = []
    parts: list[Part] = []
    earliest: date | None = None
    latest: date | None = None
    until: AwareDatetime | None = None

    def fingerprint(self) -> str:
        """Tell whether a repeated request is the same one."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class WaitlistProcesses:
    """The processes of the waiting list."""

    def __init__(self, engine: Engine, waitlist: WaitlistClient) -> None:
        self._engine = engine
        self._waitlist = waitlist
        self.get, self.list, self.get_offer = waitlist.get, waitlist.list, waitlist.get_offer

    async def join(self, actor: Actor, wanted: WaitWanted, key: str | None = None) -> Entry:
        """Take a place in the line, once per `key`.

        Raises:
            IdempotencyConflict: the key was used for another entry.
            InvalidInput: the days do not fit together, or lie behind.
            Refusal: the patient cannot be booked, or there is no such visit.
        """
        entry_id = derived_id("waitlist", actor.tenant_id, actor.id, key) if key else uuid7()
        fingerprint = wanted.fingerprint()
        said = wanted.model_dump() | {"until": _until(wanted)}
        request = WaitRequest(entry_id=entry_id, actor=actor, request_hash=fingerprint, **said)
        joined = await self._engine.begin(
            WaitlistEntry.run,
            request,
            ids.waitlist(entry_id),
            WaitlistEntry.join,
            fingerprint,
            into=Joined,
            update_id=f"join-{entry_id}",
            attributes=attributes(actor),
            summary="Waiting list",
        )
        if joined.request_hash != fingerprint:
            raise IdempotencyConflict
        if joined.refused:
            raise joined.refused.refusal()
        return await self._waitlist.get(actor, entry_id)

    async def answer(self, actor: Actor, offer: Offer, *, accept: bool) -> Appointment | None:
        """Accept or decline an offer; give the visit if there is one now.

        Raises:
            OfferOver: it has passed, or was answered before.
            Refusal: the visit could not be booked after all.
        """
        asked = OfferAnswer(actor=actor, offer_id=offer.id, accept=accept)
        update_id = f"answer-{offer.id}-{'yes' if accept else 'no'}"
        try:
            answered: Answered = await self._engine.ask(
                ids.waitlist(offer.entry_id), WaitlistEntry.answer, asked, update_id=update_id
            )
        except WorkflowNotFound:
            raise OfferOver from None
        if answered.refused:
            raise answered.refused.refusal()
        return answered.appointment

    async def answer_newest(self, actor: Actor, entry_id: UUID, *, accept: bool) -> Entry:
        """Answer the offer that an entry has, for the patient on the telephone."""
        entry = await self._waitlist.get(actor, entry_id)
        offer = next((one for one in entry.offers if one.status == OfferStatus.OFFERED), None)
        if offer is None:
            raise OfferOver("Nothing is on offer to this patient at the moment.")
        await self.answer(actor, offer, accept=accept)
        return await self._waitlist.get(actor, entry_id)

    async def leave(self, actor: Actor, entry_id: UUID) -> None:
        """Take a patient from the list; harmless where the waiting has ended."""
        entry = await self._waitlist.get(actor, entry_id)
        if entry.status not in {EntryStatus.WAITING, EntryStatus.OFFERED}:
            return
        leaving = Leaving(actor=actor)
        await self._engine.ask(ids.waitlist(entry_id), WaitlistEntry.leave, leaving, update_id=str(uuid7()))


def _until(wanted: WaitWanted) -> datetime:
    present = clock.now()
    until = wanted.until or present + USUAL
    wrong = []
    if not present < until <= present + LONGEST:
        wrong.append(FieldError(field="until", code="out_of_range", message="Between now and two years from now."))
    over, late = (present - _BEHIND).date(), wanted.latest
    if late and (late < over or (wanted.earliest and late < wanted.earliest)):
        wrong.append(FieldError(field="latest", code="out_of_range", message="Not before the earliest day, nor past."))
    if any(not 0 <= day <= 6 for day in wanted.weekdays):  # noqa: PLR2004 - Monday to Sunday
        wrong.append(FieldError(field="weekdays", code="out_of_range", message="Monday is 0 and Sunday is 6."))
    if wrong:
        raise InvalidInput(errors=wrong)
    return until
