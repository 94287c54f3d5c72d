"""An invoice that is recalled, with the services that a reminder speaks with: rows as they are, without a database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Self
from uuid import UUID

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from activities.dunning import DunningActivities
from activities.notifications import NotificationActivities
from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.consultants.schemas import MoneyPolicy
from services.notifications.schemas import MessageSend
from services.payments import models, schemas
from services.payments.collection.dunning import shown
from services.payments.errors import DunningNotFound, NothingDue
from tests.workflows.sandbox import sandbox
from tests.workflows.trouble import Troubled
from workflows import ids
from workflows.contracts import DunningRequest
from workflows.dunning import InvoiceDunning

DAY = timedelta(days=1)
ZONE = "Asia/Colombo"


class Books(Troubled):
    """The services that a reminder speaks with; the rows are the real ones, without their database."""

    def __init__(self) -> None:
        super().__init__()
        self.tenant_id, self.invoice_id, self.days = uuid7(), uuid7(), [1, 7, 14]
        wanted = schemas.InvoiceWrite.model_validate(
            {"patient_id": uuid7(), "lines": [{"description": "X-ray", "unit": {"amount": 900, "currency": "LKR"}}]}
        )
        self.invoice = models.Invoice.issue(self.tenant_id, self.invoice_id, wanted)
        self.invoice.number = "INV-2026-000001"
        self.row: models.Dunning | None = None
        self.sent: list[models.DunningReminder] = []
        self.letters: dict[UUID, MessageSend] = {}
        self.unwanted: set[str] = set()

    async def dunning(self, _actor: Actor, _invoice: UUID, at: datetime) -> schemas.Dunning:
        await self.meet("read")
        if self.row is None:
            raise DunningNotFound
        return shown(self.row, self.invoice, self.sent, at)

    async def begin_dunning(self, _actor: Actor, key: UUID, wanted: schemas.DunningBegin) -> None:
        if not self.invoice.open:
            raise NothingDue
        self.row = models.Dunning.begin(self.tenant_id, key, wanted)

    async def note_reminder(
        self, _actor: Actor, _invoice: UUID, key: UUID, wanted: schemas.ReminderWrite
    ) -> schemas.Dunning:
        await self.meet("note")
        assert self.row
        made = self.row.remind(key, wanted)
        self.sent += [made] if made else []
        self.changed.set()
        return shown(self.row, self.invoice, self.sent, wanted.at)

    async def money_policy(self, _actor: Actor) -> MoneyPolicy:
        return MoneyPolicy(dunning_days=self.days)

    async def contact(self, _actor: Actor, _patient: UUID) -> Any:
        return SimpleNamespace(name="Nimal Perera", email="nimal@example.com", phone="+94771234567", language="ta")

    async def tenant(self, _actor: Actor) -> Any:
        return SimpleNamespace(name="Serendib Clinics")

    async def locations(self, _actor: Actor) -> list[Any]:
        return []

    async def send(self, _actor: Actor, key: UUID, message: MessageSend) -> Any:
        await self.meet(message.channel)
        if message.channel in self.unwanted:
            return SimpleNamespace(status="skipped")
        self.letters[key] = message
        return SimpleNamespace(status="sent")

    def make(self, tenant: UUID, purpose: str, subject: UUID, expires: datetime) -> str:
        assert (tenant, purpose, subject) == (self.tenant_id, "pay", self.invoice_id)
        return f"{int(expires.timestamp())}"

    def address(self, _purpose: str, token: str) -> str:
        return f"https://clinic.example/p/pay/{token}"


class Recall(Books):
    """A process that recalls an invoice, and the time that passes for it."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self.client = self.skipper.client
        self.queue = f"{ids.BOOKINGS}-{uuid7()}"

    def workers(self) -> list[Worker]:
        who: Any = self
        steps = DunningActivities(who, NotificationActivities(who, who, who, who, who, who), who)
        run: dict[str, Any] = {"workflows": [InvoiceDunning], "workflow_runner": sandbox()}
        return [
            Worker(self.client, task_queue=queue, activities=[steps.turn, steps.remind], **run)
            for queue in (self.queue, ids.BACKGROUND)
        ]

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        async with AsyncExitStack() as stack:
            for worker in self.workers():
                await stack.enter_async_context(worker)
            yield self

    async def begin(self) -> None:
        request = DunningRequest(tenant_id=self.tenant_id, invoice_id=self.invoice_id, since=clock.now(), zone=ZONE)
        await self.client.start_workflow(
            InvoiceDunning.run, request, id=ids.dunning(self.invoice_id), task_queue=self.queue
        )
        await self.until(lambda: self.row is not None)

    @property
    def process(self) -> WorkflowHandle[InvoiceDunning, int]:
        return self.client.get_workflow_handle_for(InvoiceDunning.run, ids.dunning(self.invoice_id))

    async def days_pass(self, days: int) -> None:
        await self.skipper.fast_forward(self.process, days * DAY)

    async def reminded(self, times: int) -> None:
        await self.until(lambda: len(self.sent) == times)

    def told(self) -> list[str]:
        return sorted(one.channel for one in self.letters.values())
