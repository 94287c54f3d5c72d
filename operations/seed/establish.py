"""Setting the clinic up through the services' own clients: what exists already is left as it is."""

from contextlib import suppress

from careconnect.auth import Actor
from operations.seed import clinic, team
from operations.seed.access import Credentials
from operations.seed.doctors import Doctor, catalogue
from operations.seed.ground import CURRENCY, ZONE, Ground
from services.consultants.client import ConsultantsClient
from services.consultants.errors import ConsultantExists, RoomExists, VisitTypeExists
from services.consultants.schemas import RoomWrite
from services.identity.client import IdentityClient
from services.identity.errors import InvalidClient, LocationExists, StaffExists, TenantExists
from services.identity.roles import ROLES
from services.identity.schemas import ApiClientWrite, LocationWrite, StaffWrite, TenantWrite

_BEFORE_ANYBODY_IS_KNOWN = Actor.system("identity:authenticate")


async def found(identity: IdentityClient, ground: Ground, name: str) -> None:
    """Begin the organisation."""
    wanted = TenantWrite(name=name, currency=CURRENCY, country=clinic.COUNTRY, locale=clinic.LOCALE)
    with suppress(TenantExists):
        await identity.create_tenant(platform(ground), wanted)


async def let_in(identity: IdentityClient, ground: Ground, credentials: Credentials) -> None:
    """Make sure that the owner can sign in, and that the first API client's credentials are the ones on file."""
    email, password = credentials.admin
    owner = StaffWrite(name="Clinic owner", email=email, roles=["owner"], password=password)
    await _engage(identity, ground, team.OWNER, owner)
    try:
        await identity.authenticate_client(_BEFORE_ANYBODY_IS_KNOWN, *credentials.api_client)
    except InvalidClient:
        key = ground.id("api client")
        wanted = ApiClientWrite(name="First API client", scopes=sorted(ROLES["integration"]))
        minted = await identity.create_client(platform(ground), key, wanted)
        if minted.client_secret is None:
            minted = await identity.renew_client_secret(platform(ground), key)
        credentials.keep_api_client(minted.client_id, minted.client_secret or "")


async def open_location(identity: IdentityClient, ground: Ground, name: str, details: LocationWrite) -> None:
    """Open a clinic site."""
    with suppress(LocationExists):
        await identity.create_location(platform(ground), ground.id("location", name), details)


def first_location() -> LocationWrite:
    """Describe the one site of a clinic that begins empty."""
    return LocationWrite(name="Main clinic", zone=ZONE)


async def engage_team(identity: IdentityClient, ground: Ground, credentials: Credentials) -> int:
    """Engage the demo staff, who all sign in with one password."""
    password = credentials.demo_password()
    for member in team.TEAM:
        await _engage(identity, ground, member.account, team.write(ground, member, password))
    credentials.keep_demo({team.email(ground, member): password for member in team.TEAM})
    return len(team.TEAM)


async def know_holidays(consultants: ConsultantsClient, ground: Ground) -> None:
    """Let the organisation know the public holidays of its country, and be closed on them."""
    if not (await consultants.holiday_policy(platform(ground))).version:
        await consultants.put_holiday_policy(platform(ground), clinic.HOLIDAYS)


async def furnish(consultants: ConsultantsClient, ground: Ground) -> int:
    """Say when the locations are open, and add their rooms."""
    actor = platform(ground)
    await know_holidays(consultants, ground)
    for place, calendar in clinic.CALENDARS.items():
        location_id = ground.id("location", place)
        if not (await consultants.calendar(actor, location_id)).version:
            await consultants.put_calendar(actor, location_id, calendar)
    for place, name, features in clinic.ROOMS:
        room = RoomWrite(location_id=ground.id("location", place), name=name, features=features)
        with suppress(RoomExists):
            await consultants.create_room(actor, ground.id("room", place, name), room)
    return len(clinic.ROOMS)


async def list_catalogue(consultants: ConsultantsClient, ground: Ground) -> int:
    """Add the visit types."""
    types = catalogue(ground)
    for one in types:
        with suppress(VisitTypeExists):
            await consultants.create_visit_type(platform(ground), one.id, one.terms)
    return len(types)


async def hire(consultants: ConsultantsClient, ground: Ground, doctor: Doctor) -> None:
    """Register a consultant with the weekly hours, and the leave if there is one."""
    actor, absence = platform(ground), doctor.absence()
    with suppress(ConsultantExists):
        await consultants.create(actor, doctor.id, doctor.details(ground))
    if not (await consultants.schedule(actor, doctor.id)).hours:
        await consultants.put_schedule(actor, doctor.id, doctor.schedule())
    if absence and not (await consultants.exceptions(actor, doctor.id, limit=1)).items:
        await consultants.put_exception(actor, doctor.id, ground.id("leave", doctor.number), absence)


def platform(ground: Ground) -> Actor:
    """Name the platform itself, which may set everything up."""
    return Actor.system("*", tenant_id=ground.tenant_id)


async def _engage(identity: IdentityClient, ground: Ground, account: str, details: StaffWrite) -> None:
    with suppress(StaffExists):
        await identity.create_staff(platform(ground), ground.id("staff", account), details)
