"""The story of a run: set the clinic up, write its past and its coming weeks, hand the coming ones to workflows."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from temporalio.client import Client

from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.crypto import MasterKey
from careconnect.db import Database, new_metadata
from careconnect.embedded.folder import DataFolder
from careconnect.temporal import connect
from operations.seed import adoption, appointments, billing, claims, clinic, establish, messages, patients, scale
from operations.seed.access import Credentials
from operations.seed.bulk import writer
from operations.seed.demo import Demo, demo
from operations.seed.fates import Visit
from operations.seed.ground import DOMAIN, TENANT, Ground
from operations.seed.money import account
from operations.seed.told import Report, Say
from services.consultants.client import ConsultantsClient
from services.hosting import Services
from services.identity.client import IdentityClient
from services.payments.insurance.client import InsuranceClient

_BEGUN = "demo_data.begun"
_AUDIT = new_metadata().tables["audit_events"]


@dataclass(frozen=True)
class Options:
    """What is wanted: `minimal` is an owner who can sign in and nothing else; `scale` counts appointments in total."""

    minimal: bool = False
    scale: int | None = None
    tenant_id: UUID = TENANT
    domain: str = DOMAIN


async def seed(settings: Settings, options: Options, say: Say, client: Client | None = None) -> Report:
    """Fill an instance, or what of it is still empty. `client` speaks to the engine; without one, it is connected."""
    report = Report(say)
    credentials = Credentials(DataFolder.at(settings.data_dir))
    client = client or await connect(settings)
    ground = Ground(options.tenant_id, clock.now(), options.domain)
    async with Services(settings) as services:
        if options.minimal:
            await _begin_empty(services, ground, credentials)
        else:
            ground = await _ground(settings, options)
            told = await _without_taken(settings, ground, demo(ground))
            await _set_up(services, ground, told, credentials, report)
            await _write(settings, ground, told, report)
            with report.step("workflows") as step:
                waiting = await _waiting(settings, ground, told.visits)
                step.count = await adoption.adopt(client, ground, waiting)
            if options.scale:
                missing = options.scale - len(told.visits)
                await scale.fill(settings, services.client(ConsultantsClient), ground, max(missing, 0), report)
    await adoption.keep_figures(client, settings, ground)
    return report


async def _begin_empty(services: Services, ground: Ground, credentials: Credentials) -> None:
    identity = services.client(IdentityClient)
    await establish.found(identity, ground, "New clinic")
    await establish.let_in(identity, ground, credentials)
    await establish.know_holidays(services.client(ConsultantsClient), ground)
    if not await identity.locations(establish.platform(ground)):
        await establish.open_location(identity, ground, "main", establish.first_location())


async def _set_up(services: Services, ground: Ground, told: Demo, credentials: Credentials, report: Report) -> None:
    identity, consultants = services.client(IdentityClient), services.client(ConsultantsClient)
    with report.step("staff") as step:
        await establish.found(identity, ground, clinic.NAME)
        await establish.let_in(identity, ground, credentials)
        for name, location in clinic.LOCATIONS.items():
            await establish.open_location(identity, ground, name, location)
        step.count = await establish.engage_team(identity, ground, credentials)
    with report.step("rooms") as step:
        step.count = await establish.furnish(consultants, ground)
    with report.step("visit types") as step:
        step.count = await establish.list_catalogue(consultants, ground)
    with report.step("consultants") as step:
        for doctor in told.doctors:
            await establish.hire(consultants, ground, doctor)
        step.count = len(told.doctors)
    with report.step("coverages") as step:
        step.count = await claims.cover(services.client(InsuranceClient), ground.tenant_id, told.patients.people)


async def _write(settings: Settings, ground: Ground, told: Demo, report: Report) -> None:
    with report.step("patients") as step:
        async with writer(settings, "patients", ground.tenant_id) as into:
            step.count = await patients.write(into, ground, told.patients, settings.default_country)
    with report.step("appointments") as step:
        async with writer(settings, "appointments", ground.tenant_id) as into:
            step.count = await appointments.write(into, ground, told.visits)
    with report.step("invoices") as step:
        async with writer(settings, "payments", ground.tenant_id) as into:
            accounts = [books for visit in told.visits if (books := account(visit, covering=True))]
            counts = await billing.write(into, ground, accounts)
        step.count = counts.pop("invoices")
    for name, count in counts.items():
        report.add(name.replace("_", " "), count)
    with report.step("messages") as step:
        async with writer(settings, "notifications", ground.tenant_id) as into:
            step.count = await messages.write(into, ground, told.patients, told.visits)


async def _without_taken(settings: Settings, ground: Ground, told: Demo) -> Demo:
    """Leave out visits whose time people have given to somebody else meanwhile: what was booked by hand stands."""
    async with writer(settings, "appointments", ground.tenant_id) as into:
        taken = await appointments.in_the_way(into, ground, told.visits)
    return replace(told, visits=[visit for visit in told.visits if visit.id not in taken])


async def _ground(settings: Settings, options: Options) -> Ground:
    """Stand where the first run stood: its moment is in the audit, so a run that was interrupted is taken up again."""
    actor = Actor.system(tenant_id=options.tenant_id)
    database = Database(settings.database.url("appointments"), lambda: MasterKey(settings.master_keys))
    try:
        async with database.write(actor) as session:
            known = sa.select(_AUDIT.c.data["moment"].astext).where(
                _AUDIT.c.entity == "tenant", _AUDIT.c.entity_id == options.tenant_id, _AUDIT.c.action == _BEGUN
            )
            begun = await session.scalar(known.order_by(_AUDIT.c.id).limit(1))
            if begun is None:
                begun = clock.now().isoformat()
                session.record(_BEGUN, "tenant", options.tenant_id, data={"moment": begun})
    finally:
        await database.dispose()
    return Ground(options.tenant_id, datetime.fromisoformat(begun), options.domain)


async def _waiting(settings: Settings, ground: Ground, visits: list[Visit]) -> list[Visit]:
    """Keep the visits that still occupy their time, whatever happened to them since they were written."""
    async with writer(settings, "appointments", ground.tenant_id) as into:
        occupying = await appointments.occupying(into, [visit.id for visit in visits if visit.occupies])
    return [visit for visit in visits if visit.id in occupying]
