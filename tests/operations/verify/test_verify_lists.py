"""Laws 3, 7 and 8 of series, of the waiting list and of its offers: what is planted is found and named."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from careconnect import clock
from careconnect.ids import uuid7
from services.appointments.schemas import Hold
from services.appointments.series.client import SeriesClient
from services.appointments.series.schemas import SeriesPlan, SeriesStatus
from services.appointments.waitlist.client import WaitlistClient
from services.appointments.waitlist.schemas import EntryWrite, OfferClose, OfferWrite
from services.notifications.schemas import MessageSend
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance
from workflows import ids

PATIENCE = 2
"""Seconds; the engine's list follows its state with a delay."""
LATER = "UPDATE messages SET queued_at = queued_at + $2, sent_at = sent_at + $2 WHERE id = $1"


async def planned(clinic: Clinic, instance: Instance) -> UUID:
    """Have a series, and its workflow."""
    key = uuid7()
    plan = SeriesPlan(
        patient_id=clinic.patients[0], consultant_id=clinic.consultant_id, visit_type_id=clinic.visit_type_id,
        location_id=clinic.location_id, zone=clinic.zone, start=clinic.at(13), rule="FREQ=WEEKLY;COUNT=2",
    )  # fmt: skip
    await clinic.services.client(SeriesClient).plan(clinic.actor, key, plan)
    await instance.start("AppointmentSeries", ids.series(key), clinic.tenant_id)
    return key


async def offered(clinic: Clinic, instance: Instance) -> tuple[UUID, UUID]:
    """Have somebody on the waiting list with a time on offer, and the entry's workflow."""
    entry, offer, start = uuid7(), uuid7(), clinic.at(14)
    waitlist = clinic.services.client(WaitlistClient)
    wanted = EntryWrite(
        patient_id=clinic.patients[1], visit_type_id=clinic.visit_type_id, until=clock.now() + timedelta(days=90)
    )
    await waitlist.join(clinic.actor, entry, wanted)
    await instance.start("WaitlistEntry", ids.waitlist(entry), clinic.tenant_id)
    end = start + timedelta(minutes=30)
    hold = Hold(
        patient_id=clinic.patients[1], consultant_id=clinic.consultant_id, visit_type_id=clinic.visit_type_id,
        location_id=clinic.location_id, zone=clinic.zone, start=start, end=end, occupied_from=start, occupied_to=end,
        hold_seconds=960,
    )  # fmt: skip
    expires = clock.now() + timedelta(minutes=15)
    await waitlist.offer(clinic.actor, entry, offer, OfferWrite(hold=hold, expires_at=expires))
    return entry, offer


async def test_a_series_that_goes_on_has_a_workflow_and_one_that_ended_has_none(
    clinic: Clinic, instance: Instance
) -> None:
    key = await planned(clinic, instance)
    assert await instance.violations(8) == []
    await instance.end(ids.series(key))
    verdict = await instance.law(8, PATIENCE)
    assert verdict.finding.violations == [f"series {key} is booking and no workflow cares for it"]
    other = await planned(clinic, instance)
    series = clinic.services.client(SeriesClient)
    for one in (key, other):
        await series.stand(clinic.actor, one, SeriesStatus.ENDED)
    verdict = await instance.law(8, PATIENCE)
    assert verdict.finding.violations == [f"workflow {ids.series(other)} runs although the series is ended"]


async def test_the_held_time_of_an_offer_has_the_workflow_of_its_entry(clinic: Clinic, instance: Instance) -> None:
    entry, offer = await offered(clinic, instance)
    assert await instance.violations(8) == []
    assert await instance.violations(10) == []
    await instance.end(ids.waitlist(entry))
    verdict = await instance.law(8, PATIENCE)
    assert verdict.finding.violations == [f"entry {entry} is offered and no workflow cares for it"]
    await instance.plant("appointments", "UPDATE waitlist_entries SET status = 'left' WHERE id = $1", entry)
    said = f"offer {offer} of entry {entry} is open, its entry is left and its time is held"
    assert await instance.violations(8) == [said]


async def test_an_offer_that_outlived_its_time_is_found(clinic: Clinic, instance: Instance) -> None:
    _, offer = await offered(clinic, instance)
    assert await instance.violations(3) == []
    past = clock.now() - timedelta(minutes=2)
    await instance.plant("appointments", "UPDATE waitlist_offers SET expires_at = $2 WHERE id = $1", offer, past)
    assert await instance.violations(3) == [f"offer {offer} is open since it ran out at {past:%Y-%m-%d %H:%M:%SZ}"]


async def test_an_offer_that_was_sent_after_its_time_was_given_back_is_found(
    clinic: Clinic, instance: Instance
) -> None:
    entry, offer = await offered(clinic, instance)
    said: dict[str, Any] = {
        "patient_id": clinic.patients[1], "appointment_id": offer, "appointment_version": 1, "channel": "sms",
        "template": "waitlist_offer", "recipient": {"name": "Kamala Silva", "phone": "+94771234567"},
        "values": {
            "starts_at": clinic.at(14), "zone": clinic.zone, "link": "https://clinic.example/p/offer/x",
            "answer_by": clock.now() + timedelta(minutes=15),
        },
    }  # fmt: skip
    message = await clinic.notifications.send(clinic.actor, uuid7(), MessageSend.model_validate(said))
    waitlist = clinic.services.client(WaitlistClient)
    await waitlist.close_offer(clinic.actor, entry, offer, OfferClose(status="lapsed"))
    assert await instance.violations(7) == []
    await instance.plant("notifications", LATER, message.id, timedelta(minutes=5))
    (found,) = await instance.violations(7)
    assert found.endswith("left after that was released")
