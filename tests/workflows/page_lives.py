"""Lives of bookings that are paid at the gateway's own page, for the histories that are kept."""

from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle

from tests.workflows.office import Office
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import PaymentChoice


async def paid_at_a_page(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """Pay at the gateway's page while the time is held, and cancel."""
    async with Office(client).open() as office:
        await office.book(None, payment=PaymentChoice(method="link"))
        office.till.pay_link(ids.payment_of(office.appointment_id))
        await office.process.signal(AppointmentBooking.page_was_paid)
        await office.accompanied()
        await office.cancel()
        await office.process.result()
        return {"paid_at_page": office.process}


async def unpaid_at_a_page(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """Let the time run out that is held for a payment at the gateway's page."""
    async with Office(client).open() as office:
        await office.book(None, payment=PaymentChoice(method="link"))
        await office.pass_time(office.process, timedelta(seconds=600))
        await office.process.result()
        return {"page_unpaid": office.process}
