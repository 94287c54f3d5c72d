"""An appointment is found by the reference that people read to each other."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careconnect.auth import Actor
from careconnect.ids import reference, uuid7
from services.appointments.client import AppointmentsClient
from services.appointments.references import as_reference
from services.appointments.schemas import AppointmentFilter
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import DESK, asked, hold

LIST = "/appointments"
TYPED = [
    str,
    str.lower,
    lambda said: said.replace("-", ""),
    lambda said: said.removeprefix("CC-").lower(),
    lambda said: f" {said.removeprefix('CC-').replace('-', ' ')} ",
]


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


async def test_anonymous_may_not_find_by_reference(http: httpx.AsyncClient) -> None:
    assert (await http.get(LIST, params={"reference": "CC-7F3KT-9QH2"})).status_code == 401


@pytest.mark.parametrize("typed", TYPED)
async def test_a_reference_finds_its_appointment_alone_however_it_is_typed(
    http: httpx.AsyncClient, act: Act, typed: Callable[[str], str]
) -> None:
    headers, key = act(*DESK), uuid7()
    made = await hold(http, headers, asked(), key)
    assert (await hold(http, headers, asked())).status_code == 201
    params = {"reference": typed(made.json()["reference"])}
    assert [one["id"] for one in (await http.get(LIST, params=params, headers=headers)).json()["items"]] == [str(key)]
    stranger = await http.get(LIST, params=params, headers=act(*DESK, tenant=uuid7()))
    assert stranger.json()["items"] == []


async def test_what_cannot_be_a_reference_is_refused_with_how_one_reads(http: httpx.AsyncClient, act: Act) -> None:
    answer = await http.get(LIST, params={"reference": "CC-7F3KT"}, headers=act(*DESK))
    assert answer.status_code == 422
    assert "CC-7F3KT-9QH2" in answer.text


async def test_the_client_finds_by_reference(
    http: httpx.AsyncClient,
    act: Act,
    actor: Callable[..., Actor],
    connect: Callable[[type[AppointmentsClient]], AppointmentsClient],
) -> None:
    clerk = actor(*DESK)
    made = await hold(http, act(*DESK, tenant=clerk.tenant_id), asked())
    wanted = AppointmentFilter(reference=made.json()["reference"].lower())
    assert [str(one.id) for one in (await connect(AppointmentsClient).list(clerk, wanted)).items] == [made.json()["id"]]


@given(st.uuids(), st.sampled_from(TYPED))
def test_every_reference_is_read_as_it_was_given(key: UUID, typed: Callable[[str], str]) -> None:
    said = reference("CC", key)
    assert as_reference(typed(said)) == said


@pytest.mark.parametrize("typed", ["", "CC", "perera", "XX-7F3KT-9QH2", "CC-7F3KT-9QH0", "CC-7F3KT-9QH22"])
def test_other_words_are_no_reference(typed: str) -> None:
    assert as_reference(typed) is None
