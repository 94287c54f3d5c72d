"""Signing in, looking up sessions, and authenticating API clients: what happens before anybody is known.

These are not one transaction each, unlike everything else. A refused try has to leave its traces, and no connection is
held while a password is compared, since that is made to be slow.
"""

from datetime import datetime

from careconnect import clock
from careconnect.auth import Actor
from careconnect.db import Database
from careconnect.ids import uuid7
from services.identity import credentials, passwords, schemas
from services.identity.errors import InvalidClient, InvalidCredentials, SessionEnded, TooManyAttempts
from services.identity.models import TOUCH, Session, Staff
from services.identity.repository import access, directory
from services.identity.repository import organisation as organisations
from services.identity.repository import staff as staff_repository


async def sign_in(database: Database, told: schemas.SignIn) -> schemas.SignedIn:
    """Begin a session for the person whose e-mail and password these are.

    An unknown e-mail goes the same way as a wrong password, for a person whom no row has: the answer, the statements
    and the time they take are the same.

    Raises:
        TooManyAttempts: too many passwords were tried for this e-mail.
        InvalidCredentials: the e-mail and the password do not belong together.
    """
    present = clock.now()
    platform = Actor.system()
    key = directory.email_key(await database.keys(platform.tenant_id), told.email)
    async with database.write(platform) as session:
        until = await access.count_try(session, key, present)
        subject = await directory.find(session, directory.EMAIL, key)
    tenant = Actor.system(tenant_id=subject.tenant_id)
    if until is not None:
        await _note(database, tenant, "session.throttled", subject)
        raise TooManyAttempts(retry_after=max(1, int((until - present).total_seconds())))
    async with database.read(tenant) as session:
        person = await staff_repository.find_staff(session, subject.id)
    kept = person.password_hash if person and person.active else None
    if not await passwords.matches(kept, told.password) or person is None or kept is None:
        await _note(database, tenant, "session.refused", subject)
        raise InvalidCredentials
    begun = await _begin(database, person, told.password, present)
    async with database.write(platform) as session:
        await access.forget_tries(session, key, present)
    if told.previous_token:
        await end(database, told.previous_token)
    return begun


async def _note(database: Database, tenant: Actor, action: str, subject: directory.Subject) -> None:
    async with database.write(tenant) as session:
        session.record(action, "staff", subject.id)


async def _begin(database: Database, person: Staff, password: str, present: datetime) -> schemas.SignedIn:
    kept = person.password_hash or ""
    renewed = await passwords.hashed(password) if passwords.outdated(kept) else None
    token = credentials.new_session_token(person.tenant_id)
    fresh = Session.begin(uuid7(), person.id, token, present)
    async with database.write(person.actor()) as session:
        if not await staff_repository.still_signs_in(session, person):
            raise InvalidCredentials
        if renewed:
            await staff_repository.renew_hash(session, person.id, kept, renewed)
        session.add(fresh)
        session.record("session.begun", "staff", person.id, data={"session_id": str(fresh.id)})
        tenant = await organisations.tenant(session, person.tenant_id)
        shown = person.shown(await session.tenant_keys())
    return schemas.SignedIn(token=token, staff=shown, tenant=tenant.shown(), expires_at=fresh.expires_at)


async def look_up(database: Database, token: str) -> schemas.SessionInfo:
    """Tell who asks in a session.

    Raises:
        SessionEnded: it was ended, ran out, or never was; or its person was deactivated.
    """
    tenant_id = credentials.tenant_of_token(token)
    if tenant_id is None:
        raise SessionEnded
    present = clock.now()
    tenant = Actor.system(tenant_id=tenant_id)
    async with database.read(tenant) as session:
        live = await access.live_session(session, token, present)
    if live is None:
        raise SessionEnded
    if live.session.last_seen_at <= present - TOUCH:
        async with database.write(tenant) as session:
            await access.touch_session(session, live.session.id, present)
    keys = await database.keys(tenant_id)
    return schemas.SessionInfo(
        session_id=live.session.id,
        actor=live.staff.actor(),
        staff_name=keys.open(live.staff.name),
        roles=live.staff.roles,
        location_ids=live.staff.location_ids,
        tenant=live.tenant.shown(),
        locale=live.tenant.locale,
        csrf_secret=credentials.csrf_secret(token),
        expires_at=live.session.expires_at,
    )


async def end(database: Database, token: str) -> None:
    """End a session; one that has ended, or never was, has ended."""
    tenant_id = credentials.tenant_of_token(token)
    if tenant_id is None:
        return
    present = clock.now()
    tenant = Actor.system(tenant_id=tenant_id)
    async with database.read(tenant) as session:
        live = await access.live_session(session, token, present)
    async with database.write(live.staff.actor() if live else tenant) as session:
        ended = await access.end_session(session, token, present)
        if ended and live:
            session.record("session.ended", "staff", live.staff.id, data={"session_id": str(ended)})


async def authenticate_client(database: Database, told: schemas.ClientCredentials) -> schemas.ClientInfo:
    """Tell which program these credentials are of.

    Raises:
        InvalidClient: they do not belong together, or the client was revoked.
    """
    tenant_id = credentials.tenant_of_client(told.client_id)
    if tenant_id is None:
        raise InvalidClient
    present = clock.now()
    tenant = Actor.system(tenant_id=tenant_id)
    async with database.read(tenant) as session:
        found = await access.client_by_public_id(session, told.client_id)
    kept = found.secret_hash if found and found.active else None
    right = credentials.same(kept, told.client_secret)
    if found is not None:
        async with database.write(tenant) as session:
            action = "client.authenticated" if right else "client.refused"
            session.record_access(action, "api_client", found.id)
            if right and (found.last_used_at is None or found.last_used_at <= present - TOUCH):
                await access.touch_client(session, found.id, present)
    if found is None or not right:
        raise InvalidClient
    return schemas.ClientInfo(id=found.id, tenant_id=found.tenant_id, name=found.name, scopes=found.scopes)
