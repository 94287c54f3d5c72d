"""Steps of the money check. Each reads page by page and says where it is, so that a restart goes on from there."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel
from temporalio import activity

from activities.kept_money import Judge
from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import Conflict
from services.appointments.client import AppointmentsClient
from services.consultants.client import ConsultantsClient
from services.payments.client import PaymentsClient
from services.payments.schemas import (
    BooksAsk,
    ChargesAsk,
    CheckBegin,
    CheckEnd,
    Compared,
    Orphan,
    OrphanKind,
    UnchargedAsk,
    VisitPriced,
    VisitsAsk,
)
from workflows.contracts import (
    ChargesResult,
    CheckStarted,
    CheckStep,
    ConclusionStep,
    Mending,
    MendStep,
    MoneyCheckResult,
    ToAsk,
    Unmended,
)

SCOPES = frozenset({"payments:read", "payments:write", "payments:refund", "appointments:read", "catalogue:read"})
_MOST_MENDED = 500
"""Orphans that one check mends; more than that is not a matter for a machine alone, and the next check goes on."""
P = TypeVar("P", bound=BaseModel)


class _ListPlace(BaseModel):
    """Where the reading of the gateways' lists stands."""

    gateway: int = 0
    cursor: str | None = None
    done: ChargesResult = ChargesResult()


class _BooksPlace(BaseModel):
    """Where the reading of our books stands."""

    after: UUID | None = None
    done: Compared = Compared()


