"""A patient who is not one's own: asked why, and opened for a while; found by the exact MRN and by nothing else."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from careconnect.auth import Actor
from services.appointments.reach.schemas import Reason
from web.forms import Form
from web.pages.screen import OK, Screen, local, needs
from web.words import gettext

router = APIRouter(prefix="/patients", include_in_schema=False)
Reader = Annotated[Screen, needs("patients:read")]
_REASON: TypeAdapter[str] = TypeAdapter(Reason)
_UNREADY = 422


@router.get("/{patient_id}/access")
async def ask(patient_id: UUID, screen: Reader) -> Response:
    """Ask why; nothing of the patient is shown before."""
    form = screen.form("access", back=local(screen.request.query_params.get("back"), f"/patients/{patient_id}"))
    return _form(screen, form, f"/patients/{patient_id}/access")


@router.post("/{patient_id}/access")
async def open_patient(patient_id: UUID, screen: Reader) -> Response:
    """Open the record and go where the person was going."""
    form = await screen.submitted("access")
    return await _opened(screen, form, patient_id, f"/patients/{patient_id}/access")


@router.get("/elsewhere")
async def elsewhere(screen: Reader) -> Response:
    """Ask for the MRN of somebody who is not on one's own list, and why."""
    return _form(screen, screen.form("access"), "/patients/elsewhere")


@router.post("/elsewhere")
async def find(screen: Reader) -> Response:
    """Open the record that has exactly this MRN."""
    form = await screen.submitted("access")
    patient_id = await _of_mrn(screen, form.values["mrn"].strip())
    if patient_id is None:
        form.object(gettext("No patient has this MRN; write it whole"), "mrn")
        return _form(screen, form, "/patients/elsewhere", _UNREADY)
    return await _opened(screen, form, patient_id, "/patients/elsewhere")


async def _of_mrn(screen: Screen, mrn: str) -> UUID | None:
    edge = Actor.system("patients:read", tenant_id=screen.actor.tenant_id)
    found = await screen.gateway.patients.list(edge, q=mrn, limit=10) if mrn else None
    return next((one.id for one in found.items if one.mrn.casefold() == mrn.casefold()), None) if found else None


async def _opened(screen: Screen, form: Form, patient_id: UUID, action: str) -> Response:
    try:
        reason = _REASON.validate_python(form.values["reason"])
    except ValidationError:
        form.object(gettext("Say why in a few words"), "reason")
        return _form(screen, form, action, _UNREADY)
    await screen.gateway.reach.open_patient(screen.actor, patient_id, reason, form.key)
    return screen.done(gettext("Opened for 12 hours"), local(form.values["back"], f"/patients/{patient_id}"))


def _form(screen: Screen, form: Form, action: str, status: int = OK) -> Response:
    return screen.page("patients/access.html", http=status, form=form, action=action)
