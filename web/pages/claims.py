"""Claims: the list by state and payer, one claim, what is done with it, and batches."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import NotFound, Refusal
from careconnect.ids import derived_id
from careconnect.money import Money
from careconnect.pagination import Page
from services.payments.insurance.schemas import (
    Acceptance,
    Claim,
    ClaimFilter,
    ClaimStatus,
    PayerPayment,
    Rejection,
    Submission,
)
from web.formats import decimal_amount, money
from web.forms import Form
from web.looks import look, state_label
from web.pages import naming
from web.pages.links import link
from web.pages.naming import Person
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter(prefix="/billing/claims", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
Clerk = Annotated[Screen, needs("insurance:write")]
_SHOWN = 30
_BATCHES = 6
_STATES = (
    ClaimStatus.draft,
    ClaimStatus.submitted,
    ClaimStatus.accepted,
    ClaimStatus.rejected,
    ClaimStatus.paid,
)
_HERE = "/billing/claims"


@dataclass(frozen=True)
class Doing:
    """One thing that can be done with a claim: its word, its picture, and what the dialog says."""

    code: str
    word: str
    icon: str
    busy: str
    of: tuple[ClaimStatus, ...]


def doings() -> list[Doing]:
    """List what can be done, in the words of whoever asks."""
    waiting = (ClaimStatus.submitted, ClaimStatus.accepted)
    return [
        Doing("submission", gettext("Submit"), "mail", gettext("Submitting"), (ClaimStatus.draft,)),
        Doing("payment", gettext("Record payment"), "bank", gettext("Saving"), waiting),
        Doing("acceptance", gettext("Accept"), "check", gettext("Saving"), (ClaimStatus.submitted,)),
        Doing("rejection", gettext("Reject"), "cross", gettext("Saving"), waiting),
    ]


@router.get("")
async def overview(
    screen: Reader, status: str = "", payer_id: UUID | None = None, cursor: str | None = None
) -> Response:
    """Show claims, the newest first, with sums by state, and the newest batches."""
    chosen = next((one for one in _STATES if one.value == status), None)
    wanted = ClaimFilter(status=chosen, payer_id=payer_id)
    insurance = screen.gateway.insurance
    found, sums, payers, batches = await asyncio.gather(
        insurance.claims(screen.actor, wanted, limit=_SHOWN, cursor=cursor),
        insurance.claim_sums(screen.actor),
        insurance.payers(screen.actor),
        insurance.batches(screen.actor, payer_id=payer_id, limit=_BATCHES),
    )
    people = await naming.patients(screen, (one.patient_id for one in found.items))
    page = Page[Any](items=[(one, people[one.patient_id]) for one in found.items], next_cursor=found.next_cursor)
    said = {"payer_id": str(payer_id) if payer_id else ""}
    drafts = {one.payer_id: one for one in sums if one.status == ClaimStatus.draft}
    part = "billing/_claim_rows.html" if cursor else "billing/_claims.html"
    return screen.page(
        part if screen.targets("results") or (screen.htmx and cursor) else "billing/claims.html",
        page=page,
        form=screen.form("claims"),
        cards=[_card(screen, state, [one for one in sums if not payer_id or one.payer_id == payer_id], said, chosen)
               for state in _STATES],
        status=chosen or "",
        statuses=[(one.value, state_label(one, "claim")) for one in _STATES],
        payers=payers.items,
        payer_id=payer_id,
        drafts=[one for one in drafts.values() if not payer_id or one.payer_id == payer_id],
        batches=batches.items,
        next_href=page.next_cursor and link(_HERE, status=chosen, cursor=page.next_cursor, **said),
    )  # fmt: skip


def _card(
    screen: Screen, state: ClaimStatus, sums: list[Any], said: dict[str, str], chosen: ClaimStatus | None
) -> dict[str, Any]:
    """Make a summary card: how many claims stand in a state, and what they come to in the organisation's currency."""
    currency = screen.person.session.tenant.currency
    mine = [one for one in sums if one.status == state and one.amount.currency == currency]
    owed = state in {ClaimStatus.submitted, ClaimStatus.accepted}
    return {
        "state": state.value,
        "word": state_label(state, "claim"),
        "count": sum(one.count for one in mine),
        "amount": Money(amount=sum((one.left if owed else one.amount).amount for one in mine), currency=currency),
        "href": link(_HERE, status=None if state == chosen else state, **said),
        "chosen": state == chosen,
    }


