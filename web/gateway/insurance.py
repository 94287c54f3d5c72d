"""Insurance as the edge sees it: who covers a patient, claims, and a batch of claims as a file."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from careconnect.auth import Actor
from careconnect.client import Connection
from careconnect.ids import derived_id
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.appointments.errors import AppointmentNotFound
from services.identity.client import IdentityClient
from services.patients.client import PatientsClient
from services.patients.schemas import PatientName
from services.payments.errors import CoverageNotFound
from services.payments.insurance.client import Asked, InsuranceClient
from services.payments.insurance.schemas import BatchContent, BatchLine, Claim, ClaimBatch, Coverage
from web.gateway.exports import decimal, harmless, written
from workflows import ids

_HEAD = (
    "batch", "claim", "payer_code", "policy_number", "authorisation_number", "patient", "mrn", "invoice", "visit_date",
    "total", "patient_share", "claimed", "currency",
)  # fmt: skip
_NAMES_AT_ONCE = 200
_VISITS_AT_ONCE = 20


class Insurance(InsuranceClient):
    """The calls about insurance, and what takes more than one of them."""

    def __init__(
        self,
        connection: Connection,
        patients: PatientsClient,
        appointments: AppointmentsClient,
        identity: IdentityClient,
    ) -> None:
        super().__init__(connection)
        self._patients = patients
        self._appointments = appointments
        self._identity = identity

    async def chosen(self, actor: Actor, patient_id: UUID, coverage_id: UUID, payer_id: UUID | None = None) -> Coverage:
        """Find the coverage of a patient that is named, with the payer where that is named too.

        Raises:
            CoverageNotFound: the patient has none such.
        """
        found = await self.coverages(_edge(actor, "payments:read"), patient_id)
        return _one(one for one in found if one.id == coverage_id and one.payer_id == (payer_id or one.payer_id))

    async def held(
        self, actor: Actor, patient_id: UUID, payer_id: UUID, start: datetime, location_id: UUID | None
    ) -> Coverage:
        """Find the coverage by which a payer covers a visit that starts then, on the local day that it has there.

        Raises:
            CoverageNotFound: the patient has none that holds on that day.
        """
        reader = _edge(actor, "payments:read", "identity:read")
        found, places = await asyncio.gather(self.coverages(reader, patient_id), self._identity.locations(reader))
        here = [one for one in places if one.id == location_id] or [one for one in places if one.active]
        day = start.astimezone(ZoneInfo(here[0].zone if here else "UTC")).date()
        return _one(one for one in found if one.payer_id == payer_id and one.holds(day))

    async def claim_for(self, actor: Actor, invoice_id: UUID) -> Claim:
        """Draft the claim for an invoice by hand, or find the one that it has."""
        return await self.draft_claim(actor, ids.claim_of(invoice_id), invoice_id)

    async def authorised(self, actor: Actor, invoice_id: UUID, number: str) -> None:
        """Keep a payer's authorisation number that came after its invoice."""
        await self.authorise_invoice(_edge(actor, "payments:write"), invoice_id, number)

    async def step(self, actor: Actor, claim_id: UUID, step_id: UUID, asked: Asked) -> Claim:
        """Take a step with a claim; the id is of this claim and step alone, whatever else the key was used for."""
        return await self.take_step(actor, claim_id, derived_id("claim step", claim_id, step_id), asked)

    async def submit(self, actor: Actor, batch_id: UUID, payer_id: UUID) -> ClaimBatch:
        """Submit all drafts of a payer as one batch, and keep what it looks like as a file."""
        content = await self.submit_batch(actor, batch_id, payer_id)
        if content.text is None:
            await self._keep(actor, content)
        return content.batch

    async def file(self, actor: Actor, batch_id: UUID) -> tuple[ClaimBatch, str]:
        """Give a batch with its file, which is the same each time.

        Raises:
            ClaimNotFound: there is no such batch.
        """
        content = await self.batch(actor, batch_id)
        return content.batch, content.text or await self._keep(actor, content)

    async def _keep(self, actor: Actor, content: BatchContent) -> str:
        lines = content.lines
        edge = _edge(actor, "patients:read", "appointments:read")
        names, days = await asyncio.gather(
            self._names(edge, [one.patient_id for one in lines]), self._days(edge, lines)
        )
        rows = (_row(content.batch, one, names.get(one.patient_id), days[one.claim_id]) for one in lines)
        return await self.keep_batch_file(actor, content.batch.id, written([_HEAD, *rows]))

    async def _names(self, edge: Actor, patients: Sequence[UUID]) -> dict[UUID, PatientName]:
        wanted = list(dict.fromkeys(patients))
        parts = [wanted[at : at + _NAMES_AT_ONCE] for at in range(0, len(wanted), _NAMES_AT_ONCE)]
        found = [await self._patients.names(edge, part) for part in parts]
        return {one.id: one for part in found for one in part}

    async def _days(self, edge: Actor, lines: Sequence[BatchLine]) -> dict[UUID, date]:
        found: dict[UUID, date] = {}
        for at in range(0, len(lines), _VISITS_AT_ONCE):
            part = lines[at : at + _VISITS_AT_ONCE]
            days = await asyncio.gather(*(self._day(edge, one) for one in part))
            found |= {one.claim_id: day for one, day in zip(part, days, strict=True)}
        return found

    async def _day(self, edge: Actor, line: BatchLine) -> date:
        """Tell on which local day the visit was; an invoice without one counts from its own day."""
        if line.appointment_id:
            try:
                visit = await self._appointments.standing(edge, line.appointment_id)
            except AppointmentNotFound:
                return line.issued_at.date()
            return visit.start.astimezone(ZoneInfo(visit.zone)).date()
        return line.issued_at.date()


def _row(batch: ClaimBatch, line: BatchLine, patient: PatientName | None, day: date) -> tuple[object, ...]:
    said: tuple[Money, ...] = (line.total, line.total - line.claimed, line.claimed)
    texts = (line.reference, batch.payer_code, line.policy_number, line.authorisation_number)
    who = (patient.name, patient.mrn) if patient else ("", "")
    words = (harmless(text) for text in (*texts, *who, line.invoice_number))
    return (batch.number, *words, day.isoformat(), *(decimal(one) for one in said), line.total.currency)


def _one(coverages: Iterator[Coverage]) -> Coverage:
    found = next(coverages, None)
    if found is None:
        raise CoverageNotFound
    return found


def _edge(actor: Actor, *scopes: str) -> Actor:
    return Actor.system(*scopes, tenant_id=actor.tenant_id)