class MoneyCheckActivities:
    """Holds the clients of the three services whose records are compared."""

    def __init__(
        self, payments: PaymentsClient, appointments: AppointmentsClient, consultants: ConsultantsClient
    ) -> None:
        self.payments = payments
        self.appointments = appointments
        self.consultants = consultants

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """All of them, for a worker to register."""
        steps = [self.begin, self.charges, self.uncharged, self.books, self.visits, self.unbilled, self.mend]
        return [*steps, self.asked, self.conclude]

    @activity.defn(name="money_check_begin")
    async def begin(self, step: CheckStep) -> CheckStarted:
        """Write down that a check runs, and ask which gateways there are."""
        begun = await self.payments.begin_check(_actor(step), step.check_id, CheckBegin(cause=step.cause))
        return CheckStarted(as_of=begun.as_of, gateways=begun.gateways)

    @activity.defn(name="money_check_charges")
    async def charges(self, step: CheckStep) -> ChargesResult:
        """Compare the gateways' lists with payments and refunds."""
        return await self._lists(step, remember=False)

    @activity.defn(name="money_check_uncharged")
    async def uncharged(self, step: CheckStep) -> Compared:
        """Find payments without a charge; only where the numbers differ, by reading the lists once more."""
        actor = _actor(step)
        found = await self.payments.find_uncharged(actor, step.check_id, UnchargedAsk(matched=step.matched))
        if not found.certain:
            await self._lists(step, remember=True)
            found = await self.payments.find_uncharged(actor, step.check_id, UnchargedAsk(remembered=True))
        return found.payments

    @activity.defn(name="money_check_books")
    async def books(self, step: CheckStep) -> Compared:
        """Compare a part of our books with the others."""
        place = _resumed(_BooksPlace)
        while True:
            asked = BooksAsk(part=step.part, after=place.after, grace_seconds=step.grace_seconds)
            page = await self.payments.compare_books(_actor(step), step.check_id, asked)
            place = _BooksPlace(after=page.last, done=place.done + page.compared)
            if page.last is None:
                return place.done
            activity.heartbeat(place.model_dump(mode="json"))

    @activity.defn(name="money_check_visits")
    async def visits(self, step: CheckStep) -> Compared:
        """Compare what is held for appointments with how they ended."""
        actor, place = _actor(step), _resumed(_BooksPlace)
        terms = await self.consultants.cancellation_terms(actor)
        judge = Judge(terms, clock.now(), timedelta(seconds=step.grace_seconds))
        while True:
            page = await self.payments.kept(actor, place.after)
            ended = await self.appointments.endings(actor, sorted({one.appointment_id for one in page.items}))
            found = judge.orphans(page.items, ended)
            if found:
                await self.payments.note_orphans(actor, step.check_id, found)
            seen = Compared(checked=len(page.items), found=len(found))
            place = _BooksPlace(after=page.last, done=place.done + seen)
            if page.last is None:
                return place.done
            activity.heartbeat(place.model_dump(mode="json"))

    @activity.defn(name="money_check_unbilled")
    async def unbilled(self, step: CheckStep) -> Compared:
        """Find visits that take place and cost something, and for which no invoice was issued."""
        actor, place = _actor(step), _resumed(_BooksPlace)
        while True:
            page = await self.appointments.charged_visits(actor, place.after, step.grace_seconds)
            visits = [VisitPriced(appointment_id=one.id, price=one.price) for one in page.items]
            seen = Compared()
            if visits:
                seen = await self.payments.compare_visits(actor, step.check_id, VisitsAsk(visits=visits))
            place = _BooksPlace(after=page.last, done=place.done + seen)
            if page.last is None:
                return place.done
            activity.heartbeat(place.model_dump(mode="json"))

    @activity.defn(name="money_check_mend")
    async def mend(self, step: CheckStep) -> Mending:
        """Mend what the policy lets a machine mend, and tell which orphans their payments' processes are to mend."""
        actor, mending = _actor(step), Mending()
        for orphan in await self._waiting(actor):
            if _has_process(orphan) and orphan.payment_id:
                await self.payments.orphan_asked(actor, orphan.id)
                asked = ToAsk(orphan_id=orphan.id, payment_id=orphan.payment_id, kind=orphan.kind)
                mending.to_ask.append(asked)
            else:
                mending.mended += await self._mended(actor, orphan.id)
            activity.heartbeat()
        return mending

    @activity.defn(name="money_check_asked")
    async def asked(self, step: MendStep) -> Unmended:
        """Tell which of the orphans whose processes were asked are not mended yet."""
        left = [one for one in step.orphans if not await self._mended(_actor(step), one)]
        return Unmended(orphans=left)

    @activity.defn(name="money_check_conclude")
    async def conclude(self, step: ConclusionStep) -> MoneyCheckResult:
        """Write down what was compared and what is left."""
        wanted = CheckEnd(compared=step.compared, missing=step.missing)
        check = await self.payments.end_check(_actor(step), step.check_id, wanted)
        said = check.model_dump(include={"as_of", "found", "mended", "open", "missing"})
        return MoneyCheckResult(check_id=check.id, **said)

    async def _lists(self, step: CheckStep, *, remember: bool) -> ChargesResult:
        place = _resumed(_ListPlace)
        while place.gateway < len(step.gateways):
            asked = ChargesAsk(
                gateway=step.gateways[place.gateway],
                cursor=place.cursor,
                grace_seconds=step.grace_seconds,
                remember=remember,
            )
            page = await self.payments.compare_charges(_actor(step), step.check_id, asked)
            done = ChargesResult(
                charges=place.done.charges + page.charges,
                refunds=place.done.refunds + page.refunds,
                matched=place.done.matched + page.matched,
            )
            following = place.gateway + (page.next_cursor is None)
            place = _ListPlace(gateway=following, cursor=page.next_cursor, done=done)
            activity.heartbeat(place.model_dump(mode="json"))
        return place.done

    async def _waiting(self, actor: Actor) -> list[Orphan]:
        """List what waits and is mended by itself, as the organisation says; the rest is for a person."""
        mends = (await self.payments.mending_rule(actor)).mends
        found: list[Orphan] = []
        failed: set[UUID | None] = set()
        cursor = None
        while len(found) < _MOST_MENDED:
            page = await self.payments.orphans(actor, limit=200, cursor=cursor)
            found += [one for one in page.items if one.kind in mends]
            failed |= {one.payment_id for one in page.items if one.kind == OrphanKind.refund_failed}
            cursor = page.next_cursor
            if cursor is None:
                break
        # What the gateway could not return goes back when somebody has looked why, not every hour anew.
        return [one for one in found if one.payment_id is None or one.payment_id not in failed or not _returns(one)]

    async def _mended(self, actor: Actor, orphan_id: UUID) -> bool:
        return await _unless_refused(self.payments.mend_orphan(actor, orphan_id))


def _has_process(orphan: Orphan) -> bool:
    own = orphan.kind in {OrphanKind.authorisation_alone, OrphanKind.kept_without_visit}
    return own and orphan.payment_id is not None and orphan.invoice_id is not None


def _returns(orphan: Orphan) -> bool:
    return orphan.kind == OrphanKind.kept_without_visit


async def _unless_refused(mending: Awaitable[Orphan]) -> bool:
    try:
        return (await mending).status == "mended"
    except Conflict:
        activity.logger.warning("orphan_not_mended")  # it stays under Attention, where a person sees it
        return False


def _resumed(shape: type[P]) -> P:
    """Go on where the try before had got to."""
    details = activity.info().heartbeat_details
    return shape.model_validate(details[0]) if details and details[0] else shape()


def _actor(step: CheckStep) -> Actor:
    return Actor.workflow(step.tenant_id, "money check", SCOPES)
