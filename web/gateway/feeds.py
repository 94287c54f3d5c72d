"""Calendar feeds: addresses that show busy times to whoever holds them, until they are revoked."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import BaseModel

from careconnect import clock, ics
from careconnect.auth import Actor
from careconnect.errors import Forbidden
from careconnect.ids import uuid7
from careconnect.links import LinkInvalid, SignedLinks
from services.appointments.errors import FeedNotFound
from services.appointments.feeds.client import FeedsClient
from services.appointments.feeds.schemas import Feed, FeedKind, FeedWrite
from services.appointments.schemas import Appointment, AppointmentFilter, Status
from services.consultants.schemas import VisitType
from web.gateway.calendars import Words, held, revision

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway

PURPOSE = "calendar"
_ALWAYS = datetime(9000, 1, 1, tzinfo=UTC)
"""The address is good until its row is revoked."""
_SCOPES = ("appointments:read", "catalogue:read", "consultants:read", "identity:read", "patients:read")
_SPANS = {
    FeedKind.CONSULTANT: (timedelta(days=30), timedelta(days=180)),
    FeedKind.LOCATION: (timedelta(days=7), timedelta(days=60)),
}
"""How far back and ahead a feed shows appointments."""
_BUSY = [Status.HELD, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED]
_MOST = 5000
_AT_ONCE = 200
_REFRESH_MINUTES = 15


class FeedAddress(BaseModel):
    """A feed with its address, which is as good as a key."""

    id: UUID
    url: str
    shows_names: bool
    created_at: datetime


class CalendarFeeds:
    """Makes, shows and revokes feeds."""

    def __init__(self, gateway: "Gateway", feeds: FeedsClient, links: SignedLinks, public_url: str) -> None:
        self._gateway = gateway
        self._feeds = feeds
        self._links = links
        self._public_url = public_url.rstrip("/")

    async def make(self, actor: Actor, kind: FeedKind, subject_id: UUID, *, shows_names: bool) -> FeedAddress:
        """Make an address; the one before works no longer. Naming patients is for those who manage the organisation.

        Raises:
            Forbidden: patients are to be named, and the actor may not decide that.
        """
        if shows_names and not actor.may("staff:manage"):
            raise Forbidden("Only owners and administrators let a calendar name patients.")
        asked = FeedWrite(kind=kind, subject_id=subject_id, shows_names=shows_names)
        return self._addressed(actor, await self._feeds.make(actor, uuid7(), asked))

    async def find(self, actor: Actor, kind: FeedKind, subject_id: UUID) -> FeedAddress | None:
        """Find the address that works, if there is one."""
        return (await self.all(actor, kind)).get(subject_id)

    async def all(self, actor: Actor, kind: FeedKind) -> dict[UUID, FeedAddress]:
        """Give every address of a kind, by consultant or location."""
        active = await self._feeds.active(actor)
        return {feed.subject_id: self._addressed(actor, feed) for feed in active if feed.kind is kind}

    async def revoke(self, actor: Actor, kind: FeedKind, subject_id: UUID) -> None:
        """Let the address work no longer; harmless where there is none."""
        known = await self.find(actor, kind, subject_id)
        if known:
            await self._feeds.revoke(actor, known.id)

    async def read(self, token: str, words: Words) -> bytes:
        """Write the calendar behind an address.

        Raises:
            LinkInvalid: nobody here made it, or it was revoked.
        """
        link = self._links.open(token, PURPOSE)
        reader = Actor.system(*_SCOPES, tenant_id=link.tenant_id)
        try:
            feed = await self._feeds.get(reader, link.subject)
        except FeedNotFound:
            raise LinkInvalid from None
        return await self._written(reader, feed, words)

    async def _written(self, reader: Actor, feed: Feed, words: Words) -> bytes:
        booked, places = await asyncio.gather(self._booked(reader, feed), self._gateway.identity.locations(reader))
        doctors, kinds = await asyncio.gather(
            self._gateway.consultants.names(reader, {one.consultant_id for one in booked} | {feed.subject_id}),
            self._kinds(reader, booked),
        )
        names = await self._patients(reader, booked) if feed.shows_names else {}
        experts, at = {one.id: one.name for one in doctors}, {one.id: one for one in places}
        entries = []
        for one in booked:
            location, how = held(kinds[one.visit_type_id], at.get(one.location_id), words)
            summary = _summary(feed, one, names.get(one.patient_id), experts.get(one.consultant_id, ""))
            entries.append(_entry(one, summary, location, how))
        title = experts.get(feed.subject_id) or (at[feed.subject_id].name if feed.subject_id in at else "")
        return ics.write(entries, name=title or "Care-Connect", refresh_minutes=_REFRESH_MINUTES)

    async def _booked(self, reader: Actor, feed: Feed) -> list[Appointment]:
        back, ahead = _SPANS[feed.kind]
        now = clock.now()
        whose = (
            {"consultant_id": [feed.subject_id]}
            if feed.kind is FeedKind.CONSULTANT
            else {"location_id": feed.subject_id}
        )
        wanted = AppointmentFilter.model_validate({"from_": now - back, "to": now + ahead, "status": _BUSY, **whose})
        found: list[Appointment] = []
        cursor: str | None = None
        while len(found) < _MOST:
            page = await self._gateway.appointments.list(reader, wanted, limit=_AT_ONCE, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        return found

    async def _patients(self, reader: Actor, booked: Iterable[Appointment]) -> dict[UUID, str]:
        ids = sorted({one.patient_id for one in booked})
        parts = [ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE)]
        found = await asyncio.gather(*(self._gateway.patients.names(reader, part) for part in parts))
        return {one.id: one.name for part in found for one in part}

    async def _kinds(self, reader: Actor, booked: Iterable[Appointment]) -> dict[UUID, VisitType]:
        ids = {one.visit_type_id for one in booked}
        found = await asyncio.gather(*(self._gateway.consultants.visit_type(reader, key) for key in ids))
        return {one.id: one for one in found}

    def _addressed(self, actor: Actor, feed: Feed) -> FeedAddress:
        token = self._links.make(actor.tenant_id, PURPOSE, feed.id, _ALWAYS)
        url = f"{self._public_url}/calendar/{token}.ics"
        return FeedAddress(id=feed.id, url=url, shows_names=feed.shows_names, created_at=feed.created_at)


def _entry(one: Appointment, summary: str, location: str, how: str) -> ics.Entry:
    return ics.Entry(
        uid=ics.uid(one.id),
        sequence=revision(one),
        start=one.start,
        end=one.end,
        zone=one.zone,
        stamp=max(one.status_since, one.created_at),
        summary=summary,
        description=how,
        location=location,
        status="TENTATIVE" if one.status is Status.HELD else "CONFIRMED",
    )


def _summary(feed: Feed, one: Appointment, patient: str | None, doctor: str) -> str:
    """Say that the time is busy, by reference; a location's calendar also says with whom."""
    with_whom = doctor if feed.kind is FeedKind.LOCATION else ""
    return " · ".join(part for part in (patient or one.reference, with_whom) if part)
