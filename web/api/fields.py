"""Input that only the edge can check, since it takes more than one service to know whether it is right."""

from uuid import UUID

from pydantic import ValidationError

from careconnect.auth import Actor
from careconnect.errors import FieldError, InvalidInput
from services.patients.errors import PatientArchived
from web.gateway import Gateway


def wrong(field: str, code: str, message: str) -> InvalidInput:
    """Refuse one field."""
    return InvalidInput(errors=[FieldError(field=field, code=code, message=message)])


def of_validation(error: ValidationError) -> InvalidInput:
    """Refuse what a service's own wire model does not take."""
    return InvalidInput(errors=[FieldError.of(dict(one)) for one in error.errors()])


def own_account(actor: Actor, *scopes: str) -> Actor:
    """Let the edge look something up that its answer needs, whether or not the caller may read all of it."""
    return Actor.system(*scopes, tenant_id=actor.tenant_id)


async def expect_appointment(gateway: Gateway, actor: Actor, appointment_id: UUID | None, patient_id: UUID) -> None:
    """Refuse an appointment that this tenant does not have, or that is another patient's.

    Raises:
        AppointmentNotFound: there is no such appointment.
        InvalidInput: it is another patient's.
    """
    if appointment_id is None:
        return
    found = await gateway.appointments.standing(own_account(actor, "appointments:read"), appointment_id)
    if found.patient_id != patient_id:
        raise wrong("appointment_id", "of_another_patient", "This appointment is another patient's.")


async def expect_patient(gateway: Gateway, actor: Actor, patient_id: UUID) -> None:
    """Refuse a patient whom this tenant does not have; an archived one may still owe, and have wishes.

    Raises:
        PatientNotFound: there is no such patient.
    """
    try:
        await gateway.patients.standing(own_account(actor, "patients:read"), patient_id)
    except PatientArchived:
        return
