"""Invoices that staff write by hand: drafts, until they are issued or discarded."""

from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal
from careconnect.ids import derived_id
from services.patients.errors import PatientArchived
from services.payments.errors import CoverageNotFound, DraftNotFound
from services.payments.insurance.schemas import Coverage
from services.payments.schemas import DraftReplacement, InvoiceDraft, InvoiceWrite, LineTax
from web.formats import decimal_amount
from web.forms import Form
from web.pages import naming
from web.pages.currencies import Currencies
from web.pages.links import link
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/drafts", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
Writer = Annotated[Screen, needs("payments:write")]
T = TypeVar("T", bound=InvoiceWrite)
_HERE = "/billing/drafts"
_ROWS, _SPARE, _MOST = 4, 2, 50
_UNREADY = 422
_KEPT = {"appointment_id", "coverage_id", "visit_day", "authorisation_number", "zone"}
_FRACTIONS, _BASIS_POINTS = 2, 100


@router.get("")
async def drafts(screen: Reader, cursor: str | None = None) -> Response:
    """List the drafts, the newest first."""
    page = await screen.gateway.payments.drafts(screen.actor, cursor=cursor)
    people = await naming.patients(screen, (one.patient_id for one in page.items))
    items = [(one, people[one.patient_id], ", ".join(line.description for line in one.lines)) for one in page.items]
    following = page.next_cursor and link(_HERE, cursor=page.next_cursor)
    return screen.page("billing/drafts.html", items=items, next_href=following)


@router.get("/new")
async def new(screen: Writer, patient_id: UUID | None = None) -> Response:
    """Begin a draft, perhaps for a patient who is known already."""
    form = screen.form("draft", patient_id=patient_id, tax_name="VAT", tax_inclusive="true")
    return await _page(screen, form.fill({f"quantity-{row}": 1 for row in range(_ROWS)}))


