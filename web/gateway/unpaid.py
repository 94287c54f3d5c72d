"""Bookings whose time is held and whose money is still to come: the gateway was away, or it is paid at its own page."""

from typing import Any
from uuid import UUID

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments.errors import HoldExpired
from services.payments.schemas import PaymentLink
from web.gateway.engine import Engine
from web.gateway.errors import PaymentAwaited, WorkflowNotFound
from web.gateway.money import MoneyProcesses
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import BookingOutcome

_LOOK_AGAIN = 5
"""Seconds after which it is worth while to ask whether it was paid."""


class UnpaidBookings:
    """Asks again beyond the first answer, which the engine gives to every repeat."""

    def __init__(self, engine: Engine, money: MoneyProcesses) -> None:
        self._engine = engine
        self._money = money

    async def by_now(self, actor: Actor, appointment_id: UUID, first: BookingOutcome) -> BookingOutcome:
        """Tell how the booking stands by now, whose `first` answer was no end.

        While its gateway was away, the payment is tried again once it is time; until then the answer is the same.

        Raises:
            PaymentAwaited: it is to be paid at the gateway's page; the time is held.
            HoldExpired: the time is held no longer.
        """
        if first.retry_at and clock.now() < first.retry_at:
            return first
        process = ids.appointment(appointment_id)
        try:
            found: BookingOutcome = await self._engine.ask(
                process, AppointmentBooking.pay_again, first.request_hash, update_id=str(uuid7())
            )
        except WorkflowNotFound:
            found = await self._engine.result(process, BookingOutcome)
            if found.refused and first.refused and found.refused.code == first.refused.code:
                raise HoldExpired from None
        if found.pay_until:
            page = await self.page(actor, appointment_id)
            shown: dict[str, Any] = {"payment_url": page.url, "amount": page.amount.model_dump()} if page else {}
            until = found.pay_until.isoformat()
            raise PaymentAwaited(workflow_id=process, retry_after=_LOOK_AGAIN, pay_until=until, **shown)
        return found

    async def page(self, actor: Actor, appointment_id: UUID) -> PaymentLink | None:
        """Give the gateway's page where a booking waits to be paid, if it does."""
        reader = Actor.workflow(actor.tenant_id, "booking", frozenset({"payments:read"}))
        known = await self._money.links(reader, ids.invoice_of(appointment_id))
        wanted = ids.payment_of(appointment_id)
        return next((one for one in known if one.id == wanted and one.status == "open"), None)
