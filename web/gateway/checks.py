"""The money check as the edge sees it: asked for, read, and its orphans dismissed."""

import asyncio
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.auth import Actor
from services.appointments.client import AppointmentsClient
from services.consultants.client import ConsultantsClient
from services.payments.client import PaymentsClient
from services.payments.schemas import InvoiceWrite, LineTax, LineWrite, MoneyChecks, Orphan, Remedy, RemedyWrite
from web.gateway.engine import Engine, attributes
from workflows import ids
from workflows.contracts import MoneyCheckRequest
from workflows.money_check import MoneyCheck


class MoneyCheckProcess:
    """Starts money checks, one at a time for an organisation, and does what a person decides about orphans."""

    def __init__(
        self,
        engine: Engine,
        payments: PaymentsClient,
        appointments: AppointmentsClient,
        consultants: ConsultantsClient,
    ) -> None:
        self._engine = engine
        self._payments = payments
        self._appointments = appointments
        self._consultants = consultants

    async def begin(self, actor: Actor) -> str:
        """Have the money checked now, and name the process; one that runs already is that process."""
        workflow_id = ids.money_check(actor.tenant_id)
        request = MoneyCheckRequest(tenant_id=actor.tenant_id, cause="request")
        await self._engine.start(
            MoneyCheck.run, request, workflow_id, attributes=attributes(actor), summary="Money check, asked for"
        )
        return workflow_id

    async def newest(self, actor: Actor) -> MoneyChecks:
        """Read the newest check that has ended, and the one that runs."""
        return await self._payments.money_checks(actor)

    async def waiting(self, actor: Actor, limit: int = 50) -> list[Orphan]:
        """List the orphans that wait for a person, the newest first."""
        return (await self._payments.orphans(actor, limit=limit)).items

    async def remedy(self, actor: Actor, orphan_id: UUID, wanted: RemedyWrite) -> Orphan:
        """Do something about an orphan; a repeat is harmless."""
        if wanted.remedy == Remedy.issue:
            orphan = await self._payments.orphan(actor, orphan_id)
            if wanted.remedy in orphan.remedies:
                await self._issue(actor, orphan.subject_id)
        return await self._payments.remedy_orphan(actor, orphan_id, wanted)

    async def _issue(self, actor: Actor, appointment_id: UUID) -> None:
        """Issue a visit's invoice under the id that its booking would have used, on the terms told then."""
        visit, charged = await asyncio.gather(
            self._appointments.get(actor, appointment_id), self._appointments.charged(actor, appointment_id)
        )
        visit_type, names = await asyncio.gather(
            self._consultants.visit_type(actor, visit.visit_type_id),
            self._consultants.names(actor, [visit.consultant_id]),
        )
        tax = LineTax.model_validate(charged.tax.model_dump()) if charged.tax else None
        description = ", ".join([visit_type.name, *(one.name for one in names)])
        wanted = InvoiceWrite(
            patient_id=visit.patient_id,
            appointment_id=appointment_id,
            lines=[LineWrite(description=description, unit=charged.listed, tax=tax)],
            zone=visit.zone,
            coverage_id=charged.coverage_id,
            visit_day=visit.start.astimezone(ZoneInfo(visit.zone)).date() if charged.coverage_id else None,
        )
        await self._payments.issue_invoice(actor, ids.invoice_of(appointment_id), wanted)

    async def dismiss(self, actor: Actor, orphan_id: UUID, reason: str) -> Orphan:
        """Take an orphan from Attention as it is."""
        return await self._payments.dismiss_orphan(actor, orphan_id, reason)
