"""What every endpoint takes: who asks, for which right, and the tenant's patients."""

from typing import Annotated

from fastapi import Depends, Request

from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession, Write
from careconnect.errors import Forbidden
from services.patients.models import Sealer
from services.patients.repository import Patients, Register

Reader = Annotated[Actor, require("patients:read")]
Writer = Annotated[Actor, require("patients:write")]
Reporter = Annotated[Actor, require("reports:read")]
Clinician = Annotated[Actor, require("patients:clinical")]


async def _patients(request: Request, session: Read) -> Patients:
    return Patients(session, await _sealer(request, session))


async def _register(request: Request, session: Write) -> Register:
    return Register(session, await _sealer(request, session))


async def _sealer(request: Request, session: ReadSession) -> Sealer:
    return Sealer(await session.tenant_keys(), request.app.state.settings.default_country)


PatientsOf = Annotated[Patients, Depends(_patients)]
"""The tenant's patients, in a transaction that only reads."""
RegisterOf = Annotated[Register, Depends(_register)]
"""The tenant's patients, in a transaction that changes something or notes who read."""


def expect_unlimited(actor: Actor) -> None:
    """Refuse the list of everybody to somebody who sees their own patients: whose they are is not known here.

    Raises:
        Forbidden: the actor is limited, and has to say among whom to look.
    """
    if actor.limited:
        raise Forbidden("Say among which patients to look.")


def may_read_medical(actor: Actor) -> bool:
    """Decide whether somebody sees the medical fields."""
    return actor.may("patients:clinical")


def refuse_medical(actor: Actor, *, named: bool) -> None:
    """Refuse medical fields from somebody who may not write them.

    Raises:
        Forbidden: some are `named`, and the actor lacks `patients:clinical`.
    """
    if named and not may_read_medical(actor):
        raise Forbidden("Medical information needs the right patients:clinical.", needed="patients:clinical")
