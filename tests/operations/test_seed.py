"""What `careconnect seed` leaves behind, asked of the databases, the services and the engine."""

import asyncio
import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from traceback import format_exception
from uuid import UUID

import pytest
import sqlalchemy as sa
from temporalio.client import WorkflowExecutionStatus

from careconnect.auth import Actor
from careconnect.embedded.folder import write_json
from careconnect.ids import uuid7
from operations.seed import billing, demo, scale
from operations.seed.bulk import Row, Writer, writer
from operations.seed.ground import TENANT
from operations.seed.seeding import Options
from operations.verify.__main__ import verify
from services.appointments.schemas import OCCUPYING
from services.identity.client import IdentityClient
from services.identity.roles import ROLES
from services.patients.client import PatientsClient
from services.patients.schemas import PatientWrite
from services.payments.checks_client import MoneyChecksClient
from services.payments.schemas.checks import CheckBegin
from tests.operations.conftest import Seeded
from workflows import ids

NOBODY_YET = Actor.system("identity:authenticate")
TABLES = {
    "patients": ("patients", "search_terms"),
    "appointments": ("appointments",),
    "payments": ("invoices", "payments", "refunds", "ledger_entries", "ledger_lines", "sandbox_charges"),
    "notifications": ("messages", "preferences"),
    "consultants": ("consultants", "visit_types", "schedule_blocks", "schedule_exceptions"),
    "identity": ("staff", "locations", "api_clients"),
}


async def counted(seeded: Seeded) -> dict[str, int]:
    """Count the rows of every table, the audit and the outbox among them."""
    found = {}
    for service, tables in TABLES.items():
        for table in (*tables, "audit_events", "outbox_events"):
            question = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608 - names from above
            ((found[f"{service}.{table}"],),) = await seeded.ask(service, question)
    return found


async def broken(instance: Seeded) -> dict[int, object]:
    """Ask every law, and give what is said against those that are broken or could not be asked."""
    verdicts = await verify(instance.settings)
    found = {one.law.number: one.unreadable or one.finding.violations for one in verdicts}
    return {number: said for number, said in found.items() if said}


async def test_every_law_holds_in_the_demo_clinic(seeded: Seeded) -> None:
    assert await broken(seeded) == {}


async def test_a_second_run_changes_nothing(seeded: Seeded) -> None:
    before = await counted(seeded)
    written = await seeded.seed()
    changed = {name for name, count in (await counted(seeded)).items() if count != before[name]}
    assert changed == {"identity.audit_events"}, "the API client's credentials were tried, which is noted"
    assert {name for name, count in written.items() if count} == {
        "staff", "rooms", "visit types", "consultants", "coverages", "workflows",
    }  # fmt: skip


async def test_the_report_counts_what_is_there(seeded: Seeded) -> None:
    first, there = {step.name: step.count for step in seeded.reports[0].steps}, await counted(seeded)
    assert first["patients"] == there["patients.patients"] == 300
    assert first["appointments"] == there["appointments.appointments"] == 1900
    assert first["messages"] == there["notifications.messages"]
    assert first["ledger lines"] == there["payments.ledger_lines"]


async def test_numbers_have_no_gaps_and_the_next_registration_goes_on(seeded: Seeded) -> None:
    ((first, last, count),) = await seeded.ask(
        "patients", "SELECT min(number), max(number), count(*) FROM patients WHERE tenant_id = $1"
    )
    assert (first, last) == (1, count)
    years = await seeded.ask(
        "payments",
        "SELECT c.last = count(i), max(right(i.number, 6)::int) = c.last FROM invoice_counters c JOIN invoices i "
        "ON i.tenant_id = c.tenant_id AND i.number LIKE 'INV-' || c.year || '-%' WHERE c.tenant_id = $1 "
        "GROUP BY c.tenant_id, c.year, c.last",
    )
    assert years
    assert set(years) == {(True, True)}


async def test_the_ledger_agrees_with_invoices_payments_and_refunds(seeded: Seeded) -> None:
    balances = dict(
        await seeded.ask("payments", "SELECT account, sum(amount) FROM ledger_lines WHERE tenant_id = $1 GROUP BY 1")
    )
    ((owed, gateway, by_payers),) = await seeded.ask(
        "payments",
        "SELECT (SELECT sum(total - covered - credited - paid + returned) FROM invoices "
        "WHERE tenant_id = $1 AND status <> 'cancelled'), "
        "(SELECT sum(captured - refunded) FROM payments WHERE tenant_id = $1 AND gateway = 'sandbox'), "
        "(SELECT sum(amount - paid - returned - written_off) FROM claims WHERE tenant_id = $1)",
    )
    assert sum(balances.values()) == 0
    assert balances["receivables"] == owed
    assert balances["gateway_clearing:sandbox"] == gateway
    assert balances["payer_receivables"] == by_payers


