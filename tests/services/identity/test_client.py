"""The typed client says what the endpoints say, and a refusal arrives as the class that was raised."""

from collections.abc import Callable
from uuid import UUID

import pytest

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity import errors, schemas
from services.identity.client import IdentityClient
from services.identity.roles import ALL
from tests.services.identity.organisation import PASSWORD, person

Connect = Callable[[type[IdentityClient]], IdentityClient]
EDGE = Actor.system("identity:authenticate")


@pytest.fixture
def identity(connect: Connect) -> IdentityClient:
    return connect(IdentityClient)


@pytest.fixture
async def owner(identity: IdentityClient, tenant_id: UUID, actor: Callable[..., Actor]) -> Actor:
    details = schemas.TenantWrite(name="Serendib Clinics", currency="LKR", country="LK", locale="en_LK")
    await identity.create_tenant(Actor.system("tenants:create", tenant_id=tenant_id), details)
    who = actor(*ALL)
    await identity.create_staff(who, who.id, schemas.StaffWrite.model_validate(person(roles=["owner"])))
    return who


async def test_an_organisation_and_its_places_live_through_the_client(identity: IdentityClient, owner: Actor) -> None:
    assert (await identity.tenant(owner)).name == "Serendib Clinics"
    assert owner.tenant_id in await identity.tenants(EDGE)
    renamed = schemas.TenantReplacement(name="Serendib Health", country="LK", locale="en_LK", version=1)
    assert (await identity.replace_tenant(owner, renamed)).version == 2
    place = schemas.LocationWrite(name="Colombo 7", zone="Asia/Colombo", address=schemas.Address(line1="12 Ward Place"))
    made = await identity.create_location(owner, uuid7(), place)
    assert await identity.location(owner, made.id) == made
    closed = schemas.LocationReplacement(**(place.model_dump() | {"active": False, "version": 1}))
    assert not (await identity.replace_location(owner, made.id, closed)).active
    assert [one.id for one in await identity.locations(owner)] == [made.id]
    with pytest.raises(errors.LocationNotFound):
        await identity.location(owner, uuid7())


async def test_organisations_are_listed_from_the_oldest_whatever_their_ids(identity: IdentityClient) -> None:
    begun = [UUID(int=number << 64 | uuid7().int >> 64) for number in (3, 1, 2)]
    details = schemas.TenantWrite(name="Serendib Clinics", currency="LKR", country="LK", locale="en_LK")
    for key in begun:
        await identity.create_tenant(Actor.system("tenants:create", tenant_id=key), details)
    assert [key for key in await identity.tenants(EDGE) if key in begun] == begun


async def test_a_person_lives_through_the_client(identity: IdentityClient, owner: Actor) -> None:
    details = person(name="Tharindu Bandara")
    made = await identity.create_staff(owner, uuid7(), schemas.StaffWrite.model_validate(details))
    assert await identity.member(owner, made.id) == made
    assert [one.id for one in (await identity.staff(owner, "thar", role="front_desk", active=True)).items] == [made.id]
    assert [one.name for one in await identity.staff_names(owner, [made.id])] == ["Tharindu Bandara"]
    begun = await identity.sign_in(EDGE, made.email, PASSWORD)
    assert (await identity.session(EDGE, begun.token)).actor.id == made.id
    await identity.end_session(EDGE, begun.token)
    with pytest.raises(errors.SessionEnded):
        await identity.session(EDGE, begun.token)
    await identity.set_password(owner, made.id, "another one entirely")
    with pytest.raises(errors.InvalidCredentials):
        await identity.sign_in(EDGE, made.email, PASSWORD)
    moved = schemas.StaffReplacement(name=made.name, email=made.email, roles=["billing"])
    assert (await identity.replace_staff(owner, made.id, moved)).roles == ["billing"]
    await identity.deactivate_staff(owner, made.id)
    assert (await identity.activate_staff(owner, made.id)).active
    with pytest.raises(errors.LastOwner):
        await identity.deactivate_staff(owner, owner.id)
    with pytest.raises(errors.StaffNotFound):
        await identity.member(owner, uuid7())


async def test_too_many_tries_arrive_with_the_time_to_wait(identity: IdentityClient) -> None:
    email = f"{uuid7().hex}@nowhere.example"
    for _ in range(10):
        with pytest.raises(errors.InvalidCredentials):
            await identity.sign_in(EDGE, email, "wrong")
    with pytest.raises(errors.TooManyAttempts) as refusal:
        await identity.sign_in(EDGE, email, "wrong")
    assert 0 < refusal.value.extra["retry_after"] <= 900


async def test_a_program_lives_through_the_client(identity: IdentityClient, owner: Actor) -> None:
    wanted = schemas.ApiClientWrite(name="Laboratory", scopes=["patients:read"])
    made = await identity.create_client(owner, uuid7(), wanted)
    assert made.client_secret
    told = await identity.authenticate_client(EDGE, made.client_id, made.client_secret)
    assert (told.tenant_id, told.scopes) == (owner.tenant_id, ["patients:read"])
    fresh = await identity.renew_client_secret(owner, made.id)
    assert fresh.client_secret not in {None, made.client_secret}
    assert [one.id for one in (await identity.clients(owner, active=True)).items] == [made.id]
    await identity.revoke_client(owner, made.id)
    assert not (await identity.api_client(owner, made.id)).active
    with pytest.raises(errors.InvalidClient):
        await identity.authenticate_client(EDGE, made.client_id, fresh.client_secret or "")
