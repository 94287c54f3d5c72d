"""Law 10: audit events that were removed without a trace, renumbered, copied or put in between, below a checkpoint."""

import json
from datetime import timedelta

import pytest

from careconnect import audit, clock
from careconnect.auth import Actor
from operations.verify.evidence import Evidence
from services.patients.client import PatientsClient
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance

NEWEST = "SELECT max(id) FROM audit_events WHERE action = 'patient.read'"


@pytest.fixture
async def sealed(clinic: Clinic, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """Have three patients read, and the audit of the patients service covered by checkpoints up to here."""
    patients = clinic.services.client(PatientsClient)
    for patient_id in (*clinic.patients, clinic.patients[0]):
        await patients.get(clinic.actor, patient_id)
    sealer = Actor.workflow(clinic.tenant_id, "audit", frozenset({"audit:seal"}))
    real = clock.now
    for round_ in range(4):
        monkeypatch.setattr(clock, "now", lambda late=timedelta(minutes=6 * round_): real() + late)
        await patients.append_checkpoint(sealer)
    monkeypatch.undo()
    return instance


async def test_what_was_left_alone_fits_its_checkpoints(sealed: Instance) -> None:
    assert await sealed.ask("patients", "SELECT count(*) FROM audit_checkpoints") == 2, "nothing new, nothing appended"
    covered = await sealed.ask("patients", "SELECT max(up_to) FROM audit_checkpoints")
    assert covered == await sealed.ask("patients", "SELECT max(id) FROM audit_events")
    assert await sealed.violations(10) == []


async def test_an_event_that_was_removed_with_its_row_and_its_domain_event_is_missed(
    sealed: Instance, clinic: Clinic
) -> None:
    for table, column in (("audit_events", "entity_id"), ("outbox_events", "entity_id"), ("patients", "id")):
        await sealed.plant("patients", f"DELETE FROM {table} WHERE {column} = $1", clinic.patients[1])  # noqa: S608 - ours
    (said,) = await sealed.violations(10)
    assert said.startswith(f"patients: checkpoint 2 of the audit of tenant {clinic.tenant_id} covers ")


async def test_a_reading_that_was_removed_is_missed(sealed: Instance) -> None:
    await sealed.plant("patients", f"DELETE FROM audit_events WHERE id = ({NEWEST})")  # noqa: S608 - ours
    assert [one.partition(" of the audit")[0] for one in await sealed.violations(10)] == ["patients: checkpoint 2"]


async def test_events_that_were_renumbered_do_not_fit(sealed: Instance) -> None:
    last = await sealed.ask("patients", NEWEST)
    renumber = "UPDATE audit_events SET id = $2 WHERE id = $1"
    await sealed.disarm(
        "patients",
        "ALTER TABLE audit_events ALTER id DROP IDENTITY",
        "ALTER TABLE audit_events ALTER id ADD GENERATED ALWAYS AS IDENTITY (START WITH 100000)",
    )
    for old, new in ((last, 0), (last - 1, last), (0, last - 1)):
        await sealed.plant("patients", renumber, old, new)
    (said,) = await sealed.violations(10)
    assert said.endswith("they were renumbered or exchanged")


async def test_an_event_that_was_copied_has_the_mark_of_another(sealed: Instance) -> None:
    index = await sealed.ask("patients", "SELECT indexdef FROM pg_indexes WHERE indexname = 'uq_audit_events_mark'")
    gone = "DELETE FROM audit_events one USING audit_events other WHERE one.mark = other.mark AND one.id > other.id"
    await sealed.disarm("patients", "DROP INDEX uq_audit_events_mark", f"{gone}; {index}")
    first = await sealed.ask("patients", NEWEST)
    names = "tenant_id, at, actor_id, actor_kind, action, entity, entity_id, reason, data, request_id, seal, mark"
    copy = f"INSERT INTO audit_events ({names}) SELECT {names} FROM audit_events WHERE id = $1"  # noqa: S608 - ours
    await sealed.plant("patients", copy, first)
    (said,) = await sealed.violations(10)
    assert said.endswith(f"of patients is a copy of {first}")


async def test_a_checkpoint_that_was_removed_is_missed_by_the_next(sealed: Instance) -> None:
    await sealed.plant("patients", "DELETE FROM audit_checkpoints WHERE number = 1")
    (said,) = await sealed.violations(10)
    assert said.endswith("follows none with the number 1")


async def test_a_checkpoint_that_was_forged_does_not_fit(sealed: Instance) -> None:
    await sealed.plant("patients", f"DELETE FROM audit_events WHERE id = ({NEWEST})")  # noqa: S608 - ours
    await sealed.plant("patients", "UPDATE audit_checkpoints SET count = count - 1 WHERE number = 2")
    assert [one.partition(" of the audit")[0] for one in await sealed.violations(10)] == ["patients: checkpoint 2"]


async def test_a_mark_cannot_be_taken_off(sealed: Instance) -> None:
    await sealed.plant("patients", f"UPDATE audit_events SET mark = NULL WHERE id = ({NEWEST})")  # noqa: S608 - ours
    (said,) = await sealed.violations(10)
    assert said.endswith("its seal is wrong")


async def test_events_from_before_there_were_marks_still_hold(clinic: Clinic, instance: Instance) -> None:
    found = await instance.superusers["patients"].fetchrow("SELECT * FROM audit_events ORDER BY id DESC LIMIT 1")
    assert found is not None
    async with Evidence(instance.settings) as evidence:
        keys = await evidence.keys("patients", clinic.tenant_id)
    assert keys is not None
    sealed = audit.seal(keys.audit_key, {**found, "data": json.loads(found["data"]), "mark": None})
    unmark = "UPDATE audit_events SET mark = NULL, seal = $2 WHERE id = $1"
    await instance.plant("patients", unmark, found["id"], sealed)
    assert await instance.violations(10) == []
