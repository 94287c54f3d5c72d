"""Patients: the list with its search, the record, and what changes it."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from babel import Locale
from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.appointments.schemas import AppointmentFilter, Status
from services.notifications.schemas import Preferences
from services.patients.errors import PossibleDuplicate
from services.patients.schemas import Candidate, Patient
from web.forms import Form
from web.pages import coverages, history, naming
from web.pages.days import today
from web.pages.links import link
from web.pages.patient_form import choices, filled, replacement, write
from web.pages.screen import Screen, needs
from web.pages.sorting import Sorting
from web.words import gettext, locale

router = APIRouter(prefix="/patients", include_in_schema=False)
Reader = Annotated[Screen, needs("patients:read")]
Writer = Annotated[Screen, needs("patients:write")]
_SHOWN = 30
_LIKELY = 3


@router.get("")
async def listed(
    screen: Reader, q: str = "", sort: str = "", cursor: str | None = None, *, archived: bool = False
) -> Response:
    """List the newest first or as the address says, or what was searched for."""
    sorting = Sorting.of("/patients", ("-registered",), sort, q=q, archived="true" if archived else "")
    page = await screen.gateway.patients.list(
        screen.actor,
        q=q or None,
        archived=archived,
        sort=sorting.sort,
        limit=_SHOWN,
        cursor=cursor,
        count=not q and not cursor,
    )
    template = "patients/_rows.html" if cursor else "patients/_results.html"
    return screen.page(
        template if screen.htmx else "patients/list.html",
        page=page,
        query=q,
        archived=archived,
        total=page.total,
        sorting=sorting,
        next_href=page.next_cursor and link("/patients", **sorting.here, cursor=page.next_cursor),
    )


@router.get("/options")
async def options(screen: Reader, find: str = "") -> Response:
    """Offer patients to choose from while somebody types, and to register whoever is not among them."""
    return await _options(screen, find, new=True)


@router.get("/options/known")
async def known_options(screen: Reader, find: str = "") -> Response:
    """Offer patients to narrow a list by; nobody new would be on it."""
    return await _options(screen, find, new=False)


async def _options(screen: Screen, find: str, *, new: bool) -> Response:
    found = await screen.gateway.patients.list(screen.actor, q=find, limit=6) if find.strip() else None
    return screen.page(
        "appointments/_patient_options.html",
        items=found.items if found else [],
        more=bool(found and found.next_cursor),
        query=find.strip(),
        new=new,
    )


@router.get("/new")
async def new(screen: Writer, name: str = "") -> Response:
    """Begin a registration, perhaps with the name that was searched for."""
    first, _, last = name.strip().partition(" ")
    wanted = {"language": screen.person.session.locale[:2], "gender": "unknown"}
    purpose = screen.request.query_params.get("for", "")
    form = screen.form("patient", first_name=first, last_name=last, purpose=purpose, **wanted)
    return _form(screen, form, None)


@router.post("/duplicates")
async def duplicates(screen: Writer) -> Response:
    """Look, while somebody still types, who might be the same person."""
    typed = (await screen.submitted("patient")).values
    name = f"{typed['first_name']} {typed['last_name']}".strip()
    sought = [text for text in (typed["national_id"], typed["phone"], name if typed["last_name"] else "") if text]
    read = screen.gateway.patients.list
    pages = await asyncio.gather(*(read(screen.actor, q=text, limit=_LIKELY) for text in sought))
    found = {one.id: one for page in pages for one in page.items if str(one.id) != typed["patient_id"]}
    return screen.page("patients/_duplicates.html", candidates=list(found.values())[:_LIKELY], certain=False)


@router.post("")
async def register(screen: Writer) -> Response:
    """Register; somebody who looks the same is shown first."""
    form = await screen.submitted("patient")
    wanted = write(form, clinical=screen.actor.may("patients:clinical"))
    if wanted is None:
        return _form(screen, form, None, 422)
    patient_id = derived_id("patient form", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        patient = await screen.gateway.patients.register(screen.actor, patient_id, wanted)
    except PossibleDuplicate as refusal:
        return _form(screen, form, None, refusal.status, refusal.extra["candidates"])
    except Refusal as refusal:
        return _form(screen, form.refuse(refusal), None, refusal.status)
    message = gettext("Patient registered")
    if screen.htmx and form.values["purpose"] == "booking":
        chosen = {"id": str(patient.id), "name": patient.name}
        return screen.closed(message, tell={"patient-registered": chosen})
    return screen.done(message, f"/patients/{patient.id}")


@router.get("/{patient_id}")
async def profile(patient_id: UUID, screen: Reader) -> Response:
    """Show a record; the reading is noted."""
    of = AppointmentFilter(patient_id=[patient_id])
    patient, recent, summary, balance, preferences, covered, (told, more) = await asyncio.gather(
        screen.gateway.patients.get(screen.actor, patient_id),
        _if(screen, "appointments:read", lambda: screen.gateway.appointments.list(screen.actor, of, sort="-start")),
        _if(screen, "appointments:read", lambda: screen.gateway.appointments.summary(screen.actor, of)),
        _if(screen, "payments:read", lambda: screen.gateway.money.balance(screen.actor, patient_id)),
        _if(screen, "messages:read", lambda: screen.gateway.messages.preferences(screen.actor, patient_id)),
        _if(screen, "payments:read", lambda: coverages.shown(screen, patient_id, today(screen.frame))),
        history.newest(screen, patient_id),
    )
    counted = summary.by_status if summary else {}
    return screen.page(
        "patients/profile.html",
        patient=patient,
        form=screen.form("record"),
        visits=await naming.visits(screen, recent.items) if recent else [],
        glance={
            "visits": counted.get(Status.FULFILLED, 0),
            "no_shows": counted.get(Status.NO_SHOW, 0),
            "balance": balance,
        },
        address=_address(patient),
        language=Locale.parse(patient.language[:2]).get_display_name(locale()) if patient.language else "",
        messages=preferences,
        coverages=covered,
        history=told,
        more_history=more,
    )


@router.get("/{patient_id}/edit")
async def edit(patient_id: UUID, screen: Writer) -> Response:
    """Show the record in a form."""
    patient = await screen.gateway.patients.get(screen.actor, patient_id)
    return _form(screen, screen.form("patient", **filled(patient)), patient)


@router.post("/{patient_id}")
async def change(patient_id: UUID, screen: Writer) -> Response:
    """Write the record anew."""
    form = await screen.submitted("patient")
    patient = await screen.gateway.patients.get(screen.actor, patient_id)
    wanted = replacement(form, patient, clinical=screen.actor.may("patients:clinical"))
    if wanted is None:
        return _form(screen, form, patient, 422)
    try:
        await screen.gateway.patients.replace(screen.actor, patient_id, wanted)
    except PossibleDuplicate as refusal:
        return _form(screen, form, patient, refusal.status, refusal.extra["candidates"])
    except Refusal as refusal:
        return _form(screen, form.refuse(refusal), patient, refusal.status)
    return screen.done(gettext("Record saved"), f"/patients/{patient_id}")


@router.post("/{patient_id}/archival")
async def archive(patient_id: UUID, screen: Writer) -> Response:
    """Put the record away; the next screen offers to undo it."""
    await screen.gateway.patients.archive(screen.actor, patient_id)
    here = f"/patients/{patient_id}"
    return screen.done(gettext("Record archived"), here, undo=f"{here}/restoration")


@router.post("/{patient_id}/restoration")
async def restore(patient_id: UUID, screen: Writer) -> Response:
    """Bring the record back."""
    await screen.gateway.patients.restore(screen.actor, patient_id)
    return screen.done(gettext("Record brought back"), f"/patients/{patient_id}")


@router.post("/{patient_id}/preferences")
async def prefer(patient_id: UUID, screen: Annotated[Screen, needs("messages:write")]) -> Response:
    """Note on which channels the patient wants messages."""
    typed = (await screen.submitted("preferences")).values
    wanted = Preferences(email=typed["email"] == "true", sms=typed["sms"] == "true")
    await screen.gateway.messages.set_preferences(screen.actor, patient_id, wanted)
    return screen.done(gettext("Preferences saved"), f"/patients/{patient_id}")


def _form(
    screen: Screen,
    form: Form,
    patient: Patient | None,
    status: int = 200,
    candidates: list[dict[str, Any]] | None = None,
) -> Response:
    return screen.page(
        "patients/form.html",
        http=status,
        form=form,
        patient=patient,
        action=f"/patients/{patient.id}" if patient else "/patients",
        candidates=[Candidate.model_validate(one) for one in candidates or []],
        certain=bool(candidates),
        **choices(screen.frame.now),
    )


async def _if(screen: Screen, scope: str, read: Any) -> Any:
    return await read() if screen.actor.may(scope) else None


def _address(patient: Patient) -> str:
    found = patient.address
    return ", ".join(part for part in (found.line1, found.line2, found.city) if part) if found else ""
