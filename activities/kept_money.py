"""Whether money may be kept for an appointment that did not take place: nothing, or as far as the policy says."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from services.appointments.schemas import LEFT, Ending, Status
from services.consultants.schemas import CancellationTerms
from services.payments.schemas import Kept, OrphanKind, OrphanNote

_SAME_DAY = timedelta(hours=12, minutes=5)
"""How long a no-show or a departure may be undone; its money waits as long."""
_SAME_MOMENT = timedelta(minutes=1)
"""A cancellation is judged late by the process that asks for it, a moment before it is written down."""


class Judge:
    """Compares what is held with how the appointment ended; `grace` is how long a process may take to settle it."""

    def __init__(self, terms: Iterable[CancellationTerms], now: datetime, grace: timedelta) -> None:
        self._terms = {one.visit_type_id: one for one in terms}
        self._now = now
        self._grace = grace

    def orphans(self, held: Sequence[Kept], endings: Sequence[Ending]) -> list[OrphanNote]:
        """Find money that nobody has a right to."""
        ended = {one.id: one for one in endings}
        pairs = ((one, ended[one.appointment_id]) for one in held if one.appointment_id in ended)
        return [orphan for one, ending in pairs if self._is_settled(one, ending) for orphan in self._judge(one, ending)]

    def _is_settled(self, held: Kept, ending: Ending) -> bool:
        """Leave alone what a process still settles, and what is under Attention already."""
        if ending.needs_attention:
            return False
        same_day = ending.status == Status.NO_SHOW or ending.cancellation_reason == LEFT
        wait = max(self._grace, _SAME_DAY) if same_day else self._grace
        ended = ending.undo_until or ending.status_since or held.since
        return max(held.since, ended) <= self._now - wait

    def _judge(self, held: Kept, ending: Ending) -> Iterable[OrphanNote]:
        allowed = self._allowed(held, ending)
        kept = sum(one.kept for one in held.payments)
        for one in held.payments:
            if one.reserved:
                yield _note(OrphanKind.authorisation_alone, held, one.payment_id, (one.reserved, 0), ending)
            elif one.kept and _never_was(ending):
                yield _note(OrphanKind.kept_without_visit, held, one.payment_id, (one.kept, 0), ending)
        if held.due and not any(one.kept or one.reserved for one in held.payments):
            yield _note(OrphanKind.invoice_without_visit, held, None, (held.due, 0), ending)
        if kept > allowed and not _never_was(ending):
            yield _note(OrphanKind.kept_beyond_fee, held, None, (kept, allowed), ending)

    def _allowed(self, held: Kept, ending: Ending) -> int:
        """Tell how many minor units may stay; a policy that was changed since the booking cannot be looked up."""
        if _never_was(ending):
            return 0
        terms = self._terms.get(ending.visit_type_id) if ending.visit_type_id else None
        if terms is None or (ending.created_at and terms.since > ending.created_at):
            return held.total.amount
        if ending.status == Status.NO_SHOW:
            return terms.policy.missing_fee(held.total).amount
        free_until = (ending.start or self._now) - timedelta(hours=terms.policy.free_until_hours)
        late = (ending.status_since or self._now) + _SAME_MOMENT > free_until
        return terms.policy.cancellation_fee(held.total).amount if late else 0


def _never_was(ending: Ending) -> bool:
    """Tell whether there never was a visit that a fee could be for."""
    return ending.status not in {Status.CANCELLED, Status.NO_SHOW}


def _note(kind: OrphanKind, held: Kept, payment: UUID | None, amounts: tuple[int, int], ending: Ending) -> OrphanNote:
    """Note money of one payment, or of the whole invoice, whose newest payment is then named."""
    here, there = amounts
    return OrphanNote(
        kind=kind,
        subject_id=payment or held.invoice_id,
        payment_id=payment or (held.payments[-1].payment_id if held.payments else None),
        invoice_id=held.invoice_id,
        appointment_id=held.appointment_id,
        detail=ending.status.value if ending.status else "unknown",
        currency=held.total.currency,
        here=here,
        there=there,
    )
