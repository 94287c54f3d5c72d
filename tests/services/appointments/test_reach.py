"""Who sees whom: a limited person sees their consultant's appointments and patients, and whom they opened."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import time_machine

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments.reach.client import ReachClient
from services.appointments.reach.schemas import LASTS, AccessWrite, ReachQuery
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import DESK, NINE, asked

CLINICIAN = ("appointments:read", "appointments:write", "patients:read")
SPAN = {"from_": NINE.isoformat(), "to": (NINE + timedelta(days=1)).isoformat()}


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


@pytest.fixture
def me() -> dict[str, Any]:
    """Somebody who is a consultant and sees their own."""
    return {"id": uuid7(), "limited": True, "consultant_id": uuid7()}


async def held(http: httpx.AsyncClient, act: Act, **also: Any) -> dict[str, Any]:
    answer = await http.put(f"/appointments/{uuid7()}", json=asked(**also), headers=act(*DESK))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def seen(http: httpx.AsyncClient, headers: dict[str, str], path: str, **params: Any) -> list[str]:
    answer = await http.get(path, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [one["id"] for one in (body if isinstance(body, list) else body["items"])]


async def test_lists_calendar_and_sums_show_ones_own(http: httpx.AsyncClient, act: Act, me: dict[str, Any]) -> None:
    own = await held(http, act, consultant_id=str(me["consultant_id"]))
    await held(http, act)
    limited = act(*CLINICIAN, **me)
    assert await seen(http, limited, "/appointments") == [own["id"]]
    assert await seen(http, limited, "/diary", **SPAN) == [own["id"]]
    assert (await http.get("/appointments/summary", headers=limited)).json()["total"] == 1
    assert len(await seen(http, act(*CLINICIAN), "/appointments")) == 2


async def test_who_is_limited_and_no_consultant_sees_nothing(http: httpx.AsyncClient, act: Act) -> None:
    await held(http, act)
    nobody = act(*CLINICIAN, limited=True)
    assert await seen(http, nobody, "/appointments") == []
    assert await seen(http, nobody, "/diary", **SPAN) == []


async def test_of_ones_own_patient_the_visits_with_others_are_listed_and_read_where_they_are_asked_for(
    http: httpx.AsyncClient, act: Act, me: dict[str, Any]
) -> None:
    own = await held(http, act, consultant_id=str(me["consultant_id"]))
    later = NINE + timedelta(hours=2)
    other = await held(http, act, start=later, patient_id=own["patient_id"])
    limited = act(*CLINICIAN, **me)
    assert await seen(http, limited, "/appointments", patient_id=own["patient_id"]) == [own["id"], other["id"]]
    assert (await http.get(f"/appointments/{other['id']}", headers=limited)).status_code == 200
    assert await seen(http, limited, "/appointments") == [own["id"]]


async def test_another_patients_visit_is_refused_until_the_patient_is_opened_and_again_when_that_is_over(
    http: httpx.AsyncClient, act: Act, me: dict[str, Any]
) -> None:
    other = await held(http, act)
    limited, at = act(*CLINICIAN, **me), f"/appointments/{other['id']}"
    for path in (at, f"{at}/timeline"):
        refused = (await http.get(path, headers=limited)).json()
        assert (refused["code"], refused["patient_id"]) == ("reason_needed", other["patient_id"])
    opening = {"patient_id": other["patient_id"], "reason": "Covering for a colleague"}
    opened = await http.put(f"/patient-accesses/{uuid7()}", json=opening, headers=limited)
    assert opened.status_code == 201
    assert (await http.get(at, headers=limited)).status_code == 200
    assert await seen(http, limited, "/appointments") == [other["id"]]
    with time_machine.travel(clock.now() + LASTS + timedelta(seconds=1)):
        assert (await http.get(at, headers=act(*CLINICIAN, **me))).json()["code"] == "reason_needed"


async def test_a_patient_is_opened_for_one_person_and_in_one_organisation(
    http: httpx.AsyncClient, act: Act, me: dict[str, Any]
) -> None:
    other = await held(http, act)
    opening = {"patient_id": other["patient_id"], "reason": "An emergency"}
    await http.put(f"/patient-accesses/{uuid7()}", json=opening, headers=act(*CLINICIAN, **me))
    colleague = me | {"id": uuid7()}
    at = f"/appointments/{other['id']}"
    assert (await http.get(at, headers=act(*CLINICIAN, **colleague))).json()["code"] == "reason_needed"
    elsewhere = act(*CLINICIAN, tenant=uuid7(), **me)
    assert (await http.get("/reach/patients", headers=elsewhere)).json() == {"ids": []}


async def test_opening_is_audited_once_with_its_reason(http: httpx.AsyncClient, act: Act, me: dict[str, Any]) -> None:
    patient, key = str(uuid7()), uuid7()
    opening = {"patient_id": patient, "reason": "Asked for advice"}
    limited = act(*CLINICIAN, **me)
    statuses = [
        (await http.put(f"/patient-accesses/{key}", json=opening, headers=limited)).status_code for _ in range(2)
    ]
    events = (await http.get("/audit-events", params={"about": patient}, headers=act("audit:read"))).json()
    assert statuses == [201, 200]
    assert [(one["action"], one["reason"], one["actor_id"]) for one in events] == [
        ("patient.opened", "Asked for advice", str(me["id"]))
    ]


@pytest.mark.parametrize("reason", ["", "    ", "no", "x" * 301])
async def test_no_reason_opens_nobody(http: httpx.AsyncClient, act: Act, me: dict[str, Any], reason: str) -> None:
    opening = {"patient_id": str(uuid7()), "reason": reason}
    refused = await http.put(f"/patient-accesses/{uuid7()}", json=opening, headers=act(*CLINICIAN, **me))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


async def test_anonymous_may_not_ask_who_sees_whom(http: httpx.AsyncClient) -> None:
    for method, path in (("POST", "/reach"), ("GET", "/reach/patients"), ("PUT", f"/patient-accesses/{uuid7()}")):
        assert (await http.request(method, path, json={})).json()["code"] == "not_authenticated"


async def test_a_visit_that_never_came_to_be_makes_nobody_ones_patient(
    http: httpx.AsyncClient, act: Act, me: dict[str, Any]
) -> None:
    gone = await held(http, act, consultant_id=str(me["consultant_id"]))
    await http.put(f"/appointments/{gone['id']}/release", json={"code": "card_declined"}, headers=act(*DESK))
    assert (await http.get("/reach/patients", headers=act(*CLINICIAN, **me))).json() == {"ids": []}


async def test_of_the_waiting_list_and_of_clock_changes_only_ones_own_patients_are_seen(
    http: httpx.AsyncClient, act: Act, me: dict[str, Any]
) -> None:
    own = await held(http, act, consultant_id=str(me["consultant_id"]))
    entries = {}
    for patient in (own["patient_id"], str(uuid7())):
        body = {"patient_id": patient, "visit_type_id": str(uuid7()), "until": "2031-06-01T00:00:00Z"}
        made = await http.put(f"/waitlist/{uuid7()}", json=body, headers=act(*DESK))
        entries[patient] = made.json()["id"]
    limited = act(*CLINICIAN, **me)
    assert await seen(http, limited, "/waitlist") == [entries[own["patient_id"]]]
    assert (await http.get("/clock-changes", headers=limited)).json() == []


async def test_what_is_named_is_told_beyond_and_what_nobody_has_is_nobodys(
    connect: Callable[[type[ReachClient]], ReachClient],
    actor: Callable[..., Actor],
    http: httpx.AsyncClient,
    act: Act,
    me: dict[str, Any],
) -> None:
    own, other = await held(http, act, consultant_id=str(me["consultant_id"])), await held(http, act)
    client, limited = connect(ReachClient), actor(*CLINICIAN, **me)
    ids = [UUID(own["id"]), UUID(other["id"]), uuid7()]
    beyond = await client.beyond(limited, ReachQuery(appointment_ids=ids))
    assert beyond.patient_ids == [UUID(other["patient_id"])]
    assert (await client.beyond(actor(*CLINICIAN), ReachQuery(appointment_ids=ids))).patient_ids == []
    await client.open_patient(limited, uuid7(), AccessWrite(patient_id=UUID(other["patient_id"]), reason="Emergency"))
    assert (await client.beyond(limited, ReachQuery(appointment_ids=ids))).patient_ids == []
    assert set(await client.patients(limited)) == {UUID(own["patient_id"]), UUID(other["patient_id"])}
