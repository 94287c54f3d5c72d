"""The audit over REST and on its page: who may read it, what it is narrowed by, and whose it is."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.trail import AuditEvent, TrailFilter
from services.identity.roles import ROLES, Role
from tests.web.clinic import Clinic, person
from tests.web.pages.desk import Desk


def reader(clinic: Clinic) -> Actor:
    return Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ROLES["auditor"])


async def read(clinic: Clinic, *, limit: int = 200, cursor: str | None = None, **wanted: Any) -> list[AuditEvent]:
    trail = clinic.gateway.trail
    return (await trail.page(reader(clinic), TrailFilter(**wanted), limit=limit, cursor=cursor)).items


@pytest.mark.parametrize("role", ["owner", "admin", "auditor"])
async def test_owner_admin_and_auditor_read_it(edge: FastAPI, clinic: Clinic, role: Role) -> None:
    desk = await Desk.open(edge, clinic, role)
    assert (await desk.http.get("/api/v1/audit-events")).status_code == 200
    page = await desk.read("/settings/audit")
    assert "Ishara Perera" in page.text
    assert "/settings/audit" in page.links


@pytest.mark.parametrize("role", ["front_desk", "billing"])
async def test_nobody_else_does(edge: FastAPI, clinic: Clinic, role: Role) -> None:
    desk = await Desk.open(edge, clinic, role)
    assert (await desk.http.get("/api/v1/audit-events")).status_code == 403
    await desk.read("/settings/audit", status=403)


async def test_anonymous_does_not(http: Any) -> None:
    assert (await http.get("/api/v1/audit-events")).status_code == 401


async def test_it_is_read_page_by_page_across_all_services_the_newest_first(clinic: Clinic) -> None:
    trail, found, cursor = clinic.gateway.trail, [], None
    while True:
        page = await trail.page(reader(clinic), TrailFilter(), limit=3, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert {"identity", "consultants"} <= {one.service for one in found}
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert len({(one.service, one.id) for one in found}) == len(found) > 3
    assert len(found) == len(await read(clinic))


async def test_a_patients_part_holds_what_was_done_read_and_shown_and_nothing_of_others(clinic: Clinic) -> None:
    one, other = [await clinic.made("/patients", person()) for _ in range(2)]
    await clinic.get(f"/patients/{one}")
    await clinic.get("/patients")
    found = await read(clinic, about=[one])
    told = [event.action for event in found]
    assert (told[0], told[-1]) == ("patients.listed", "patient.registered")
    assert set(told[1:-1]) == {"patient.read"}
    assert other not in {str(event.entity_id) for event in found}
    assert {event.action for event in await read(clinic, about=[one], action="patient.read")} == {"patient.read"}


async def test_it_is_narrowed_by_person_kind_and_time(clinic: Clinic) -> None:
    await clinic.made("/patients", person())
    everything = await read(clinic)
    someone = everything[0].actor_id
    assert {one.actor_id for one in await read(clinic, actor_id=someone)} == {someone}
    assert {one.action.partition(".")[0] for one in await read(clinic, action="patient")} == {"patient"}
    assert await read(clinic, since=clock.now() + timedelta(minutes=1)) == []
    assert await read(clinic, until=everything[-1].at) == []


async def test_another_organisations_audit_is_not_seen(clinic: Clinic, other_clinic: Clinic) -> None:
    patient = await clinic.made("/patients", person())
    assert await read(other_clinic, about=[patient]) == []
    assert not {one.entity_id for one in await read(other_clinic)} & {one.entity_id for one in await read(clinic)}


async def test_a_cursor_of_another_making_is_refused(clinic: Clinic, edge: FastAPI) -> None:
    auditor = await Desk.open(edge, clinic, "auditor")
    answer = await auditor.http.get("/api/v1/audit-events", params={"cursor": "bm9uc2Vuc2U"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_cursor")


async def test_the_page_names_people_and_shows_no_id(edge: FastAPI, clinic: Clinic) -> None:
    patient = await clinic.made("/patients", person(first_name="Zarina", last_name="Hussain"))
    auditor = await Desk.open(edge, clinic, "auditor")
    page = await auditor.read(f"/settings/audit?patient_id={patient}")
    assert "Zarina Hussain" in page.text
    assert "Patient: registered" in page.text
    assert patient not in page.text
