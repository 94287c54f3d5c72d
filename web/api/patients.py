"""`/patients`: registration, the record, and everything that happened to a patient."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.appointments.reach.schemas import PatientAccess, Reason
from services.notifications.schemas import Preferences
from services.patients import schemas
from services.patients.errors import PatientArchived, PatientNotFound, PossibleDuplicate
from services.patients.schemas import Patient
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.fields import expect_patient
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.gateway.balances import PatientBalance
from web.gateway.history import HistoryItem, patient_history
from web.session import Door, may


class AccessCreate(BaseModel):
    """Why somebody needs to see a patient who is not their own."""

    reason: Reason = Field(description="kept in the audit with who it was")


router = APIRouter(prefix="/patients", tags=["patients"])
Reader = Annotated[Actor, may("patients:read")]
Writer = Annotated[Actor, may("patients:write")]
Clinician = Annotated[Actor, may("patients:clinical")]


def _record(*kinds: Any, status: int = 200) -> dict[str, Any]:
    """Declare an endpoint that answers with a record; medical fields are absent for those who may not read them."""
    return {
        "response_model": Patient,
        "response_model_exclude_unset": True,
        "status_code": status,
        "responses": {status: TAGGED, **refusals(*kinds)},
    }


_CHANGE = _record(PatientNotFound, PatientArchived, VersionConflict)


@router.get("", summary="List patients, or find them by anything that is known of them", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    q: Annotated[str | None, Query(max_length=200, description="name, phone, MRN, national id, date of birth")] = None,
    sort: Annotated[schemas.Sort, Query(description="a minus puts the latest first")] = "-registered",
    *,
    archived: Annotated[bool, Query(description="the archived ones instead")] = False,
) -> Page[Patient]:
    """List by `sort`; with `q`, those that have every word of it, where the beginning of a name is enough."""
    return listed(await gateway.patients.list(actor, q=q, archived=archived, sort=sort, **paging.model_dump()))


@router.post("", summary="Register a patient", **_record(PossibleDuplicate, IdempotencyConflict, status=201))
async def register(
    body: schemas.PatientWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None
) -> Patient:
    """Open a record. Somebody who looks the same is refused with `candidates`, unless `confirm_duplicate` is set."""
    return tag(await gateway.patients.register(actor, minted("patient", actor, key), body))


@router.get("/count", summary="Count the patients who are not archived")
async def count(actor: Reader, gateway: Door) -> schemas.Count:
    """Give one number."""
    return await gateway.patients.count(actor)


@router.get("/{patient_id}", summary="Read a patient's record", **_record(PatientNotFound))
async def read(patient_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Patient:
    """Give the record; the reading is noted in the audit. The medical fields come with `patients:clinical`."""
    return tag(await gateway.patients.get(actor, patient_id))


@router.put("/{patient_id}", summary="Replace a patient's record", **_CHANGE)
async def replace(
    patient_id: UUID, body: schemas.PatientReplacement, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Patient:
    """Write the whole record anew."""
    return tag(await gateway.patients.replace(actor, patient_id, as_seen(body, seen)))


@router.patch("/{patient_id}", summary="Change some fields of a patient's record", **_CHANGE)
async def patch(
    patient_id: UUID, body: schemas.PatientPatch, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Patient:
    """Change the fields that are named; null empties one."""
    return tag(await gateway.patients.patch(actor, patient_id, as_seen(body, seen)))


@router.delete("/{patient_id}", summary="Archive a patient's record", **_record(PatientNotFound, VersionConflict))
async def archive(patient_id: UUID, actor: Writer, gateway: Door, tag: Tagged, seen: IfMatch) -> Patient:
    """Put the record away; nothing of it is lost, and a repeat is harmless."""
    return tag(await gateway.patients.archive(actor, patient_id, version=seen))


@router.patch("/{patient_id}/emergency-contact", summary="Change whom to call in an emergency", **_CHANGE)
async def emergency_contact(
    patient_id: UUID, body: schemas.EmergencyContactWrite, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Patient:
    """Name the person to call from now on."""
    return tag(await gateway.patients.emergency_contact(actor, patient_id, as_seen(body, seen)))


@router.patch("/{patient_id}/medical-info", summary="Change medical information", **_CHANGE)
async def medical_info(
    patient_id: UUID, body: schemas.MedicalInfoPatch, actor: Clinician, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Patient:
    """Change the medical fields that are named."""
    return tag(await gateway.patients.medical_info(actor, patient_id, as_seen(body, seen)))


@router.post(
    "/{patient_id}/access",
    summary="Open a patient who is not one's own, with a reason",
    status_code=201,
    responses=refusals(PatientNotFound),
)
async def open_patient(
    patient_id: UUID, body: AccessCreate, actor: Reader, gateway: Door, key: IdempotencyKey = None
) -> PatientAccess:
    """See this patient for 12 hours; who it was and why is in the audit.

    A clinician sees the patients with an appointment of theirs. About another one every endpoint answers
    `reason_needed`, with the `patient_id` that is to be opened here. Who sees everybody gains nothing by it.
    """
    return await gateway.reach.open_patient(actor, patient_id, body.reason, key)


@router.get(
    "/{patient_id}/timeline",
    summary="Everything that happened to a patient and is planned",
    responses=refusals(PatientNotFound),
    **LIST,
)
async def timeline(
    patient_id: UUID,
    actor: Reader,
    gateway: Door,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[HistoryItem]:
    """Give visits, series, waiting, invoices, payments and messages, newest first; what the caller may read of it."""
    return await patient_history(gateway, actor, patient_id, limit=limit, cursor=cursor)


@router.get(
    "/{patient_id}/balance",
    summary="Read what a patient owes, and what is held for them",
    responses={200: TAGGED, **refusals(PatientNotFound)},
)
async def balance(
    patient_id: UUID, actor: Annotated[Actor, may("payments:read")], gateway: Door, tag: Tagged
) -> PatientBalance:
    """Add up what is open on issued invoices, and what was paid beyond; pay with it by the method `patient_credit`."""
    await expect_patient(gateway, actor, patient_id)
    return tag(await gateway.money.balance(actor, patient_id))


@router.get(
    "/{patient_id}/message-preferences",
    summary="Read on which channels a patient wants messages",
    responses={200: TAGGED, **refusals(PatientNotFound)},
)
async def preferences(
    patient_id: UUID, actor: Annotated[Actor, may("messages:read")], gateway: Door, tag: Tagged
) -> Preferences:
    """Give them; who never said wants both, which is version 0."""
    await expect_patient(gateway, actor, patient_id)
    return tag(await gateway.messages.preferences(actor, patient_id))


@router.put(
    "/{patient_id}/message-preferences",
    summary="Change on which channels a patient wants messages",
    responses={200: TAGGED, **refusals(PatientNotFound, VersionConflict)},
)
async def set_preferences(
    patient_id: UUID,
    body: Preferences,
    actor: Annotated[Actor, may("messages:write")],
    gateway: Door,
    tag: Tagged,
    *,
    seen: IfMatch,
) -> Preferences:
    """Opt in or out per channel; nothing more goes out on a channel that was opted out of."""
    await expect_patient(gateway, actor, patient_id)
    return tag(await gateway.messages.set_preferences(actor, patient_id, as_seen(body, seen)))
