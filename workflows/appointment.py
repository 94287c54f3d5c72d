"""What every part of an appointment's process knows and needs: its state, its terms, and the small steps."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.notifications import NotificationActivities
    from careconnect.auth import Actor
    from careconnect.money import Money
    from services.appointments.schemas import Appointment
    from services.consultants.schemas import Offer
    from services.payments.schemas import Payment
    from workflows import ids, policies
    from workflows.contracts import (
        AttentionRequest,
        BookingOutcome,
        BookingRequest,
        Changed,
        InvoiceRequest,
        MessageRequest,
        Stage,
    )
    from workflows.outside import outside
    from workflows.undo import Undos, ours

P = TypeVar("P")
R = TypeVar("R")
OWN_SCOPES = frozenset(
    {
        "appointments:read", "appointments:write", "payments:read", "payments:write", "payments:refund",
        "consultants:read", "catalogue:read",
    }
)  # fmt: skip


class Due(NamedTuple):
    """What is to be paid, and when it is taken."""

    amount: Money
    at: datetime


class AppointmentProcess:
    """The state of one appointment's process, what is known of it, and the steps that several parts of it take."""

    def __init__(self, request: BookingRequest) -> None:
        self.request = request
        self.own = Actor.workflow(request.actor.tenant_id, "booking", OWN_SCOPES)
        self.stage = Stage.VERIFYING
        self.outcome: BookingOutcome | None = None
        self.appointment: Appointment | None = None
        self.offer: Offer | None = None
        self.payment: Payment | None = None
        self.undos = Undos()
        self.failed_steps: list[str] = []
        self.changing = asyncio.Lock()
        self.messages: list[asyncio.Task[None]] = []

    # What is known ----------------------------------------------------------------------------------------------------

    def now(self) -> Appointment:
        """Give the appointment as it stands; asked only once there is one."""
        assert self.appointment is not None  # noqa: S101 - see above
        return self.appointment

    def offered(self) -> Offer:
        """Give the terms of the visit; asked only once they are known."""
        assert self.offer is not None  # noqa: S101 - see above
        return self.offer

    def due_now(self) -> Money | None:
        """Tell what is taken at booking: as the request says, or else as the visit type's policy says."""
        offer, choice = self.offered(), self.request.payment
        policy = offer.payment_policy
        if not offer.patient_share or (choice and choice.method == "at_desk"):
            return None
        if choice is None and (policy.kind == "none" or policy.when == "desk"):
            return None
        return None if self.due_later() else self._share()

    def due_later(self) -> Due | None:
        """Tell what is taken some hours before the visit, and when; None where that time has come already."""
        offer, choice = self.offered(), self.request.payment
        policy = offer.payment_policy
        if policy.hours_before is None or policy.kind == "none" or not offer.patient_share:
            return None
        at = offer.start - timedelta(hours=policy.hours_before)
        without_card = choice is not None and choice.method != "card"  # at a page it is paid now: no card is kept there
        return None if without_card or at <= workflow.now() else Due(self._share(), at)

    def _share(self) -> Money:
        """Tell how much of the patient's share is taken."""
        policy, share = self.offered().payment_policy, self.offered().patient_share
        deposit = policy.deposit if policy.kind == "deposit" else None
        return deposit if deposit and deposit.amount < share.amount else share

    def fee(self) -> Money | None:
        """Tell what a late cancellation costs; nothing where the terms are not known any more."""
        if self.offer is None:
            return None
        policy, price = self.offer.cancellation_policy, self.offer.price
        return _as_it_began(policy.cancellation_fee(price), price.percent(policy.fee_percent))

    def no_show_fee(self) -> Money | None:
        """Tell what it costs not to come; nothing where the terms are not known any more."""
        if self.offer is None:
            return None
        policy, price = self.offer.cancellation_policy, self.offer.price
        return _as_it_began(policy.missing_fee(price), price.percent(policy.no_show_fee_percent))

    def is_late(self) -> bool:
        """Tell whether a cancellation now is past the time until which it is free."""
        if self.offer is None:
            return False
        return workflow.now() > self.now().start - timedelta(hours=self.offer.cancellation_policy.free_until_hours)

    def grace(self) -> timedelta:
        """Tell how long after the end a visit may go unnoted."""
        return timedelta(minutes=self.offer.cancellation_policy.grace_minutes if self.offer else 15)

    def reminder_times(self) -> list[datetime]:
        """Tell when reminders will be sent; those whose time has passed are left out."""
        start, offsets = self.now().start, self.offer.reminder_offsets_hours if self.offer else []
        moments = (start - timedelta(hours=hours) for hours in offsets)
        return sorted(at.astimezone(UTC) for at in moments if at > workflow.now())

    def invoice_request(self) -> InvoiceRequest:
        """Describe the invoice of this visit."""
        offer = self.offered()
        return InvoiceRequest(
            actor=self.own,
            invoice_id=ids.invoice_of(self.request.appointment_id),
            appointment_id=self.request.appointment_id,
            patient_id=self.request.patient_id,
            description=f"{offer.visit_type_name}, {offer.consultant_name}",
            price=offer.listed or offer.price,
            zone=offer.zone,
            tax_name=offer.tax.name if offer.tax else "",
            tax_rate=offer.tax.rate if offer.tax else 0,
            tax_inclusive=offer.tax is None or offer.tax.inclusive,
            coverage_id=offer.coverage_id,
            visit_day=offer.start.astimezone(ZoneInfo(offer.zone)).date() if offer.coverage_id else None,
            authorisation_number=self.request.authorisation_number,
        )

    # Small steps ------------------------------------------------------------------------------------------------------

    async def local(self, step: Callable[[Any, P], Awaitable[R]], request: P) -> R:
        """Take a short step that a repeat does not harm, without a detour through the engine's queues."""
        found: R = await workflow.execute_local_activity_method(step, request, **policies.SHORT)
        return found

    async def outside(self, step: Callable[[Any, P], Awaitable[R]], request: P, **options: Any) -> R:
        """Take a step that ends outside; see `workflows.outside`."""
        return await outside(step, request, **options)

    def take_over(self, changed: Changed) -> Changed:
        """Keep how the appointment stands after a change; a refusal changes nothing."""
        if changed.appointment:
            self.appointment = changed.appointment
            workflow.upsert_search_attributes([ids.APPOINTMENT_STATUS.value_set(changed.appointment.status.value)])
        return changed

    def tell(self, template: str, amount: Money | None = None) -> None:
        """Send a message without waiting for it: the visit does not depend on a mail server."""
        now = self.now()
        message = MessageRequest(
            tenant_id=self.own.tenant_id,
            appointment_id=now.id,
            template=template,
            version=now.version,
            amount=amount,
        )
        self.messages.append(asyncio.create_task(self._tell(message)))

    async def _tell(self, message: MessageRequest) -> None:
        try:
            await workflow.execute_activity_method(
                NotificationActivities.tell, message, summary=message.template, **policies.MESSAGE
            )
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.warning("message_failed", extra={"template": message.template})

    async def everybody_is_told(self) -> None:
        """Wait for the messages that are under way: the engine drops what has not begun when its workflow ends."""
        await asyncio.gather(*self.messages)

    async def flag(self) -> None:
        """Put the appointment under Attention for a person, or take it from there when no step is left that failed."""
        step = self.failed_steps[0] if self.failed_steps else None
        workflow.upsert_search_attributes(
            [ids.NEEDS_ATTENTION.value_set(bool(step)), ids.FAILED_STEPS.value_set(self.failed_steps)]
        )
        asked = AttentionRequest(actor=self.own, appointment_id=self.request.appointment_id, step=step)
        await workflow.execute_local_activity_method(AppointmentActivities.attend, asked, **policies.WITHOUT_END)


def _as_it_began(fee: Money, share: Money) -> Money:
    """Give the fee; processes that asked before a fixed fee of nothing was one took the share of the price instead."""
    if fee or not share:
        return fee
    return fee if workflow.patched("a-fee-of-nothing-is-a-fee") else share
