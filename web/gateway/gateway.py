"""The product as the edge sees it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self
from uuid import UUID

from babel import Locale
from temporalio.client import Client

from activities.follow_ups import FollowUps
from activities.insurance import Shares
from activities.receipts.composing import Receipts
from activities.receipts.drawing import draw
from careconnect import temporal
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.links import SignedLinks
from services.appointments.absences.client import AbsencesClient
from services.appointments.client import AppointmentsClient
from services.appointments.closings.client import ClosingsClient
from services.appointments.feeds.client import FeedsClient
from services.appointments.holds.client import HoldsClient
from services.appointments.reach.client import ReachClient
from services.appointments.series.client import SeriesClient
from services.appointments.utilisation.client import UtilisationClient
from services.appointments.waitlist.client import WaitlistClient
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import Offer
from services.hosting import Services
from services.identity.client import IdentityClient
from services.patients.client import PatientsClient
from services.payments.client import PaymentsClient
from services.reports.client import ReportsClient
from web.gateway.absences import AbsenceProcesses
from web.gateway.bookings import Bookings
from web.gateway.checks import MoneyCheckProcess
from web.gateway.clock_changes import ClockChanges
from web.gateway.closings import Closings
from web.gateway.dunning import DunningProcess
from web.gateway.engine import Engine, WorkflowState
from web.gateway.feeds import CalendarFeeds
from web.gateway.finding import Slot, SlotQuery, find_slots
from web.gateway.holds import HoldProcesses
from web.gateway.insurance import Insurance
from web.gateway.mails import InvoiceMailProcesses
from web.gateway.money import MoneyProcesses
from web.gateway.reach import NarrowedMessages, NarrowedPatients, Reach
from web.gateway.reporting import Reporting
from web.gateway.series import SeriesProcesses
from web.gateway.trail import Trail
from web.gateway.unpaid import UnpaidBookings
from web.gateway.unresolved import UnresolvedPayments
from web.gateway.waitlist import WaitlistProcesses
from workflows.schedules import refresh_dashboard


class Gateway:
    """Reads and plain writes through the services' clients; processes through `bookings` and `money`."""

    def __init__(self, services: Services, engine: Client, settings: Settings) -> None:
        self.services = services
        self.sender = settings.mail.sender
        self.engine = Engine(engine, settings.temporal.rpc_timeout_seconds)
        reach = services.client(ReachClient)
        self.patients = NarrowedPatients(services.connection("patients"), reach)
        self.consultants = services.client(ConsultantsClient)
        self.appointments = services.client(AppointmentsClient)
        self.payments = services.client(PaymentsClient)
        self.messages = NarrowedMessages(services.connection("notifications"), reach)
        self.reach = Reach(reach, self.patients, self.messages)
        self.reports = services.client(ReportsClient)
        self.identity = services.client(IdentityClient)
        self.reporting = Reporting(
            self.appointments,
            services.client(UtilisationClient),
            self.consultants,
            services.client(PatientsClient),
            self.payments,
        )
        self.holds = HoldProcesses(self.engine, services.client(HoldsClient))
        self.feeds = CalendarFeeds(self, services.client(FeedsClient), SignedLinks(settings), settings.web.public_url)
        self.absences = AbsenceProcesses(self.engine, services.client(AbsencesClient), self.consultants)
        self.money = MoneyProcesses(self.engine, self.payments, self.identity, SignedLinks(settings))
        self.receipts = Receipts(self.payments, self.patients, self.appointments, self.identity)
        self.mails = InvoiceMailProcesses(self.engine, self.payments, self.patients, self.messages)
        self.follow_ups = FollowUps(self.appointments, self.payments, self.consultants)
        self.insurance = Insurance(services.connection("payments"), self.patients, self.appointments, self.identity)
        self.series = SeriesProcesses(
            self.engine, services.client(SeriesClient), self.consultants, self.appointments, self.identity
        )
        self.waitlist = WaitlistProcesses(self.engine, services.client(WaitlistClient))
        self.checks = MoneyCheckProcess(self.engine, self.payments, self.appointments, self.consultants)
        self.unresolved = UnresolvedPayments(self.engine, self.payments)
        self.bookings = Bookings(
            self.engine,
            self.appointments,
            self.patients,
            self.payments,
            self.messages,
            self.insurance,
            UnpaidBookings(self.engine, self.money),
        )
        self.clock_changes = ClockChanges(self.appointments, self.bookings)
        self.closings = Closings(self.consultants, services.client(ClosingsClient))
        audited = (self.patients, self.consultants, self.appointments, self.payments, self.messages, self.reports)
        self.trail = Trail((*audited, self.identity), self.appointments)
        self.dunning = DunningProcess(self.engine, self.payments, self.appointments, self.identity)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """Connect to the services and, at the first call, to the engine: pages work while it is away."""
        client = await temporal.connect(settings, lazy=True)
        async with Services(settings, mailbox=settings.mail.mailbox is not None) as services:
            yield cls(services, client, settings)

    async def slots(self, actor: Actor, wanted: SlotQuery) -> list[Slot]:
        """Find free starts across consultants, the soonest first."""
        return await find_slots(self.consultants, self.appointments, actor, wanted)

    async def offer(
        self,
        actor: Actor,
        patient_id: UUID | None,
        visit_type_id: UUID,
        consultant_id: UUID,
        location_id: UUID | None,
        start: datetime,
        coverage_id: UUID | None = None,
        *,
        override_hours: bool = False,
    ) -> Offer:
        """Ask for the terms of one visit, for nothing where it is a free follow-up of this patient.

        With a coverage of the patient they tell what its payer pays, of the price that was agreed with the payer.
        """
        cover = None
        if patient_id and coverage_id:
            cover = await self.insurance.chosen(actor, patient_id, coverage_id)
        payer_id = cover.payer_id if cover else None
        found = await self.consultants.offer(
            actor,
            visit_type_id,
            consultant_id,
            location_id,
            start,
            payer_id=payer_id,
            override_hours=override_hours,
        )
        found = await self.follow_ups.priced(actor.tenant_id, found, patient_id)
        if patient_id is None or cover is None:
            return found
        return await Shares(self.insurance).shared(actor.tenant_id, found, patient_id, cover.id)

    async def receipt_pdf(self, actor: Actor, invoice_id: UUID, locale: Locale) -> tuple[str, bytes]:
        """Draw a receipt, and give its number with it.

        Raises:
            InvoiceNotFound: there is no such invoice.
        """
        receipt = await self.receipts.of(actor, invoice_id)
        return receipt.number, await asyncio.to_thread(draw, receipt, locale)

    async def workflow(self, actor: Actor, workflow_id: str) -> WorkflowState:
        """Tell where a process stands, without personal data."""
        return await self.engine.state(actor, workflow_id)

    async def refresh_dashboard(self, actor: Actor) -> None:
        """Have the figures made anew now, rather than at the next turn."""
        await refresh_dashboard(self.engine.client, actor.tenant_id)
