"""Law 10: a change without its event, an event that was altered, forged or removed, an audit that could be."""

import pytest

from careconnect.ids import uuid7
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance


async def newest(instance: Instance, service: str) -> int:
    """Give the number of a service's last audit event."""
    return int(await instance.ask(service, "SELECT max(id) FROM audit_events"))


@pytest.mark.parametrize(
    "change",
    [
        "action = 'appointment.booked'",
        "actor_id = gen_random_uuid()",
        "at = at + interval '1 microsecond'",
        "entity_id = gen_random_uuid()",
        "reason = 'because'",
        """data = data || '{"late": true}'""",
        "request_id = 'another'",
        r"seal = '\x00'",
    ],
)
async def test_an_event_that_was_altered_is_found(instance: Instance, change: str) -> None:
    number = await newest(instance, "appointments")
    await instance.plant("appointments", f"UPDATE audit_events SET {change} WHERE id = $1", number)  # noqa: S608 - ours
    wrong = [one for one in await instance.violations(10) if one.endswith("its seal is wrong")]
    assert len(wrong) == 1
    assert wrong[0].startswith(f"audit event {number} of appointments")


async def test_an_event_that_was_forged_for_a_tenant_without_a_key_is_found(instance: Instance) -> None:
    stranger = uuid7()
    forge = "UPDATE audit_events SET tenant_id = $1 WHERE action = 'patient.registered'"
    await instance.plant("patients", forge, stranger)
    assert sum(one.endswith("its seal is wrong") for one in await instance.violations(10)) == 2


async def test_an_event_that_was_removed_is_missed_by_its_domain_event(instance: Instance) -> None:
    remove = "DELETE FROM audit_events WHERE action = 'appointment.cancelled' RETURNING entity_id"
    gone = await instance.ask("appointments", remove)
    found = await instance.violations(10)
    assert any(f"appointment.cancelled of {gone}) is missing" in one for one in found)
    assert any(one.startswith(f"appointment {gone} is cancelled, its last audit event says booked") for one in found)


@pytest.mark.parametrize(
    ("service", "table", "entity"),
    [
        ("patients", "patients", "patient"),
        ("consultants", "consultants", "consultant"),
        ("consultants", "visit_types", "visit_type"),
        ("appointments", "appointments", "appointment"),
        ("payments", "invoices", "invoice"),
        ("payments", "payments", "payment"),
        ("payments", "refunds", "refund"),
        ("notifications", "messages", "message"),
        ("identity", "tenants", "tenant"),
        ("identity", "locations", "location"),
    ],
)
async def test_a_row_that_was_written_behind_the_audits_back_is_found(
    instance: Instance, service: str, table: str, entity: str
) -> None:
    key = await instance.ask(service, f"SELECT id FROM {table} LIMIT 1")  # noqa: S608 - ours
    for events in ("audit_events", "outbox_events"):
        await instance.plant(service, f"DELETE FROM {events} WHERE entity = $1 AND entity_id = $2", entity, key)  # noqa: S608 - ours
    assert await instance.violations(10) == [f"{entity} {key} has no audit event of its creation"]


async def test_a_state_that_was_changed_behind_the_audits_back_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    await instance.plant("appointments", "UPDATE appointments SET status = 'fulfilled' WHERE id = $1", booked.id)
    assert await instance.violations(10) == [f"appointment {booked.id} is fulfilled, its last audit event says booked"]


async def test_an_audit_that_could_be_changed_is_found(instance: Instance) -> None:
    back = "ALTER TABLE audit_events ENABLE TRIGGER append_only_truncate"
    await instance.disarm("patients", "ALTER TABLE audit_events DISABLE TRIGGER append_only_truncate", back)
    right = "DELETE ON outbox_events"
    await instance.disarm(
        "identity", f"GRANT {right} TO careconnect_identity", f"REVOKE {right} FROM careconnect_identity"
    )
    assert await instance.violations(10) == [
        "patients.audit_events has no trigger that keeps it from being truncated",
        "careconnect_identity has the right DELETE on outbox_events",
    ]


async def test_a_trigger_that_refuses_nothing_is_no_guard(instance: Instance) -> None:
    rule = await instance.ask("reports", "SELECT pg_get_functiondef('refuse_change'::regproc)")
    tame = "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    await instance.disarm("reports", tame, rule)
    assert len(await instance.violations(10)) == 6, "changing and truncating, of audit, outbox and checkpoints"
