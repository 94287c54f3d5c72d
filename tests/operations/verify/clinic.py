"""A small clinic, made by the services themselves: what verify finds clean is what they write."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from activities.reports import views
from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Appointment, Cancellation, Hold, Move, Notes, Remark, RemarkDecision
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import ConsultantWrite, ScheduleWrite, VisitTypeWrite
from services.hosting import Services
from services.identity.client import IdentityClient
from services.identity.schemas import LocationWrite, TenantWrite
from services.notifications.client import NotificationsClient
from services.notifications.schemas import Message, MessageSend
from services.patients.client import PatientsClient
from services.patients.schemas import PatientWrite
from services.payments.client import PaymentsClient
from services.payments.insurance.client import InsuranceClient
from services.payments.schemas import Payment, PaymentWrite, RefundWrite
from services.reports.client import ReportsClient
from services.reports.schemas import SnapshotWrite
from tests.operations.verify.instance import Instance

VISA = "pm_card_visa"
PRICE = Money(amount=300_000, currency="LKR")
OPENS = 9
CLOSES = 17


class Clinic:
    """One tenant with a location, a consultant who works every day from nine to five, and two patients."""

    def __init__(self, services: Services, instance: Instance, zone: str = "Asia/Colombo") -> None:
        self.services = services
        self.instance = instance
        self.zone = zone
        self.tenant_id = uuid7()
        self.actor = Actor(id=uuid7(), tenant_id=self.tenant_id, kind="staff", scopes=frozenset({"*"}))
        self.location_id, self.consultant_id, self.visit_type_id = uuid7(), uuid7(), uuid7()
        self.patients = [uuid7(), uuid7()]
        self.appointments = services.client(AppointmentsClient)
        self.payments = services.client(PaymentsClient)
        self.insurance = services.client(InsuranceClient)
        self.consultants = services.client(ConsultantsClient)
        self.notifications = services.client(NotificationsClient)

    async def open(self) -> None:
        """Set everything up, and have one paid appointment, one cancelled with its money back, one message."""
        await self.found()
        booked = await self.paid_appointment(self.at(10))
        await self.remind(booked)
        gone = await self.paid_appointment(self.at(11))
        await self.cancel(gone)
        await self.refund(await self.payment_of(gone))
        await self.snapshot()

    async def found(self) -> None:
        """Found the organisation."""
        identity = self.services.client(IdentityClient)
        tenant = TenantWrite.model_validate(
            {"name": "Law Street", "currency": "LKR", "country": "LK", "locale": "en_LK"}
        )
        await identity.create_tenant(self.actor, tenant)
        place = LocationWrite.model_validate({"name": "Main", "zone": self.zone})
        await identity.create_location(self.actor, self.location_id, place)
        details = {"first_name": "Ada", "last_name": "Perera", "specialties": ["Law"], "registration_number": "R1"}
        await self.consultants.create(self.actor, self.consultant_id, ConsultantWrite.model_validate(details))
        await self.set_hours(f"{OPENS:02}:00", f"{CLOSES:02}:00")
        visit_type = {"name": "Visit", "duration_minutes": 30, "price": PRICE, "payment_policy": {"kind": "full"}}
        policy = {"free_until_hours": 24, "fee_percent": 50, "no_show_fee_percent": 100}
        terms = VisitTypeWrite.model_validate(visit_type | {"specialty": "Law", "cancellation_policy": policy})
        await self.consultants.create_visit_type(self.actor, self.visit_type_id, terms)
        people = self.services.client(PatientsClient)
        for patient_id, name in zip(self.patients, ("Nimal", "Kamala"), strict=True):
            person = {"first_name": name, "last_name": "Silva", "date_of_birth": "1980-01-01", "gender": "unknown"}
            await people.register(self.actor, patient_id, PatientWrite.model_validate(person))

    async def set_hours(self, starts: str, ends: str) -> None:
        """Give the consultant the same hours on every day of the week."""
        block = {"location_id": self.location_id, "zone": self.zone, "starts": starts, "ends": ends}
        week = ScheduleWrite.model_validate({"hours": [block | {"weekday": day} for day in range(7)]})
        await self.consultants.put_schedule(self.actor, self.consultant_id, week)

    def at(self, hour: int, minute: int = 0, days: int = 30) -> datetime:
        """Give a local time, so many days from today."""
        day = (clock.now() + timedelta(days=days)).astimezone(ZoneInfo(self.zone)).date()
        return datetime.combine(day, time(hour, minute), ZoneInfo(self.zone)).astimezone(UTC)

    def now(self) -> datetime:
        """Give the time that has just begun."""
        return clock.now() - timedelta(minutes=1)

    async def hold(self, start: datetime, patient: int = 0, minutes: int = 30, **also: Any) -> Appointment:
        """Hold a time."""
        end = start + timedelta(minutes=minutes)
        said = {
            "patient_id": self.patients[patient],
            "consultant_id": self.consultant_id,
            "visit_type_id": self.visit_type_id,
            "location_id": self.location_id,
            "zone": self.zone,
            "start": start,
            "end": end,
            "occupied_from": start,
            "occupied_to": end,
        }
        return await self.appointments.hold(self.actor, uuid7(), Hold.model_validate(said | also))

    async def appointment(self, start: datetime, patient: int = 0, **also: Any) -> Appointment:
        """Have a booked appointment, and its workflow."""
        held = await self.hold(start, patient, **also)
        await self.instance.start_workflow(held.id, self.tenant_id)
        return await self.appointments.confirm(self.actor, held.id)

    async def paid_appointment(self, start: datetime, **also: Any) -> Appointment:
        """Have a booked appointment whose price was taken from a card."""
        booked = await self.appointment(start, **also)
        await self.pay(booked)
        return booked

    async def pay(self, booked: Appointment, card: str = VISA) -> Payment:
        """Take the price of an appointment from a card."""
        payment_id = await self.authorise(booked, card)
        return await self.payments.capture(self.actor, payment_id)

    async def authorise(self, booked: Appointment, card: str = VISA) -> UUID:
        """Reserve the price of an appointment on a card."""
        lines = [{"description": "Visit", "unit": PRICE}]
        invoice = {"id": uuid7(), "patient_id": booked.patient_id, "appointment_id": booked.id, "lines": lines}
        wanted = PaymentWrite.model_validate({"invoice": invoice, "method": "card", "token": card, "amount": PRICE})
        payment_id = uuid7()
        await self.payments.authorise(self.actor, payment_id, wanted)
        return payment_id

    async def payment_of(self, booked: Appointment) -> UUID:
        """Give the payment of an appointment."""
        (payment,) = (await self.payments.for_appointment(self.actor, booked.id)).payments
        return payment.id

    async def refund(self, payment_id: UUID, amount: Money | None = None) -> UUID:
        """Return money."""
        refund_id = uuid7()
        await self.payments.refund(self.actor, payment_id, refund_id, RefundWrite(amount=amount, reason="pat"))
        return refund_id

    async def cancel(self, booked: Appointment) -> None:
        """Cancel an appointment; its workflow ends."""
        await self.appointments.cancel(self.actor, booked.id, Cancellation(reason="pat"))
        await self.instance.end_workflow(booked.id)

    async def overbook(self, start: datetime, patient: int, reason: str) -> Appointment:
        """Book over another appointment, and say why."""
        over = await self.appointment(start, patient, overbooked=True)
        await self.appointments.write_notes(self.actor, over.id, Notes(overbook_reason=reason))
        return over

    async def move(self, booked: Appointment, start: datetime, to_version: int = 2, **also: Any) -> Appointment:
        """Move an appointment to another time, at the same length."""
        end = start + (booked.end - booked.start)
        place = booked.model_dump(include={"consultant_id", "location_id", "zone"})
        times = {"start": start, "end": end, "occupied_from": start, "occupied_to": end, "to_version": to_version}
        return await self.appointments.move(self.actor, booked.id, Move.model_validate(place | times | also))

    async def remark(self, booked: Appointment, kind: str, text: str) -> None:
        """Say why something was decided."""
        said, key = Remark.model_validate({"kind": kind, "text": text}), uuid7()
        await self.appointments.draft_remark(self.actor, booked.id, key, said)
        await self.appointments.decide_remarks(self.actor, booked.id, RemarkDecision(ids=[key], stand=True))

    async def remind(self, booked: Appointment, offset_hours: int = 24) -> Message:
        """Send a reminder by short message."""
        said = {
            "patient_id": booked.patient_id,
            "appointment_id": booked.id,
            "appointment_version": booked.version,
            "channel": "sms",
            "template": "reminder",
            "offset_hours": offset_hours,
            "recipient": {"name": "Nimal Silva", "phone": "+94771234567"},
            "values": {"starts_at": booked.start, "zone": booked.zone, "clinic": "Law Street"},
        }
        return await self.notifications.send(self.actor, uuid7(), MessageSend.model_validate(said))

    async def snapshot(self) -> None:
        """Write the dashboard as the aggregation does."""
        identity = self.services.client(IdentityClient)
        moment = clock.now()
        written = [await self._view(one) for one in views(await identity.locations(self.actor), moment)]
        snapshot = SnapshotWrite.model_validate({"as_of": moment, "views": written})
        await self.services.client(ReportsClient).write(self.actor, snapshot)

    async def _view(self, period: Any) -> dict[str, Any]:
        stretch = {"from_": period.start, "to": period.end, "previous_from": period.previous_start}
        place = {"zone": period.zone, "location_id": period.location_id}
        patients = await self.services.client(PatientsClient).figures(self.actor, **stretch)
        money = [
            await self.payments.figures(self.actor, since=since, until=until, zone=period.zone)
            for since, until in ((period.start, period.end), (period.previous_start, period.start))
        ]
        answers = {
            "patients": patients,
            "consultants": await self.consultants.figures(self.actor),
            "appointments": await self.appointments.figures(self.actor, **stretch, **place),
        }
        told = {name: one.model_dump(mode="json") for name, one in answers.items()}
        told["payments"] = money[0].model_dump(mode="json") | {"previous_revenue": money[1].revenue}
        return {"period": period.name, "start": period.start, "end": period.end, **place, "answers": told}
