"""What a cancellation costs now, as staff and patients are told before they decide."""

from datetime import datetime, timedelta

from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.schemas import Appointment
from services.payments.schemas import AppointmentMoney
from services.payments.states import InvoiceStatus, PaymentStatus
from web.gateway import Gateway
from web.pages.known import Known

_ASKED = {InvoiceStatus.issued, InvoiceStatus.balanced}
_KEPT = {PaymentStatus.authorised, PaymentStatus.captured}


async def cost(
    gateway: Gateway, known: Known, actor: Actor, found: Appointment, now: datetime
) -> tuple[Money | None, Money | None]:
    """Tell what is held of the patient's money, and how much of it a cancellation by the patient would cost now."""
    if not actor.may("payments:read"):
        return None, None
    money = await gateway.payments.for_appointment(actor, found.id)
    amounts = [payment.amount - payment.refunded for payment in money.payments if payment.status in _KEPT]
    kind = (await known.visit_types(actor)).get(found.visit_type_id)
    if not amounts or kind is None:
        return None, None
    held, policy = sum(amounts[1:], amounts[0]), kind.cancellation_policy
    late = now > found.start - timedelta(hours=policy.free_until_hours)
    price = _as_booked(money) or kind.price
    fee = min(policy.cancellation_fee(price), held, key=lambda one: one.amount) if late else None
    return held, fee or None


def _as_booked(money: AppointmentMoney) -> Money | None:
    """Tell what the visit was booked at, which may be another price than its visit type has by now; discounts aside."""
    asked = [one for one in money.invoices if one.status in _ASKED]
    prices = [one.total - one.credited for one in asked] + [less.amount for one in asked for less in one.discounts]
    return sum(prices[1:], prices[0]) if prices else None
