"""What holds for every screen."""

import re

import pytest
from fastapi import FastAPI

from careconnect.ids import uuid7
from services.identity.roles import ROLES, STAFF_ROLES, Role
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page

SCREENS = {
    "/": "reports:read",
    "/?period=month": "reports:read",
    "/calendar": "appointments:read",
    "/calendar?show=list": "appointments:read",
    "/calendar/data": "appointments:read",
    "/appointments": "appointments:read",
    "/appointments?range=month": "appointments:read",
    "/appointments/new": "appointments:write",
    "/series": "appointments:read",
    "/series/new": "appointments:write",
    "/queue": "appointments:read",
    "/walk-ins/new": "appointments:write",
    "/waitlist": "appointments:read",
    "/waitlist?show=over": "appointments:read",
    "/waitlist/new": "appointments:write",
    "/patients": "patients:read",
    "/patients?archived=true": "patients:read",
    "/patients/new": "patients:write",
    "/consultants": "consultants:read",
    "/consultants/new": "consultants:write",
    "/billing": "payments:read",
    "/billing?show=invoices": "payments:read",
    "/billing?period=week": "payments:read",
    "/billing/payments/new": "payments:write",
    "/billing/drafts": "payments:read",
    "/billing/drafts/new": "payments:write",
    "/billing/ledger": "payments:read",
    "/billing/money-check": "payments:read",
    "/billing/ledger/2026-01/closing": "ledger:close",
    "/billing/ledger/payouts/new": "ledger:close",
    "/messages": "messages:read",
    "/reports": "reports:read",
    "/reports?period=month": "reports:read",
    "/messages/mailbox": "messages:read",
    "/attention": "appointments:read",
    "/settings": "identity:read",
    "/settings/locations": "identity:read",
    "/clock-changes": "appointments:read",
    "/settings/rooms": "catalogue:read",
    "/settings/holidays": "catalogue:read",
    "/settings/visit-types": "catalogue:read",
    "/settings/prices": "catalogue:read",
    "/settings/money": "catalogue:read",
    "/settings/payments": "payments:read",
    "/settings/people": "identity:read",
    "/settings/clients": "staff:manage",
    "/settings/people/new": "staff:manage",
    "/settings/clients/new": "staff:manage",
    "/settings/audit": "audit:read",
    "/search?q=perera": "identity:read",
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}")
_ENUM = re.compile(
    r"\b(checked_in|no_show|on_leave|card_terminal|bank_transfer|in_person|front_desk|booking_confirmation)\b"
)


@pytest.fixture(scope="module")
async def opened(owner: Desk, clinic: Clinic) -> dict[str, Page]:
    """Open every screen, those of single records too."""
    booked = await clinic.booked()
    paths = [
        *(path for path in SCREENS if not path.endswith("/data")),
        f"/calendar?consultant_id={clinic.consultant}&show=list",
        f"/calendar/appointments/{booked['id']}",
        f"/calendar/appointments/{booked['id']}/move",
        f"/appointments/{booked['id']}",
        f"/appointments/{booked['id']}/cancel",
        f"/appointments/{booked['id']}/move",
        f"/appointments/{booked['id']}/outcome",
        f"/patients/{booked['patient']['id']}",
        f"/patients/{booked['patient']['id']}/edit",
        f"/consultants/{clinic.consultant}",
        f"/consultants/{clinic.consultant}/edit",
        f"/consultants/{clinic.consultant}/hours",
        f"/billing/invoices/{booked['invoice']['id']}",
        f"/billing/payments/{booked['payment']['id']}/refund",
    ]
    return {path: await owner.read(path) for path in paths}


def test_no_script_and_no_style_stands_in_a_page(opened: dict[str, Page]) -> None:
    for path, page in opened.items():
        inline = [said for tag, said in page.tags if tag == "script" and not said.get("src")]
        handlers = [name for _, said in page.tags for name in said if name.startswith("on") or name == "style"]
        assert (inline, handlers, "<style" in page.html) == ([], [], False), path


