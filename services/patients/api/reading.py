"""Reading patients; each reading of a record is noted in the audit."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.pagination import Page, PagingQuery
from services.patients import schemas
from services.patients.api.access import PatientsOf, Reader, RegisterOf, Reporter, expect_unlimited, may_read_medical
from services.patients.identifiers import mrn
from services.patients.models import Patient

router = APIRouter(tags=["patients"])


@router.get(
    "/patients",
    summary="List patients, or find them by anything that is known of them",
    response_model=Page[schemas.Patient],
    response_model_exclude_unset=True,
)
async def search(
    patients: RegisterOf,
    actor: Reader,
    paging: PagingQuery,
    q: Annotated[str | None, Query(max_length=200, description="name, phone, MRN, national id, date of birth")] = None,
    sort: schemas.Sort = "-registered",
    *,
    archived: bool = False,
) -> Page[schemas.Patient]:
    """List in the order of `sort`. With `q`, those that have every word of it: beginnings of names count as names."""
    expect_unlimited(actor)
    found = await patients.page(q, archived=archived, paging=paging, sort=sort)
    _note_shown("patients.searched" if q else "patients.listed", patients, found.items)
    clinical = may_read_medical(actor)
    return found.of(lambda patient: patient.shown(patients.sealer.keys, clinical=clinical))


@router.post(
    "/patients/search",
    summary="List or find patients among some",
    response_model=Page[schemas.Patient],
    response_model_exclude_unset=True,
)
async def search_among(asked: schemas.Search, patients: RegisterOf, actor: Reader) -> Page[schemas.Patient]:
    """List those of `among` as the list of all does, for somebody who does not see everybody."""
    found = await patients.page(asked.q, archived=asked.archived, paging=asked, sort=asked.sort, among=asked.among)
    _note_shown("patients.searched" if asked.q else "patients.listed", patients, found.items)
    clinical = may_read_medical(actor)
    return found.of(lambda patient: patient.shown(patients.sealer.keys, clinical=clinical))


@router.get("/patients/count", summary="Count the patients who are not archived")
async def count(patients: PatientsOf, _actor: Reader) -> schemas.Count:
    """Give one number."""
    return schemas.Count(count=await patients.count())


@router.post("/patients/names", summary="Give the names of up to 200 patients")
async def names(body: schemas.NamesQuery, patients: RegisterOf, _actor: Reader) -> list[schemas.PatientName]:
    """Give a line for each id that is a patient of the tenant; others are left out."""
    found = {patient.id: patient for patient in await patients.some(body.ids)}
    if found:
        _note_shown("patients.named", patients, found.values())
    return [_line(found[patient_id], patients) for patient_id in dict.fromkeys(body.ids) if patient_id in found]


@router.get(
    "/patients/{patient_id}",
    summary="Read a patient's record",
    response_model=schemas.Patient,
    response_model_exclude_unset=True,
)
async def read(patient_id: UUID, patients: RegisterOf, actor: Reader) -> schemas.Patient:
    """Give the record; the medical fields only with `patients:clinical`."""
    patient = await patients.get(patient_id)
    patients.session.record_access("patient.read", "patient", patient_id)
    return patient.shown(patients.sealer.keys, clinical=may_read_medical(actor))


@router.get("/patients/{patient_id}/contact", summary="Read how to reach a patient")
async def contact(patient_id: UUID, patients: RegisterOf, _actor: Reader) -> schemas.Contact:
    """Give name, e-mail, telephone and language."""
    patient = await patients.get(patient_id)
    patients.session.record_access("patient.contact_read", "patient", patient_id)
    person = patient.person(patients.sealer.keys)
    return schemas.Contact(
        id=patient.id, name=person.name, email=person.email, phone=person.phone, language=person.language or "en"
    )


@router.get("/patients/{patient_id}/standing", summary="Tell whether a patient can be booked")
async def standing(patient_id: UUID, patients: PatientsOf, _actor: Reader) -> schemas.Standing:
    """Answer without opening the record; an unknown patient is 404, an archived one 409."""
    return await patients.standing(patient_id)


@router.get("/figures", summary="Give the numbers of the dashboard")
async def figures(
    period: Annotated[schemas.Period, Query()], patients: PatientsOf, _actor: Reporter
) -> schemas.Figures:
    """Count all patients, and those registered in the period."""
    return await patients.figures(period)


def _note_shown(action: str, patients: RegisterOf, shown: Iterable[Patient]) -> None:
    """Note in one audit event whose records were shown, however many."""
    ids = [str(patient.id) for patient in shown]
    patients.session.record_access(action, "tenant", patients.session.tenant_id, data={"shown": ids})


def _line(patient: Patient, patients: PatientsOf) -> schemas.PatientName:
    return schemas.PatientName(
        id=patient.id,
        name=patient.name(patients.sealer.keys),
        mrn=mrn(patient.number),
        archived=patient.archived_at is not None,
    )
