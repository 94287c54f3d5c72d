"""What a cancellation costs now, as staff and patients are told before they decide."""

from datetime import datetime, timedelta
from typing import NamedTuple

from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.schemas import Appointment
from services.payments.schemas import AppointmentMoney
from services.payments.states import InvoiceStatus, PaymentStatus
from web.gateway import Gateway
from web.pages.known import Known

_ASKED = {InvoiceStatus.issued, InvoiceStatus.balanced}
_KEPT = {PaymentStatus.authorised, PaymentStatus.captured}


class Cost(NamedTuple):
    """What is held of a patient's money, in each currency, and how much of it a cancellation would cost."""

    held: list[Money]
    fee: Money | None = None

    @property
    def back(self) -> list[Money]:
        """What goes back."""
        rest = [one - self.fee if self.fee and one.currency == self.fee.currency else one for one in self.held]
        return [one for one in rest if one]


async def cost(gateway: Gateway, known: Known, actor: Actor, found: Appointment, now: datetime) -> Cost:
    """Tell what a cancellation by the patient would cost now; nothing to whoever may not see money."""
    if not actor.may("payments:read"):
        return Cost([])
    money = await gateway.payments.for_appointment(actor, found.id)
    held = _held(money)
    kind = (await known.visit_types(actor)).get(found.visit_type_id)
    if not held or kind is None:
        return Cost([])
    policy = kind.cancellation_policy
    if now <= found.start - timedelta(hours=policy.free_until_hours):
        return Cost(list(held.values()))
    fee = policy.cancellation_fee(_as_booked(money) or kind.price)
    there = held.get(fee.currency, Money(amount=0, currency=fee.currency))
    return Cost(list(held.values()), min(fee, there, key=lambda one: one.amount) or None)


def _held(money: AppointmentMoney) -> dict[str, Money]:
    """Add up what is reserved, or taken and not returned, by currency."""
    sums: dict[str, Money] = {}
    for one in money.payments:
        if one.status in _KEPT:
            amount = one.amount if one.status == PaymentStatus.authorised else one.captured - one.refunded
            sums[amount.currency] = sums.get(amount.currency, Money(amount=0, currency=amount.currency)) + amount
    return {currency: amount for currency, amount in sums.items() if amount}


def _as_booked(money: AppointmentMoney) -> Money | None:
    """Tell what the visit was booked at, which may be another price than its visit type has by now; discounts aside.

    What is invoiced for it in another currency than its first invoice is no part of its price.
    """
    asked = [one for one in money.invoices if one.status in _ASKED]
    asked = [one for one in asked if one.total.currency == asked[0].total.currency]
    prices = [one.total - one.credited for one in asked] + [less.amount for one in asked for less in one.discounts]
    return sum(prices[1:], prices[0]) if prices else None
