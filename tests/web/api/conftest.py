"""Records of one organisation, for tests that walk over all endpoints."""

from datetime import UTC, datetime

import pytest

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity.roles import ALL
from services.payments.schemas import CheckBegin, OrphanKind, OrphanNote
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
    leave = {"kind": "leave", "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-02T00:00:00Z"}
    exception = await clinic.made(f"/consultants/{clinic.consultant}/exceptions", leave)
    values = {"starts_at": "2030-01-01T09:00:00Z", "zone": "Asia/Colombo"}
    message = {"patient_id": patient, "channel": "sms", "template": "reminder", "values": values}
    price = {"visit_type_id": clinic.desk_visit, "price": {"amount": 350000, "currency": "LKR"}}
    far = {"patient_id": patient, "visit_type_id": clinic.paid_visit, "earliest": f"{datetime.now(UTC).year + 1}-12-01"}
    free = await clinic.slot()
    return {
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
        "invoice_id": booked["invoice"]["id"],
        "payment_id": booked["payment"]["id"],
        "message_id": await clinic.made("/messages", message),
        "workflow_id": booked["workflow_id"],
        "period": "2026-01",
    }


async def _orphan(clinic: Clinic) -> str:
    payments, check_id = clinic.gateway.payments, uuid7()
    actor = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    await payments.begin_check(actor, check_id, CheckBegin())
    await payments.note_orphans(actor, check_id, [OrphanNote(kind=OrphanKind.amounts_differ, subject_id=uuid7())])
    return str((await payments.orphans(actor, limit=1)).items[0].id)


@pytest.fixture
def strangers() -> dict[str, str]:
    """Give ids that nobody has."""
    names = ("patient", "consultant", "exception", "visit_type", "location", "appointment", "invoice", "payment")
    unknown = {
        f"{name}_id": str(uuid7()) for name in (*names, "message", "price", "room", "orphan", "series", "entry", "hold")
    }
    return unknown | {"workflow_id": f"appointment-{uuid7()}", "period": "2026-01", "number": "1"}