def test_nobody_reads_an_id_an_enum_or_an_instant(opened: dict[str, Page]) -> None:
    for path, page in opened.items():
        for raw in (_UUID, _INSTANT, _ENUM):
            assert not raw.search(page.text), f"{path}: {raw.search(page.text)}"


def test_ids_are_unique_in_a_page(opened: dict[str, Page]) -> None:
    for path, page in opened.items():
        ids = [said["id"] for _, said in page.tags if "id" in said]
        assert sorted(set(ids)) == sorted(ids), path


def test_every_form_that_changes_something_carries_its_token(opened: dict[str, Page]) -> None:
    for path, page in opened.items():
        posts = [form for form in page.forms if any(_posts(said, form.action) for _, said in page.tags)]
        assert all(form.fields.get("csrf_token") for form in posts), path


def test_every_link_in_a_list_leads_somewhere_of_ours(opened: dict[str, Page]) -> None:
    for path, page in opened.items():
        assert all(link.startswith(("/", "#", "tel:", "mailto:")) for link in page.links), path


async def test_a_page_is_guarded_by_the_strict_policy(owner: Desk) -> None:
    answer = await owner.http.get("/appointments")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_each_role_reaches_its_screens_and_no_others(edge: FastAPI, clinic: Clinic, role: Role) -> None:
    desk = await Desk.open(edge, clinic, role)
    for path, scope in SCREENS.items():
        answer = await desk.http.get(path)
        closed = role == "clinician" and path == "/messages/mailbox"  # mails to everybody's patients
        refused = {303} if path.startswith("/?") or path == "/" else {403}
        reached = {200} if scope in ROLES[role] and not closed else refused
        assert answer.status_code in reached, f"{role} at {path}: {answer.status_code}"


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_the_navigation_offers_only_what_can_be_reached(edge: FastAPI, clinic: Clinic, role: Role) -> None:
    desk = await Desk.open(edge, clinic, role)
    links = {said["href"] for said in (await desk.read("/settings")).having("class", "nav-item") if "href" in said}
    for link in links - {"/console"}:
        assert (await desk.http.get(link)).status_code == 200, f"{role} at {link}"


@pytest.mark.parametrize("kind", ["appointments", "patients", "consultants", "billing/invoices", "messages"])
async def test_a_record_that_nobody_has_is_a_page_that_says_so(owner: Desk, kind: str) -> None:
    answer = await owner.http.get(f"/{kind}/{uuid7()}")
    page = Page(answer.text)
    assert answer.status_code == 404
    assert "does not exist" in page.text
    assert answer.headers["x-request-id"] in page.text


async def test_an_address_that_only_takes_forms_says_so_and_blames_nobody(owner: Desk) -> None:
    answer = await owner.http.get(f"/appointments/{uuid7()}/resolution")
    said = Page(answer.text).text
    assert (answer.status_code, "There is nothing to see at this address" in said) == (405, True)
    assert "on our side" not in said


async def test_another_organisations_records_do_not_exist(stranger: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    for path in (
        f"/appointments/{booked['id']}",
        f"/calendar/appointments/{booked['id']}",
        f"/patients/{booked['patient']['id']}",
        f"/consultants/{clinic.consultant}",
        f"/billing/invoices/{booked['invoice']['id']}",
    ):
        assert (await stranger.http.get(path)).status_code == 404, path


async def test_clinical_fields_are_for_those_who_treat(front_desk: Desk, owner: Desk, clinic: Clinic) -> None:
    patient = await clinic.patient(allergies=["Penicillin"])
    assert "Penicillin" in (await owner.read(f"/patients/{patient}")).text
    assert "Penicillin" not in (await front_desk.read(f"/patients/{patient}")).text


async def test_what_a_person_chose_to_look_at_stays(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read("/settings")
    answer = await owner.post(
        "/location", {"csrf_token": await owner.token(), "location_id": clinic.location, "back": "/appointments"}
    )
    assert answer.headers["location"] == "/appointments"
    assert "Colombo 03" in (await owner.read("/appointments")).text
    assert page.forms
    await owner.post("/location", {"csrf_token": await owner.token(), "location_id": ""})


def _posts(said: dict[str, str], action: str) -> bool:
    return said.get("method") == "post" and said.get("action") == action