@router.post("")
async def begin(screen: Writer) -> Response:
    """Keep the draft; the form comes back with what is wrong."""
    form = await screen.submitted("draft")
    wanted = await _meant(screen, form, InvoiceWrite)
    if wanted is None:
        return await _page(screen, form, _UNREADY)
    draft_id = derived_id("draft form", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        await _expect(screen, wanted.patient_id)
        await screen.gateway.payments.begin_draft(screen.actor, draft_id, wanted)
    except Refusal as refusal:
        return await _page(screen, form.renew().refuse(refusal), refusal.status)
    return screen.done(gettext("Draft kept"), f"{_HERE}/{draft_id}")


@router.get("/{draft_id}")
async def edit(draft_id: UUID, screen: Writer) -> Response:
    """Show the draft in a form."""
    draft = await screen.gateway.payments.draft(screen.actor, draft_id)
    return await _page(screen, screen.form("draft").fill(_values(draft)), draft=draft)


@router.post("/{draft_id}")
async def change(draft_id: UUID, screen: Writer) -> Response:
    """Keep what was typed, and issue it if that was asked; a double click issues once."""
    form, payments = await screen.submitted("draft"), screen.gateway.payments
    home = f"/billing/invoices/{draft_id}"
    try:
        draft = await payments.draft(screen.actor, draft_id)
        wanted = await _meant(screen, form, DraftReplacement, draft)
        if wanted is None:
            return await _page(screen, form, _UNREADY, draft)
        await _expect(screen, wanted.patient_id)
        kept = await payments.change_draft(screen.actor, draft_id, wanted)
        if form.values["action"] != "issue":
            return screen.done(gettext("Draft kept"), f"{_HERE}/{draft_id}")
        issued = await payments.issue_draft(screen.actor, draft_id, kept.version)
    except DraftNotFound:
        issued = await payments.get_invoice(screen.actor, draft_id)
    except Refusal as refusal:
        return await _page(screen, form.refuse(refusal), refusal.status, draft)
    return screen.done(gettext("Invoice %(number)s issued") % {"number": issued.number}, home)


@router.post("/{draft_id}/discard")
async def discard(draft_id: UUID, screen: Writer) -> Response:
    """Throw the draft away."""
    await screen.submitted("discard")
    await screen.gateway.payments.discard_draft(screen.actor, draft_id)
    return screen.done(gettext("Draft discarded"), _HERE)


async def _expect(screen: Screen, patient_id: UUID) -> None:
    """Refuse a patient who is not there; an archived one may still owe."""
    try:
        await screen.gateway.patients.standing(screen.actor, patient_id)
    except PatientArchived:
        return


async def _page(screen: Screen, form: Form, status: int = OK, draft: InvoiceDraft | None = None) -> Response:
    patient_id = form.chosen("patient_id")
    people = await naming.patients(screen, [patient_id])
    known = await screen.gateway.payments.currencies(screen.actor)
    money = Currencies.of(form.values["currency"], screen.person.session.tenant.currency, known)
    rows = _typed_rows(form)
    return screen.page(
        "billing/draft.html",
        http=status,
        form=form,
        draft=draft,
        patient=people.get(patient_id) if patient_id else None,
        coverage=await _coverage(screen, draft.coverage_id) if draft and draft.coverage_id else None,
        currencies=[(one, one) for one in money.offered],
        rows=range(min(max(_ROWS, max(rows, default=0) + 1 + _SPARE), _MOST)),
    )


async def _coverage(screen: Screen, coverage_id: UUID) -> Coverage | None:
    """Name the payer; that there is no such coverage is said when the draft is issued."""
    try:
        return await screen.gateway.insurance.coverage(screen.actor, coverage_id)
    except CoverageNotFound:
        return None


def _values(draft: InvoiceDraft) -> dict[str, object]:
    taxed = next((line.tax for line in draft.lines if line.tax), None)
    values: dict[str, object] = {
        "patient_id": draft.patient_id,
        "currency": draft.total.currency,
        "version": draft.version,
        "tax_name": taxed.name if taxed else "VAT",
        "tax_inclusive": "true" if taxed is None or taxed.inclusive else "",
    }
    for row, line in enumerate(draft.lines):
        rate = f"{Decimal(line.tax.rate) / _BASIS_POINTS:f}" if line.tax else ""
        said = {"description": line.description, "quantity": line.quantity, "unit": decimal_amount(line.unit)}
        values |= {f"{name}-{row}": value for name, value in (said | {"tax": rate}).items()}
    return values


def _typed_rows(form: Form) -> list[int]:
    """List the rows in which something was typed, beside the quantity that stands there already."""
    names = ("description", "unit", "tax")
    return [row for row in range(_MOST) if any(form.values[f"{name}-{row}"].strip() for name in names)]


async def _meant(screen: Screen, form: Form, kind: type[T], draft: InvoiceDraft | None = None) -> T | None:
    """Read the form; note in it what is wrong, and give None then.

    What a draft says that the form does not ask for stays, unless it is another patient's by now.
    """
    own = screen.person.session.tenant.currency
    currency = form.values["currency"] or own
    lines = [_line(form, row, currency) for row in _typed_rows(form)]
    if form.chosen("patient_id") is None:
        form.object(gettext("Search for the patient and choose one"), "patient_id")
    if not lines:
        form.object(gettext("Write what it is for"), "description-0")
    if any(form.errors.values()):
        return None
    said: dict[str, Any] = {"patient_id": form.chosen("patient_id"), "lines": lines, "zone": screen.frame.zone}
    if draft and draft.patient_id == said["patient_id"]:
        said |= draft.model_dump(include=_KEPT)
    if form.values["version"].isdecimal():
        said["version"] = int(form.values["version"])
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        form.blame_validation(error, _names(error, _typed_rows(form)))
        return None


def _names(error: ValidationError, rows: list[int]) -> dict[str, str]:
    """Say in which field of the form a model's field was typed."""
    found: dict[str, str] = {}
    for one in error.errors():
        place: tuple[Any, ...] = one["loc"]
        if place[:1] == ("lines",) and len(place) > 2:  # noqa: PLR2004 - lines, which, what
            found[".".join(map(str, place))] = f"{place[2]}-{rows[int(place[1])]}"
    return found


def _line(form: Form, row: int, currency: str) -> dict[str, Any]:
    description = form.values[f"description-{row}"].strip()
    if not description:
        form.object(gettext("Write what it is for"), f"description-{row}")
    unit = form.money(f"unit-{row}", currency, or_nothing=True)
    line: dict[str, Any] = {
        "description": description,
        "quantity": form.values[f"quantity-{row}"].strip() or "1",
        "unit": unit,
    }
    if form.values[f"tax-{row}"].strip():
        line["tax"] = _tax(form, row)
    return line


def _tax(form: Form, row: int) -> LineTax | None:
    rate = form.number(f"tax-{row}", _FRACTIONS, gettext("Write a percentage, such as 18"))
    if rate is not None and rate > _BASIS_POINTS:
        form.object(gettext("At most %(limit)s") % {"limit": _BASIS_POINTS}, f"tax-{row}")
    if rate is None or rate > _BASIS_POINTS:
        return None
    name = form.values["tax_name"].strip()[:40] or "VAT"
    return LineTax(name=name, rate=int(rate * _BASIS_POINTS), inclusive=form.values["tax_inclusive"] == "true")