async def test_months_of_the_books_begin_where_the_clinic_is(seeded: Seeded) -> None:
    zones = await seeded.ask("payments", "SELECT zone FROM ledger_books WHERE tenant_id = $1")
    assert zones == [("Asia/Colombo",)]
    elsewhere = await seeded.ask(
        "payments",
        "SELECT id FROM ledger_entries WHERE tenant_id = $1 "
        "AND period <> date_trunc('month', booked_at AT TIME ZONE 'Asia/Colombo')",
    )
    assert elsewhere == []


async def test_each_waiting_appointment_has_one_running_workflow(seeded: Seeded) -> None:
    waiting = await seeded.ask(
        "appointments",
        "SELECT id, consultant_id FROM appointments WHERE tenant_id = $1 AND status = ANY($2)",
        sorted(OCCUPYING),
    )
    handles = [seeded.engine.get_workflow_handle(ids.appointment(key)) for key, _ in waiting]
    found = await asyncio.gather(*(one.describe() for one in handles))
    assert {one.status for one in found} == {WorkflowExecutionStatus.RUNNING}
    attributes = found[0].typed_search_attributes
    assert attributes.get(ids.TENANT) == str(TENANT)
    assert attributes.get(ids.CONSULTANT) == str(waiting[0][1])


async def test_a_seeded_patient_is_found_by_name_and_telephone(seeded: Seeded) -> None:
    patients = seeded.services.client(PatientsClient)
    (one,) = (await patients.list(seeded.actor, limit=1)).items
    assert one.phone
    for asked in (one.name, one.phone, one.mrn):
        assert one.id in {found.id for found in (await patients.list(seeded.actor, q=asked)).items}


async def test_everybody_in_the_credentials_file_can_sign_in(seeded: Seeded) -> None:
    identity, known = seeded.services.client(IdentityClient), seeded.credentials
    owner = await identity.sign_in(NOBODY_YET, known["admin"]["email"], known["admin"]["password"])
    assert owner.staff.roles == ["owner"]
    signed_in = [await identity.sign_in(NOBODY_YET, *one) for one in known["demo"].items()]
    assert {one.staff.roles[0] for one in signed_in} == set(ROLES) - {"owner", "integration"}
    client = known["api_client"]
    admitted = await identity.authenticate_client(NOBODY_YET, client["client_id"], client["client_secret"])
    assert (admitted.tenant_id, set(admitted.scopes)) == (TENANT, set(ROLES["integration"]))


