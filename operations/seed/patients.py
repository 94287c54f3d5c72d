"""Registering many patients at once, sealed and found as the patients service itself would have it."""

from collections.abc import Sequence
from typing import Any

from careconnect.db import table_of
from operations.seed.bulk import Event, Writer
from operations.seed.ground import Ground
from operations.seed.people import Group, Patient, described
from operations.seed.team import Hands
from services.patients.identifiers import mrn
from services.patients.models import Patient as Record
from services.patients.models import Sealer, SearchTerm

_RECORDS, _TERMS = table_of(Record), table_of(SearchTerm)
_NEXT_NUMBERS = """
INSERT INTO counters (tenant_id, kind, value) VALUES ($1, 'mrn', $2)
ON CONFLICT (tenant_id, kind) DO UPDATE SET value = counters.value + $2 RETURNING value
"""


async def write(writer: Writer, ground: Ground, group: Group, country: str) -> int:
    """Register those of a group who are not registered yet, and tell how many; they are numbered without a gap."""
    async with writer.transaction():
        there = await writer.present(_RECORDS, [one.id for one in group.people])
        missing = [one for one in group.people if one.id not in there]
        if not missing:
            return 0
        last = await writer.connection.fetchval(_NEXT_NUMBERS, writer.tenant_id, len(missing))
        records = _records(ground, group, missing, Sealer(writer.keys, country), last - len(missing) + 1)
        await writer.insert(_RECORDS, [_row(patient, record) for patient, record in records])
        terms = [{"term": term, "number": record.number} for _, record in records for term in record.terms]
        await writer.insert(_TERMS, terms)
        await writer.tell(_registered(ground, patient, record) for patient, record in records)
    return len(missing)


def _records(
    ground: Ground, group: Group, people: Sequence[Patient], sealer: Sealer, first: int
) -> list[tuple[Patient, Record]]:
    return [
        (one, Record.register(sealer, one.id, number, *described(ground, group.name, one)))
        for number, one in enumerate(people, first)
    ]


def _row(patient: Patient, record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "number": record.number,
        "demographics": record.demographics,
        "clinical": record.clinical,
        "terms": record.terms,
        "registration": record.registration,
        "archived_at": None,
        "created_at": patient.registered_at,
        "updated_at": patient.registered_at,
        "version": 1,
    }


def _registered(ground: Ground, patient: Patient, record: Record) -> Event:
    desk = next(iter(Hands.of(ground).desks.values()))
    said = {"mrn": mrn(record.number)}
    return Event(patient.registered_at, desk, "patient.registered", "patient", record.id, said)
