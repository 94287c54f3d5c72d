"""A patient's coverages: entered and changed in a dialog, and told in words."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.payments.insurance.schemas import (
    Coverage,
    CoverageReplacement,
    CoverageTerms,
    CoverageWrite,
    PayerStatus,
)
from web.formats import decimal_amount, local_date, money
from web.forms import Form
from web.pages import naming
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/patients/{patient_id}/coverages", include_in_schema=False)
Writer = Annotated[Screen, needs("payments:write")]
_WHOLE = 10_000


@dataclass(frozen=True)
class CoverageLine:
    """A coverage as the patient's page shows it."""

    id: UUID
    payer: str
    policy_number: str
    share: str
    days: str
    holds: bool


async def shown(screen: Screen, patient_id: UUID, day: date) -> list[CoverageLine]:
    """Show a patient's coverages, the newest first; the audit notes who read."""
    found = await screen.gateway.insurance.coverages(screen.actor, patient_id)
    return [
        CoverageLine(one.id, one.payer_name, one.policy_number, share_words(one), _days(one), one.holds(day))
        for one in found
    ]


def share_words(coverage: Coverage) -> str:
    """Say what is covered."""
    if coverage.rate is not None:
        return gettext("%(rate)s%% of each visit") % {"rate": f"{coverage.rate / 100:g}"}
    return gettext("Up to %(amount)s per visit") % {"amount": money(coverage.amount)}


def _days(coverage: Coverage) -> str:
    first = local_date(coverage.valid_from) if coverage.valid_from else ""
    last = local_date(coverage.valid_to) if coverage.valid_to else ""
    if first and last:
        return gettext("%(first)s to %(last)s") % {"first": first, "last": last}
    if first:
        return gettext("From %(first)s") % {"first": first}
    return gettext("Until %(last)s") % {"last": last} if last else gettext("Always")


@router.get("/new")
async def new(patient_id: UUID, screen: Writer) -> Response:
    """Begin a coverage."""
    return await _form(screen, patient_id, screen.form("coverage", kind="rate"))


@router.post("")
async def enter(patient_id: UUID, screen: Writer) -> Response:
    """Enter it; the form comes back with what is wrong."""
    form = await screen.submitted("coverage")
    terms, payer_id = _terms(form, screen.person.session.tenant.currency), form.chosen("payer_id")
    if payer_id is None:
        form.object(gettext("Choose a payer"), "payer_id")
    if terms is None or payer_id is None:
        return await _form(screen, patient_id, form, http=422)
    key = derived_id("coverage", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        wanted = CoverageWrite(patient_id=patient_id, payer_id=payer_id, **dict(terms))
        await screen.gateway.insurance.enter_coverage(screen.actor, key, wanted)
    except Refusal as refusal:
        return await _form(screen, patient_id, form.renew().refuse(refusal), http=refusal.status)
    return screen.done(gettext("Coverage entered"), f"/patients/{patient_id}")


@router.get("/{coverage_id}/edit")
async def edit(patient_id: UUID, coverage_id: UUID, screen: Writer) -> Response:
    """Show its terms in a form."""
    known = await screen.gateway.insurance.coverage(screen.actor, coverage_id)
    values: dict[str, Any] = {"kind": "amount" if known.rate is None else "rate", "policy_number": known.policy_number}
    values |= {"rate": "" if known.rate is None else f"{known.rate / 100:g}", "version": known.version}
    values |= {"amount": decimal_amount(known.amount) if known.amount else ""}
    values |= {"valid_from": known.valid_from, "valid_to": known.valid_to}
    return await _form(screen, patient_id, screen.form("coverage", **values), known)


@router.post("/{coverage_id}")
async def change(patient_id: UUID, coverage_id: UUID, screen: Writer) -> Response:
    """Write its terms anew; invoices keep theirs."""
    form = await screen.submitted("coverage")
    known = await screen.gateway.insurance.coverage(screen.actor, coverage_id)
    terms = _terms(form, screen.person.session.tenant.currency)
    if terms is None:
        return await _form(screen, patient_id, form, known, http=422)
    try:
        wanted = CoverageReplacement(version=int(form.values["version"] or known.version), **dict(terms))
        await screen.gateway.insurance.change_coverage(screen.actor, coverage_id, wanted)
    except Refusal as refusal:
        return await _form(screen, patient_id, form.refuse(refusal), known, http=refusal.status)
    return screen.done(gettext("Coverage saved"), f"/patients/{patient_id}")


def _terms(form: Form, currency: str) -> CoverageTerms | None:
    said: dict[str, Any] = {name: form.values[name] or None for name in ("valid_from", "valid_to")}
    if form.values["kind"] == "amount":
        said["amount"] = form.money("amount", currency)
    else:
        said["rate"] = _rate(form)
    if form.errors:
        return None
    try:
        return CoverageTerms.model_validate(said | {"policy_number": form.values["policy_number"]})
    except ValidationError as error:
        form.blame_validation(error, {"": "valid_to"})
        return None


def _rate(form: Form) -> int | None:
    """Read a percentage with at most two places, as basis points."""
    said = gettext("Write a percentage from 0.01 to 100")
    form.values["rate"] = form.values["rate"].rstrip("% ")
    exact = form.number("rate", 2, said)
    if exact is None:
        return None
    rate = int(exact * 100)
    if not 0 < rate <= _WHOLE:
        form.object(said, "rate")
        return None
    return rate


async def _form(
    screen: Screen, patient_id: UUID, form: Form, known: Coverage | None = None, *, http: int = 200
) -> Response:
    people = await naming.patients(screen, [patient_id])
    payers = [] if known else (await screen.gateway.insurance.payers(screen.actor, status=PayerStatus.active)).items
    action = f"/patients/{patient_id}/coverages" + (f"/{known.id}" if known else "")
    return screen.page(
        "patients/coverage.html",
        http=http,
        form=form,
        known=known,
        patient=people[patient_id],
        payers=[("", gettext("Choose a payer"))] + [(one.id, one.name) for one in payers],
        kinds=[("rate", gettext("A percentage of each visit")), ("amount", gettext("An amount per visit"))],
        action=action,
    )
