"""Registering and changing patients."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from careconnect.auth import Actor
from careconnect.service import problem_response
from services.patients import schemas
from services.patients.api.access import Clinician, RegisterOf, Writer, may_read_medical, refuse_medical
from services.patients.errors import PossibleDuplicate
from services.patients.identifiers import mrn, reachable
from services.patients.models import Patient
from services.patients.repository import Register
from services.patients.schemas import Demographics, MedicalInfo

router = APIRouter(tags=["patients"])
_RECORD: dict[str, Any] = {"response_model": schemas.Patient, "response_model_exclude_unset": True}
_MOST_CANDIDATES = 10


@router.put("/patients/{patient_id}", summary="Register a patient", status_code=201, **_RECORD)
async def register(
    patient_id: UUID,
    body: schemas.PatientWrite,
    patients: RegisterOf,
    *,
    actor: Writer,
    request: Request,
    response: Response,
) -> Any:
    """Open a record under an id of the caller's. The same again answers 200 with the record and changes nothing."""
    person, medical = reachable(body.demographics(), patients.sealer.country), body.medical()
    refuse_medical(actor, named=medical != MedicalInfo())
    await patients.queue()
    known = await patients.find(patient_id)
    if known is not None:
        known.repeat(patients.sealer.keys, person, medical)
        response.status_code = 200
        return _shown(known, patients, actor)
    if not body.confirm_duplicate and (alike := await patients.lookalikes(person, besides=patient_id)):
        return _possible_duplicate(alike, patients, request)
    patient = Patient.register(patients.sealer, patient_id, await patients.next_number(), person, medical)
    await patients.add(patient)
    patients.session.record("patient.registered", "patient", patient_id, data={"mrn": mrn(patient.number)})
    return _shown(patient, patients, actor)


@router.put("/patients/{patient_id}/record", summary="Replace a patient's record", **_RECORD)
async def replace(
    patient_id: UUID, body: schemas.PatientReplacement, patients: RegisterOf, actor: Writer, request: Request
) -> Any:
    """Write the whole record anew. The medical fields stay as they are for those who may not write them."""
    refuse_medical(actor, named=body.medical() != MedicalInfo())
    patient = await patients.get(patient_id)
    patient.expect(body.version)
    medical = body.medical() if may_read_medical(actor) else patient.medical(patients.sealer.keys)
    return await _change(patient, body, (body.demographics(), medical), patients, actor=actor, request=request)


@router.patch("/patients/{patient_id}", summary="Change some fields of a patient's record", **_RECORD)
async def patch(
    patient_id: UUID, body: schemas.PatientPatch, patients: RegisterOf, actor: Writer, request: Request
) -> Any:
    """Change the fields that are named; null empties one."""
    refuse_medical(actor, named=bool(body.chosen(MedicalInfo)))
    patient = await patients.get(patient_id)
    patient.expect(body.version)
    keys = patients.sealer.keys
    person = Demographics.model_validate(patient.person(keys).model_dump() | body.chosen(Demographics))
    medical = MedicalInfo.model_validate(patient.medical(keys).model_dump() | body.chosen(MedicalInfo))
    return await _change(patient, body, (person, medical), patients, actor=actor, request=request)


@router.patch("/patients/{patient_id}/emergency-contact", summary="Change whom to call", **_RECORD)
async def emergency_contact(
    patient_id: UUID, body: schemas.EmergencyContactWrite, patients: RegisterOf, actor: Writer
) -> Any:
    """Name the person to call from now on."""
    patient = await patients.get(patient_id)
    patient.expect(body.version)
    contact = schemas.EmergencyContact(name=body.name, phone=body.phone)
    person = patient.person(patients.sealer.keys).model_copy(update={"emergency_contact": contact})
    patient.describe(patients.sealer, reachable(person, patients.sealer.country))
    return await _saved(patient, "patient.emergency_contact_changed", patients, actor)


@router.patch("/patients/{patient_id}/medical-info", summary="Change medical information", **_RECORD)
async def medical_info(patient_id: UUID, body: schemas.MedicalInfoPatch, patients: RegisterOf, actor: Clinician) -> Any:
    """Change the medical fields that are named."""
    keys = patients.sealer.keys
    patient = await patients.get(patient_id)
    patient.expect(body.version)
    patient.note(keys, MedicalInfo.model_validate(patient.medical(keys).model_dump() | body.chosen()))
    return await _saved(patient, "patient.medical_info_changed", patients, actor)


@router.delete("/patients/{patient_id}", summary="Archive a patient's record", **_RECORD)
async def archive(
    patient_id: UUID, patients: RegisterOf, actor: Writer, version: Annotated[int | None, Query(ge=1)] = None
) -> Any:
    """Put the record away: it can be read and restored, and nothing of it is lost."""
    patient = await patients.get(patient_id)
    patient.expect(version)
    patient.archive()
    return await _saved(patient, "patient.archived", patients, actor)


@router.post("/patients/{patient_id}/restoration", summary="Restore an archived record", **_RECORD)
async def restore(patient_id: UUID, patients: RegisterOf, actor: Writer) -> Any:
    """Take the record out of the archive."""
    patient = await patients.get(patient_id)
    patient.restore()
    return await _saved(patient, "patient.restored", patients, actor)


async def _change(
    patient: Patient,
    body: schemas.PatientReplacement | schemas.PatientPatch,
    said: tuple[Demographics, MedicalInfo],
    patients: Register,
    *,
    actor: Actor,
    request: Request,
) -> Any:
    keys, country = patients.sealer.keys, patients.sealer.country
    person, medical = reachable(said[0], country), said[1]
    if patient.would_pass_for_another(keys, person) and not body.confirm_duplicate:
        await patients.queue()
        if alike := await patients.lookalikes(person, besides=patient.id):
            return _possible_duplicate(alike, patients, request)
    patient.describe(patients.sealer, person)
    patient.note(keys, medical)
    return await _saved(patient, "patient.changed", patients, actor)


async def _saved(patient: Patient, action: str, patients: Register, actor: Actor) -> schemas.Patient:
    if patients.session.is_modified(patient):
        await patients.save(patient)
        patients.session.record(action, "patient", patient.id, data={"version": patient.version})
    return _shown(patient, patients, actor)


def _shown(patient: Patient, patients: Register, actor: Actor) -> schemas.Patient:
    patients.session.record_access("patient.read", "patient", patient.id)
    return patient.shown(patients.sealer.keys, clinical=may_read_medical(actor))


def _possible_duplicate(alike: list[Patient], patients: Register, request: Request) -> Response:
    # Answered rather than raised: the transaction is kept, and with it the note that these records were shown.
    candidates = []
    for patient in alike[:_MOST_CANDIDATES]:
        patients.session.record_access("patient.suggested", "patient", patient.id)
        candidates.append(_candidate(patient, patients).model_dump(mode="json"))
    return problem_response(PossibleDuplicate(candidates=candidates), request.url.path)


def _candidate(patient: Patient, patients: Register) -> schemas.Candidate:
    person = patient.person(patients.sealer.keys)
    return schemas.Candidate(
        id=patient.id,
        name=person.name,
        mrn=mrn(patient.number),
        date_of_birth=person.date_of_birth,
        archived=patient.archived_at is not None,
    )
