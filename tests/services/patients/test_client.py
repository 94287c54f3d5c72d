"""The typed client gives back what the service said, refusals as their own classes among it."""

from collections.abc import Callable
from typing import Any

import pytest

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, InvalidInput, VersionConflict
from careconnect.ids import uuid7
from services.patients import schemas
from services.patients.client import PatientsClient
from services.patients.errors import PatientArchived, PatientNotFound, PossibleDuplicate
from tests.services.patients.desk import NIMAL


@pytest.fixture
def patients(connect: Callable[[type[PatientsClient]], PatientsClient]) -> PatientsClient:
    """Connect the typed client."""
    return connect(PatientsClient)


@pytest.fixture
def clinician(actor: Callable[..., Actor]) -> Actor:
    """Make somebody who may do everything."""
    return actor("*")


def body(**also: Any) -> schemas.PatientWrite:
    return schemas.PatientWrite.model_validate(NIMAL | also)


async def test_every_call_gives_back_its_type(patients: PatientsClient, clinician: Actor) -> None:
    patient_id = uuid7()
    registered = await patients.register(clinician, patient_id, body(phone="0771234567"))
    assert await patients.get(clinician, patient_id) == registered
    assert (await patients.list(clinician, q="nim", count=True)).model_dump() == {
        "items": [registered.model_dump()],
        "next_cursor": None,
        "total": 1,
    }
    assert (await patients.names(clinician, [patient_id]))[0].name == "Nimal Perera"
    assert (await patients.contact(clinician, patient_id)).phone == "+94771234567"
    assert (await patients.standing(clinician, patient_id)).version == 1
    assert (await patients.count(clinician)).count == 1
    assert (await patients.figures(clinician, from_=registered.created_at)).new == 1
    patched = await patients.patch(clinician, patient_id, schemas.PatientPatch(email="n@example.com", version=1))
    assert (patched.email, patched.phone) == ("n@example.com", "+94771234567")
    contact = schemas.EmergencyContactWrite(name="Sunila", phone="0712345678")
    assert (await patients.emergency_contact(clinician, patient_id, contact)).emergency_contact
    medical = await patients.medical_info(clinician, patient_id, schemas.MedicalInfoPatch(blood_group="A+"))
    assert (medical.blood_group, medical.allergies) == ("A+", [])
    replaced = await patients.replace(clinician, patient_id, schemas.PatientReplacement.model_validate(NIMAL))
    assert (replaced.email, replaced.blood_group) == (None, None)
    assert (await patients.archive(clinician, patient_id)).archived
    assert not (await patients.restore(clinician, patient_id)).archived


async def test_refusals_arrive_as_their_own_classes(patients: PatientsClient, clinician: Actor) -> None:
    patient_id = uuid7()
    registered = await patients.register(clinician, patient_id, body(phone="0771234567"))
    with pytest.raises(PatientNotFound):
        await patients.standing(clinician, uuid7())
    with pytest.raises(PossibleDuplicate) as duplicate:
        await patients.register(clinician, uuid7(), body())
    candidates = [schemas.Candidate.model_validate(one) for one in duplicate.value.extra["candidates"]]
    assert [(one.id, one.mrn) for one in candidates] == [(patient_id, registered.mrn)]
    with pytest.raises(IdempotencyConflict):
        await patients.register(clinician, patient_id, body(gender="female"))
    with pytest.raises(InvalidInput) as invalid:
        await patients.register(clinician, uuid7(), body(phone="12"))
    assert [error.field for error in invalid.value.errors] == ["phone"]
    await patients.archive(clinician, patient_id)
    with pytest.raises(PatientArchived):
        await patients.standing(clinician, patient_id)
    with pytest.raises(VersionConflict):
        await patients.archive(clinician, patient_id, version=1)


async def test_a_patch_through_the_client_leaves_alone_what_it_does_not_name(
    patients: PatientsClient, clinician: Actor
) -> None:
    patient_id = uuid7()
    before = await patients.register(clinician, patient_id, body(allergies=["Dust"], language="si"))
    after = await patients.patch(clinician, patient_id, schemas.PatientPatch(language=None))
    assert after == before.model_copy(update={"language": None, "version": 2})