async def test_a_lost_credentials_file_is_written_anew_for_programs(seeded: Seeded) -> None:
    identity, before = seeded.services.client(IdentityClient), seeded.credentials
    lost = before["api_client"] | {"client_secret": "lost"}
    write_json(seeded.settings.data_dir / "credentials.json", before | {"api_client": lost})
    await seeded.seed(Options(minimal=True))
    now = seeded.credentials["api_client"]
    assert now["client_id"] == before["api_client"]["client_id"]
    await identity.authenticate_client(NOBODY_YET, now["client_id"], now["client_secret"])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the clinic be a small one, and tell how many appointments it has."""
    monkeypatch.setattr(demo, "PATIENTS", 60)
    monkeypatch.setattr(demo, "PAST", 200)
    monkeypatch.setattr(demo, "COMING", 40)
    return 240


async def test_an_interrupted_run_is_finished_by_the_next(
    seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    other = seeded.another(tmp_path, UUID(int=7))
    insert = Writer.insert

    async def fail_at_refunds(writer: Writer, table: sa.Table, rows: Sequence[Row]) -> None:
        if table.name == "refunds":
            raise ConnectionResetError
        await insert(writer, table, rows)

    with monkeypatch.context() as trouble:
        trouble.setattr(Writer, "insert", fail_at_refunds)
        with pytest.raises(ConnectionResetError):
            await other.seed()
    half = await counted(other)
    assert half["appointments.appointments"] == small
    assert half["payments.invoices"] == half["payments.payments"] == half["payments.ledger_entries"] == 0
    await other.seed()
    assert (await counted(other))["payments.invoices"] > 0
    assert await broken(other) == {}


async def test_an_empty_instance_has_an_owner_a_program_and_a_place_and_nothing_else(
    seeded: Seeded, tmp_path: Path
) -> None:
    other = seeded.another(tmp_path, UUID(int=8))
    await other.seed(Options(minimal=True))
    identity, known = other.services.client(IdentityClient), other.credentials
    signed_in = await identity.sign_in(NOBODY_YET, known["admin"]["email"], known["admin"]["password"])
    assert signed_in.tenant.id == other.tenant_id
    assert await identity.authenticate_client(NOBODY_YET, *known["api_client"].values())
    assert "demo" not in known
    there = await counted(other)
    assert (there["identity.locations"], there["identity.staff"]) == (1, 1)
    assert there["patients.patients"] == there["consultants.consultants"] == there["appointments.appointments"] == 0
    schedule = other.engine.get_schedule_handle(ids.dashboard(other.tenant_id))
    assert (await schedule.describe()).id == ids.dashboard(other.tenant_id)


@pytest.mark.usefixtures("small")
async def test_an_empty_instance_can_be_filled_later_and_numbers_go_on(seeded: Seeded, tmp_path: Path) -> None:
    other = seeded.another(tmp_path, UUID(int=9))
    patients = other.services.client(PatientsClient)
    await other.seed(Options(minimal=True))
    assert await registered(patients, other, 1) == "MRN-000001"
    await other.seed()
    assert await registered(patients, other, 2) == "MRN-000062"


async def registered(patients: PatientsClient, instance: Seeded, number: int) -> str:
    """Register somebody through the service, and tell under which number."""
    said = {"first_name": "New", "last_name": f"Patient {number}", "date_of_birth": "1990-04-12", "gender": "other"}
    return (await patients.register(instance.actor, UUID(int=number), PatientWrite.model_validate(said))).mrn


@pytest.fixture
def small_practices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each consultant more have few appointments."""
    monkeypatch.setattr(scale, "EACH", 60)
    monkeypatch.setattr(scale, "PATIENTS_EACH", 40)


@pytest.mark.usefixtures("small_practices")
async def test_scaling_makes_as_many_appointments_as_asked_in_all_and_more_when_asked_again(
    seeded: Seeded, tmp_path: Path, small: int
) -> None:
    other = seeded.another(tmp_path, UUID(int=10))
    for total in (small + 30, small + 100):
        await other.seed(Options(scale=total))
        assert (await counted(other))["appointments.appointments"] == total
    written = await other.seed(Options(scale=small + 100))
    assert (written["more appointments"], written["more patients"], written["more invoices"]) == (0, 0, 0)
    assert await broken(other) == {}


async def test_payers_have_claims_in_each_state(seeded: Seeded) -> None:
    states = dict(await seeded.ask("payments", "SELECT status, count(*) FROM claims WHERE tenant_id = $1 GROUP BY 1"))
    assert {"draft", "submitted", "accepted", "rejected", "paid"} <= states.keys()


@pytest.mark.usefixtures("small_practices")
async def test_a_neighbour_that_dies_is_an_error_and_the_next_run_goes_on(
    seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    other = seeded.another(tmp_path, UUID(int=11))
    take = scale.Neighbour.take

    async def die(neighbour: scale.Neighbour, practice: scale.Practice) -> None:
        await take(neighbour, practice)
        for process in multiprocessing.active_children():
            process.kill()

    with monkeypatch.context() as trouble:
        trouble.setattr(scale.Neighbour, "take", die)
        with pytest.raises((RuntimeError, ExceptionGroup)) as caught:
            await other.seed(Options(scale=small + 100))
    assert "the process that writes appointments and payments has ended" in "".join(format_exception(caught.value))
    await other.seed(Options(scale=small + 100))
    assert (await counted(other))["appointments.appointments"] == small + 100
    assert await broken(other) == {}


async def test_no_totals_are_made_while_several_write_the_books(seeded: Seeded) -> None:
    """They take turns: one of them would wait for a total that the other has forgotten, and that one for its turn."""
    payments = seeded.services.client(MoneyChecksClient)

    async def kept() -> bool:
        await payments.begin_check(seeded.actor, uuid7(), CheckBegin(cause="request"))
        return bool(await seeded.ask("payments", "SELECT period FROM ledger_totals WHERE tenant_id = $1"))

    assert await kept()
    async with writer(seeded.settings, "payments", seeded.tenant_id) as one:
        await billing.hold(one)
        async with writer(seeded.settings, "payments", seeded.tenant_id) as other:
            await billing.hold(other)
        assert not await kept()
    assert await kept()
