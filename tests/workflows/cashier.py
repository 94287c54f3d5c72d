"""Somebody who takes money for an invoice, for the tests of a payment's workflow."""

import asyncio
from typing import Any
from uuid import UUID

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.schemas import LineWrite, NewInvoice
from services.payments.states import Method, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE, ZONE
from tests.workflows.till import CARD
from workflows import ids
from workflows.contracts import (
    AuthoriseRequest,
    CollectRequest,
    PaymentResult,
    RefundRequest,
)
from workflows.payment import PaymentCapture


class Cashier:
    """Somebody at the desk, with an open invoice."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.payment_id, self.invoice_id = uuid7(), uuid7()

    async def collect(self, token: str | None = CARD, *, capture: bool = True) -> PaymentResult:
        """Take money for the invoice."""
        lines = [LineWrite(description="Consultation", unit=PRICE)]
        owed = NewInvoice(id=self.invoice_id, patient_id=self.office.patients.known, lines=lines, zone=ZONE)
        await self.office.till.issue_invoice(self.office.actor, self.invoice_id, owed)
        asked = AuthoriseRequest(
            actor=self.office.actor, payment_id=self.payment_id, amount=PRICE, token=token, invoice_id=self.invoice_id,
            method=Method.card if token else Method.cash,
        )  # fmt: skip
        return await self.ask(PaymentCapture.collect, "hash", authorise=asked, capture=capture, request_hash="hash")

    async def ask(self, update: Any, argument: Any, *, update_id: str | None = None, **also: Any) -> PaymentResult:
        """Ask the payment's process, and start it if none runs."""
        request = CollectRequest(actor=self.office.actor, payment_id=self.payment_id, **also)
        start: Any = WithStartWorkflowOperation(
            PaymentCapture.run, request, id=ids.payment(self.payment_id), task_queue=self.office.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )  # fmt: skip
        async with asyncio.timeout(30):
            found: PaymentResult = await self.office.client.execute_update_with_start_workflow(
                update, argument, id=update_id, start_workflow_operation=start
            )
            return found

    async def refund(self, amount: Money | None = None, refund_id: UUID | None = None) -> PaymentResult:
        """Return money."""
        key = refund_id or uuid7()
        asked = RefundRequest(
            actor=self.office.actor, payment_id=self.payment_id, refund_id=key, amount=amount, reason="goodwill"
        )
        return await self.ask(PaymentCapture.refund, asked, update_id=f"refund-{key}")

    @property
    def status(self) -> PaymentStatus:
        """Where the payment stands in its service."""
        return self.office.till.payments[self.payment_id].status

    async def result(self) -> PaymentResult:
        """Wait for the end of the process."""
        async with asyncio.timeout(30):
            found: PaymentResult = await self.office.payment(self.payment_id).result()
            return found
