"""Law 11: every way in which one tenant could see another's rows is found."""

import pytest

from careconnect.ids import uuid7
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance

STRICT = "(tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))"

OWN_AGAIN = """
ALTER TABLE search_terms OWNER TO careconnect_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON search_terms TO careconnect_patients
"""


@pytest.mark.parametrize(
    ("weaken", "mend", "said"),
    [
        (
            "ALTER TABLE patients DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE patients ENABLE ROW LEVEL SECURITY",
            ["patients.patients is not under row-level security", "patients.patients shows rows of other tenants"],
        ),
        (
            "ALTER TABLE patients NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE patients FORCE ROW LEVEL SECURITY",
            ["patients.patients is not under row-level security"],
        ),
        (
            "CREATE POLICY open ON patients USING (true)",
            "DROP POLICY open ON patients",
            ["the policy open of patients.patients shows other rows", "patients.patients shows rows of other tenants"],
        ),
        (
            "ALTER POLICY tenant ON patients WITH CHECK (true)",
            f"ALTER POLICY tenant ON patients WITH CHECK {STRICT}",
            ["the policy tenant of patients.patients shows other rows"],
        ),
        (
            "ALTER ROLE careconnect_patients BYPASSRLS",
            "ALTER ROLE careconnect_patients NOBYPASSRLS",
            ["careconnect_patients may go around row-level security", "patients.patients shows rows of other tenants"],
        ),
        (
            "GRANT careconnect_owner TO careconnect_patients",
            "REVOKE careconnect_owner FROM careconnect_patients",
            ["careconnect_patients is a member of careconnect_owner"],
        ),
        (
            "GRANT CONNECT ON DATABASE careconnect_billing_db TO careconnect_patients",
            "REVOKE CONNECT ON DATABASE careconnect_billing_db FROM careconnect_patients",
            ["careconnect_patients may connect to careconnect_billing_db"],
        ),
        (
            "ALTER TABLE search_terms OWNER TO careconnect_patients",
            OWN_AGAIN,
            ["careconnect_patients owns search_terms in careconnect_patient_db"],
        ),
    ],
)
async def test_a_wall_that_was_weakened_is_found(
    clinic: Clinic, instance: Instance, weaken: str, mend: str, said: list[str]
) -> None:
    assert await instance.violations(11) == []
    await another_tenant(clinic, instance)
    await instance.disarm("patients", weaken, mend)
    found = await instance.violations(11)
    for one in said:
        assert any(sentence.startswith(one) for sentence in found), (one, found)


async def another_tenant(clinic: Clinic, instance: Instance) -> None:
    """Give one of the clinic's patients to somebody else."""
    other = uuid7()
    key = "INSERT INTO data_keys SELECT $1, wrapped, created_at FROM data_keys LIMIT 1"
    await instance.plant("patients", key, other)
    give = "UPDATE patients SET tenant_id = $1 WHERE id = $2"
    await instance.plant("patients", give, other, clinic.patients[1])


@pytest.mark.parametrize(
    ("service", "table", "column", "to_service", "to_table"),
    [
        ("appointments", "appointments", "patient_id", "patients", "patients"),
        ("appointments", "appointments", "consultant_id", "consultants", "consultants"),
        ("payments", "invoices", "appointment_id", "appointments", "appointments"),
        ("notifications", "messages", "patient_id", "patients", "patients"),
        ("consultants", "schedule_blocks", "location_id", "identity", "locations"),
    ],
)
async def test_an_id_of_another_tenants_row_is_found(
    instance: Instance, service: str, table: str, column: str, to_service: str, to_table: str
) -> None:
    key = "INSERT INTO data_keys SELECT gen_random_uuid(), wrapped, created_at FROM data_keys LIMIT 1"
    await instance.plant(to_service, key)
    named = await instance.ask(service, f"SELECT {column} FROM {table} LIMIT 1")  # noqa: S608 - ours
    steal = f"UPDATE {to_table} SET tenant_id = $1 WHERE id = $2"  # noqa: S608 - ours
    await instance.plant(to_service, steal, uuid7(), named)
    found = [one for one in await instance.violations(11) if one.startswith(f"{table}.{column} of {service} names")]
    assert len(found) == 1
    assert str(named) in found[0]
