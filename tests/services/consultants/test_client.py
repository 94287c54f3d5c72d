"""The typed client says what the endpoints say, and a refusal arrives as the class that was raised."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from careconnect.auth import Actor
from careconnect.errors import VersionConflict
from careconnect.ids import uuid7
from services.consultants import errors, schemas
from services.consultants.client import ConsultantsClient
from tests.services.consultants.clinic import MONDAY_NINE, consultant, hours, visit_type

Connect = Callable[[type[ConsultantsClient]], ConsultantsClient]


@pytest.fixture
def consultants(connect: Connect) -> ConsultantsClient:
    return connect(ConsultantsClient)


@pytest.fixture
def who(actor: Callable[..., Actor]) -> Actor:
    return actor("*")


async def test_a_consultant_lives_through_the_client(consultants: ConsultantsClient, who: Actor) -> None:
    key, details = uuid7(), schemas.ConsultantWrite.model_validate(consultant())
    made = await consultants.create(who, key, details)
    assert await consultants.get(who, key) == made
    assert (await consultants.list(who, "amara", status="active", count=True)).total == 1
    assert [one.name for one in await consultants.names(who, [key])] == [made.name]
    assert await consultants.specialties(who) == ["Cardiology"]
    patched = await consultants.patch(who, key, schemas.ConsultantPatch(title="Prof", version=1))
    assert patched.title == "Prof"
    replacement = schemas.ConsultantReplacement(**details.model_dump(), version=2)
    assert (await consultants.replace(who, key, replacement)).title == "Dr"
    with pytest.raises(VersionConflict):
        await consultants.set_status(who, key, "on_leave", version=1)
    assert (await consultants.set_status(who, key, "on_leave", version=3)).status == "on_leave"
    assert (await consultants.figures(who)).on_leave == 1
    await consultants.archive(who, key)
    assert not (await consultants.restore(who, key)).archived
    with pytest.raises(errors.ConsultantNotFound):
        await consultants.get(who, uuid7())


async def test_a_visit_is_found_and_offered_through_the_client(
    consultants: ConsultantsClient, who: Actor, present: datetime
) -> None:
    key, kind, place = uuid7(), uuid7(), uuid7()
    await consultants.create(who, key, schemas.ConsultantWrite.model_validate(consultant()))
    terms = schemas.VisitTypeWrite.model_validate(visit_type())
    made = await consultants.create_visit_type(who, kind, terms)
    assert await consultants.visit_type(who, kind) == made
    assert (await consultants.visit_types(who, active=True, consultant_id=key)).items == [made]
    longer = schemas.VisitTypeReplacement(**(terms.model_dump() | {"duration_minutes": 45, "version": 1}))
    assert (await consultants.replace_visit_type(who, kind, longer)).version == 2
    schedule = schemas.ScheduleWrite.model_validate({"hours": [hours(place, 0, "09:00", "13:00")]})
    assert await consultants.put_schedule(who, key, schedule) == await consultants.schedule(who, key)
    windows = await consultants.windows(who, present, present + timedelta(days=7), kind, location_id=place)
    assert [window.consultant_id for window in windows] == [key]
    offer = await consultants.offer(who, kind, key, place, datetime.fromisoformat(MONDAY_NINE))
    assert (offer.end - offer.start, offer.occupied_to - offer.end) == (timedelta(minutes=45), timedelta(minutes=10))
    leave = schemas.ExceptionWrite(kind="leave", starts_at=present, ends_at=present + timedelta(days=30), reason="ill")
    entered = await consultants.put_exception(who, key, uuid7(), leave)
    assert (await consultants.exceptions(who, key, start=present)).items == [entered]
    with pytest.raises(errors.OutsideHours):
        await consultants.offer(who, kind, key, None, datetime.fromisoformat(MONDAY_NINE))
    await consultants.delete_exception(who, key, entered.id)
    await consultants.replace_visit_type(who, kind, longer.model_copy(update={"active": False, "version": 2}))
    with pytest.raises(errors.NotOffered):
        await consultants.offer(who, kind, key, None, datetime.fromisoformat(MONDAY_NINE))
