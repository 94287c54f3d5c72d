"""Lives of visits that were not paid, of what recalls what is due, and of money of which nobody knows."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from services.payments.errors import CaptureFailed, RefundFailed
from tests.workflows.cashier import Cashier
from tests.workflows.office import Office
from tests.workflows.recall import Recall
from tests.workflows.trouble import refusing
from workflows import policies
from workflows.contracts import PaymentChoice


async def unpaid(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """Come without having paid, and have what is due recalled."""
    async with Office(client).open() as office:
        await office.book(None, payment=PaymentChoice(method="at_desk"))
        await office.step("arrival")
        await office.step("completion")
        await office.process.result()
        return {"unpaid": office.process}


async def recalled(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """Have what is due recalled three times."""
    async with Recall(client).open() as recall:
        await recall.begin()
        for times, days in enumerate((2, 6, 7), 1):
            await recall.days_pass(days)
            await recall.reminded(times)
        await recall.process.result()
        return {"recalled": recall.process}


async def unresolved(client: Client) -> dict[str, WorkflowHandle[Any, Any]]:
    """Have a capture refused, and letting go of the money too, until the next try."""
    async with Office(client).open() as office:
        office.on("capture", refusing(CaptureFailed()))
        office.on("release_payment", refusing(RefundFailed()))
        till = Cashier(office)
        await till.collect()
        await office.pass_time(office.payment(till.payment_id), policies.HEAL_EVERY)
        await till.result()
        return {"payment_unresolved": office.payment(till.payment_id)}
