"""Calendar feeds: making, finding, revoking."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession, Write
from services.appointments.errors import FeedNotFound
from services.appointments.feeds import schemas
from services.appointments.feeds.models import CalendarFeed

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
Maker = Annotated[Actor, require("consultants:write")]


@router.put("/calendar-feeds/{feed_id}", summary="Make a feed", status_code=201)
async def make(feed_id: UUID, asked: schemas.FeedWrite, response: Response, _: Maker, session: Write) -> schemas.Feed:
    """Make it, and revoke the one before. The id is the caller's, so a repeat answers with what stands."""
    known = await session.get(CalendarFeed, (session.tenant_id, feed_id))
    if known is not None:
        response.status_code = 200
        return known.shown()
    before = await _active(session, asked.kind, asked.subject_id)
    if before and before.revoke():
        session.record("calendar_feed.revoked", "calendar_feed", before.id)
        await session.flush()
    feed = CalendarFeed.make(feed_id, asked)
    session.add(feed)
    await session.flush()
    session.record("calendar_feed.made", "calendar_feed", feed_id, data=asked.model_dump(mode="json"))
    return feed.shown()


@router.put("/calendar-feeds/{feed_id}/revocation", summary="Revoke a feed", status_code=204)
async def revoke(feed_id: UUID, _: Maker, session: Write) -> None:
    """Let its address work no longer; harmless where there is none."""
    feed = await session.get(CalendarFeed, (session.tenant_id, feed_id))
    if feed and feed.revoke():
        session.record("calendar_feed.revoked", "calendar_feed", feed_id)


@router.get("/calendar-feeds/{feed_id}", summary="Read a feed that still works")
async def get(feed_id: UUID, _: Reader, session: Read) -> schemas.Feed:
    """Tell what its address shows; a revoked one is not found."""
    feed = await session.get(CalendarFeed, (session.tenant_id, feed_id))
    if feed is None or feed.revoked_at is not None:
        raise FeedNotFound
    return feed.shown()


@router.get("/calendar-feeds", summary="List the feeds that work")
async def listed(_: Reader, session: Read) -> list[schemas.Feed]:
    """List all of them: there is at most one per consultant and location."""
    rows = await session.scalars(sa.select(CalendarFeed).where(CalendarFeed.revoked_at.is_(None)))
    return [one.shown() for one in rows]


async def _active(session: ReadSession, kind: schemas.FeedKind, subject_id: UUID) -> CalendarFeed | None:
    found: CalendarFeed | None = await session.scalar(
        sa.select(CalendarFeed)
        .where(CalendarFeed.kind == kind, CalendarFeed.subject_id == subject_id, CalendarFeed.revoked_at.is_(None))
        .with_for_update()
    )
    return found