@router.post("/batches")
async def batch(screen: Clerk) -> Response:
    """Submit all drafts of one payer."""
    form = await screen.submitted("claims")
    payer_id = form.chosen("payer_id")
    if payer_id is None:
        raise NotFound
    key = derived_id("claim batch", screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        made = await screen.gateway.insurance.submit(screen.actor, key, payer_id)
    except Refusal as refusal:
        return screen.done(refusal.detail, _HERE, tone="amber")
    told = gettext("Batch %(number)d: %(count)d claims submitted; its file is ready below")
    return screen.done(told % {"number": made.number, "count": made.count}, _HERE)


@router.get("/{claim_id}")
async def detail(claim_id: UUID, screen: Reader) -> Response:
    """Show one claim with what happened to it."""
    claim = await screen.gateway.insurance.claim(screen.actor, claim_id)
    people, staff = await asyncio.gather(
        naming.patients(screen, [claim.patient_id]),
        screen.gateway.identity.staff(screen.actor, limit=200) if screen.actor.may("identity:read") else _nobody(),
    )
    names = {one.id: one.name for one in staff.items} if staff else {}
    may = screen.actor.may("insurance:write")
    return screen.page(
        "billing/claim.html",
        claim=claim,
        patient=people[claim.patient_id],
        steps=[_step(one, names) for one in reversed(claim.steps)],
        doings=[one for one in doings() if may and claim.status in one.of],
    )


async def _nobody() -> None:
    return None


def _step(step: Any, names: dict[UUID, str]) -> dict[str, Any]:
    seen = look(step.kind, "claim")
    detail = money(step.amount)
    lines = [step.reason] if step.reason else []
    if step.rest:
        to = gettext("falls to the patient") if step.rest_to == "patient" else gettext("written off")
        lines.append(f"{money(step.rest)} {to}")
    elif step.rest_to == "resubmit":
        lines.append(gettext("To be put right and submitted again"))
    return {
        "icon": seen.icon, "tone": seen.tone, "title": seen.word, "at": step.at, "detail": detail, "lines": lines,
        "who": names.get(step.by, ""), "planned": False, "href": "",
    }  # fmt: skip


@router.get("/{claim_id}/{what}")
async def ask(claim_id: UUID, what: str, screen: Clerk) -> Response:
    """Ask what has to be known for one step."""
    claim = await screen.gateway.insurance.claim(screen.actor, claim_id)
    form = screen.form("claim", amount=decimal_amount(claim.left), rest="patient", version=claim.version)
    return await _form(screen, claim, what, form)


@router.post("/{claim_id}/{what}")
async def take(claim_id: UUID, what: str, screen: Clerk) -> Response:
    """Take the step; the form comes back with what is wrong."""
    form = await screen.submitted("claim")
    claim = await screen.gateway.insurance.claim(screen.actor, claim_id)
    asked = _asked(what, form, claim.amount.currency)
    if asked is None:
        return await _form(screen, claim, what, form, 422)
    key = derived_id(what, screen.actor.tenant_id, screen.actor.id, form.key)
    try:
        await screen.gateway.insurance.step(screen.actor, claim_id, key, asked)
    except Refusal as refusal:
        return await _form(screen, claim, what, form.renew().refuse(refusal), refusal.status)
    return screen.done(gettext("Claim changed"), f"{_HERE}/{claim_id}")


def _asked(what: str, form: Form, currency: str) -> Submission | Acceptance | Rejection | PayerPayment | None:
    said: dict[str, Any] = {"version": int(form.values["version"]) if form.values["version"].isdecimal() else None}
    kinds: dict[str, Any] = {
        "submission": Submission, "acceptance": Acceptance, "rejection": Rejection, "payment": PayerPayment,
    }  # fmt: skip
    if what not in kinds:
        raise NotFound
    if what in {"acceptance", "payment"}:
        said["amount"] = form.money("amount", currency)
    if what in {"acceptance", "rejection"}:
        said |= {"reason": form.values["reason"].strip(), "rest": form.values["rest"] or "patient"}
    if form.errors:
        return None
    try:
        made: Submission | Acceptance | Rejection | PayerPayment = kinds[what].model_validate(said)
    except ValidationError as error:
        form.blame_validation(error)
        return None
    return made


async def _form(screen: Screen, claim: Claim, what: str, form: Form, status: int = 200) -> Response:
    doing = next((one for one in doings() if one.code == what), None)
    if doing is None:
        raise NotFound
    people: dict[UUID, Person] = await naming.patients(screen, [claim.patient_id])
    rests = [("patient", gettext("The patient pays it"))]
    if what == "rejection" and claim.status == ClaimStatus.submitted:
        rests.append(("resubmit", gettext("Put it right and submit it again")))
    if screen.actor.may("insurance:write_off"):
        rests.append(("write_off", gettext("Write it off")))
    return screen.page(
        "billing/claim_step.html",
        http=status,
        form=form,
        claim=claim,
        patient=people[claim.patient_id],
        doing=doing,
        rests=rests,
    )
