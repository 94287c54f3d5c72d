"""The dashboard from end to end: real services, a real engine, a real Postgres."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from temporalio.client import Client

from activities.appointments import AppointmentActivities
from activities.consultants import ConsultantActivities
from activities.patients import PatientActivities
from activities.payments import PaymentActivities
from activities.reports import ReportActivities
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.consultants.client import ConsultantsClient
from services.identity.client import IdentityClient
from services.identity.schemas import LocationWrite
from services.patients.client import PatientsClient
from services.patients.schemas import PatientWrite
from services.payments.client import PaymentsClient
from services.payments.schemas import LineWrite, NewInvoice, PaymentWrite
from services.payments.states import Method
from services.reports.client import ReportsClient
from tests.workflows.conftest import working
from workflows import ids
from workflows.contracts import DashboardRequest
from workflows.dashboard import DashboardAggregation


async def test_what_the_services_hold_is_what_the_dashboard_shows(
    engine: Client,
    connect: Callable[[type[Any]], Any],
    apps: Callable[[str], Any],
    actor: Callable[..., Actor],
    tenant_id: UUID,
) -> None:
    asker, location_id = actor("*"), uuid7()
    colombo = LocationWrite(name="Colombo 7", zone="Asia/Colombo")
    await connect(IdentityClient).create_location(asker, location_id, colombo)
    patient = await connect(PatientsClient).register(
        asker,
        uuid7(),
        PatientWrite(first_name="Nimal", last_name="Perera", date_of_birth=date(1980, 1, 1), gender="male"),
    )
    price = Money(amount=350_000, currency="LKR")
    invoice = NewInvoice(
        id=uuid7(),
        patient_id=patient.id,
        lines=[LineWrite(description="Consultation", unit=price)],
        zone="Asia/Colombo",
    )
    paid = PaymentWrite(invoice=invoice, method=Method.cash, amount=price)
    await connect(PaymentsClient).authorise(asker, uuid7(), paid)

    async with working(engine, [DashboardAggregation], real(connect)):
        result = await engine.execute_workflow(
            DashboardAggregation.run,
            DashboardRequest(tenant_id=tenant_id),
            id=f"{ids.dashboard(tenant_id)}-by-hand",
            task_queue=ids.BOOKINGS,
        )

    assert result.silent == []
    for place in (None, location_id):
        found = await connect(ReportsClient).dashboard(asker, "today", place)
        assert (found.as_of, found.zone) == (result.as_of, "Asia/Colombo")
        assert (found.tiles.patients.value, found.tiles.patients.change) == (1, 1)
        assert (found.tiles.revenue.value, found.tiles.revenue.previous) == (price, Money(amount=0, currency="LKR"))
        assert [one.amount for one in found.revenue_by_day] == [price]
        assert (found.tiles.appointments.value, found.attention) == (0, 0)
    async with apps("patients").state.database.read(asker) as session:
        sealed = await session.scalar(sa.text("SELECT count(*) FROM audit_checkpoints"))
    assert sealed == 1, "each round has the audit sealed"


def real(connect: Callable[[type[Any]], Any]) -> list[Callable[..., Any]]:
    experts = ConsultantActivities(connect(ConsultantsClient))
    return [
        PatientActivities(connect(PatientsClient)).figures,
        experts.figures,
        AppointmentActivities(connect(AppointmentsClient), experts).figures,
        PaymentActivities(connect(PaymentsClient)).figures,
        *ReportActivities(connect(ReportsClient), connect(IdentityClient), [connect(PatientsClient)]).activities,
    ]
