"""Records of one organisation, for tests that walk over all endpoints."""

from datetime import UTC, datetime
from typing import Any

import pytest

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity.roles import ALL
from services.payments.schemas import CheckBegin, OrphanKind, OrphanNote
from tests.web.api.contract import ENDPOINTS
from tests.web.clinic import Clinic


@pytest.fixture(scope="module")
async def records(clinic: Clinic) -> dict[str, str]:
    """Make a record of every kind, and name each as the paths of the contract do."""
    return await _records(clinic)


@pytest.fixture(scope="module")
async def other_records(other_clinic: Clinic) -> dict[str, str]:
    """Make the same in another organisation."""
    return await _records(other_clinic)


async def _records(clinic: Clinic) -> dict[str, str]:
    booked = await clinic.booked()
    patient = booked["patient"]["id"]
    away = await clinic.booked(patient_id=patient)
    leave = {"kind": "leave", "starts_at": away["start"], "ends_at": away["end"]}
    exception = await clinic.made(f"/consultants/{clinic.consultant}/exceptions", leave)
    values = {"starts_at": "2030-01-01T09:00:00Z", "zone": "Asia/Colombo"}
    message = {"patient_id": patient, "channel": "sms", "template": "reminder", "values": values}
    price = {"visit_type_id": clinic.desk_visit, "price": _lkr(350_000)}
    far = {"patient_id": patient, "visit_type_id": clinic.paid_visit, "earliest": f"{datetime.now(UTC).year + 1}-12-01"}
    free = await clinic.slot()
    for place in (f"/consultants/{clinic.consultant}", f"/locations/{clinic.location}"):
        assert (await clinic.post(f"{place}/calendar-feed", json={})).is_success
    owed = await _owed(clinic, patient)
    drafted = {"patient_id": patient, "lines": [{"description": "Certificate", "unit": _lkr(1_000)}]}
    return {
        "draft_id": await clinic.made("/payments/invoices/drafts", drafted),
        "link_id": await clinic.made("/payments/links", {"invoice_id": owed}),
        "absence_id": await clinic.made(f"/consultants/{clinic.consultant}/absences", {"exception_id": exception}),
        **await _insurance(clinic, patient),
        "drawer_id": await clinic.made("/drawers", {"location_id": clinic.location, "opening": {"sum": _lkr(5000)}}),
        "kind": "sandbox",
        "hold_id": await clinic.made("/holds", {"visit_type_id": clinic.paid_visit, "start": free["start"]}),
        "series_id": await clinic.repeated(patient),
        "number": "1",
        "entry_id": await clinic.made("/waitlist", far),
        "room_id": await clinic.made("/rooms", {"location_id": clinic.location, "name": "Room 1"}),
        "orphan_id": await _orphan(clinic),
        "price_id": await clinic.made("/price-lists", price),
        "patient_id": patient,
        "consultant_id": clinic.consultant,
        "exception_id": exception,
        "visit_type_id": clinic.paid_visit,
        "location_id": clinic.location,
        "appointment_id": booked["id"],
        "invoice_id": owed,
        "payment_id": booked["payment"]["id"],
        "message_id": await clinic.made("/messages", message),
        "workflow_id": booked["workflow_id"],
        "period": "2026-01",
    }


def _lkr(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "LKR"}


async def _owed(clinic: Clinic, patient: str) -> str:
    lines = [{"description": "X-ray", "unit": _lkr(350_000)}]
    invoice = await clinic.made("/payments/invoices", {"patient_id": patient, "lines": lines})
    reminded = await clinic.post(f"/payments/invoices/{invoice}/reminders")
    assert reminded.status_code == 201, reminded.text
    return invoice


async def _insurance(clinic: Clinic, patient: str) -> dict[str, str]:
    """Cover the patient, let them come, and claim what the payer owes, one claim by itself and in a batch."""
    payer = await clinic.made("/payers", {"name": "Lanka Health", "code": "LHI"})
    cover = {"payer_id": payer, "policy_number": "0042", "rate": 8000}
    coverage = await clinic.made(f"/patients/{patient}/coverages", cover)
    visit = await clinic.booked(patient_id=patient, coverage_id=coverage)
    claim = await clinic.made("/claims", {"invoice_id": visit["invoice"]["id"]})
    batch = await clinic.made("/claims/batches", {"payer_id": payer})
    return {"payer_id": payer, "coverage_id": coverage, "claim_id": claim, "batch_id": batch}


async def _orphan(clinic: Clinic) -> str:
    payments, check_id = clinic.gateway.payments, uuid7()
    actor = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    await payments.begin_check(actor, check_id, CheckBegin())
    await payments.note_orphans(actor, check_id, [OrphanNote(kind=OrphanKind.amounts_differ, subject_id=uuid7())])
    return str((await payments.orphans(actor, limit=1)).items[0].id)


@pytest.fixture
def strangers() -> dict[str, str]:
    """Give ids that nobody has."""
    unknown = {name: str(uuid7()) for endpoint in ENDPOINTS for name in endpoint.parameters if name.endswith("_id")}
    everybodys = {"period": "2026-01", "number": "1", "kind": "sandbox"}
    return unknown | everybodys | {"workflow_id": f"appointment-{uuid7()}"}
