"""Free follow-ups: after a paid visit, so many more within so many days cost nothing."""

from datetime import datetime, timedelta
from uuid import UUID

from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Appointment, AppointmentFilter, Status
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import Offer
from services.payments.client import PaymentsClient

FREE = "follow_up"
_SCOPES = frozenset({"appointments:read", "payments:read", "catalogue:read", "consultants:read"})
_TAKES_PLACE = {Status.HELD, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED, Status.NO_SHOW}
_MOST = 100


class FollowUps:
    """Looks at what a patient has had and paid for, as the clinic and not as whoever asks."""

    def __init__(
        self, appointments: AppointmentsClient, payments: PaymentsClient, consultants: ConsultantsClient
    ) -> None:
        self.appointments = appointments
        self.payments = payments
        self.consultants = consultants

    async def priced(
        self, tenant_id: UUID, offer: Offer, patient_id: UUID | None, appointment_id: UUID | None = None
    ) -> Offer:
        """Give the offer at its price, or for nothing where it is a free follow-up of this patient.

        `appointment_id` is the visit itself. Where it is there already, only those free ones count that came before it:
        of two that are booked at once, each sees the other, and the first stays free.
        """
        policy = offer.follow_up
        if policy is None or patient_id is None or not offer.price:
            return offer
        actor = Actor.workflow(tenant_id, "follow-ups", _SCOPES)
        known = await self._visits(actor, offer, patient_id)
        visits = [one for one in known if one.id != appointment_id]
        itself = next((one for one in known if one.id == appointment_id), None)
        for paid in [one for one in visits if one.status == Status.FULFILLED and one.start < offer.start]:
            since = [one for one in visits if paid.start < one.start and (itself is None or _before(one, itself))]
            if paid.start < offer.start - timedelta(days=policy.days) or not await self._was_paid(actor, paid.id):
                continue
            free = [one for one in since if not await self._costs(actor, one.id)]
            return _for_nothing(offer) if len(free) < policy.visits else offer
        return offer

    async def _visits(self, actor: Actor, offer: Offer, patient_id: UUID) -> list[Appointment]:
        """List the patient's visits that count, the newest first: of the same type, or of the same speciality."""
        assert offer.follow_up is not None  # noqa: S101 - asked only where there is a policy
        days = timedelta(days=offer.follow_up.days)
        types = await self._types(actor, offer)
        found = await self._of_patient(actor, patient_id, offer.start - days, offer.start + days)
        counting = [one for one in found if one.visit_type_id in types and one.status in _TAKES_PLACE]
        return sorted(counting, key=lambda one: one.start, reverse=True)

    async def _of_patient(self, actor: Actor, patient_id: UUID, since: datetime, until: datetime) -> list[Appointment]:
        wanted = AppointmentFilter(patient_id=[patient_id], from_=since, to=until)
        return list((await self.appointments.list(actor, wanted, limit=_MOST)).items)

    async def _types(self, actor: Actor, offer: Offer) -> set[UUID]:
        if offer.follow_up is None or offer.follow_up.of == "visit_type":
            return {offer.visit_type_id}
        page = await self.consultants.visit_types(actor)
        return {one.id for one in page.items if one.specialty == offer.specialty} | {offer.visit_type_id}

    async def _was_paid(self, actor: Actor, appointment_id: UUID) -> bool:
        money = await self.payments.for_appointment(actor, appointment_id)
        return any(one.captured.amount > one.refunded.amount for one in money.payments)

    async def _costs(self, actor: Actor, appointment_id: UUID) -> bool:
        return bool((await self.payments.for_appointment(actor, appointment_id)).invoices)


def _before(one: Appointment, other: Appointment) -> bool:
    """Tell whether a visit was asked for first: holds of one patient are written one after the other."""
    return (one.created_at, one.id) < (other.created_at, other.id)


def _for_nothing(offer: Offer) -> Offer:
    nothing = Money(amount=0, currency=offer.price.currency)
    return offer.model_copy(update={"price": nothing, "listed": nothing, "free_because": FREE})
