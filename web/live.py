"""Tells open calendars what changed: one watcher for all of them, which asks once a second and for each tenant once.

See decision 0017. What is told is ids and versions; whoever listens reads anew with their own permission.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import structlog

from careconnect import clock, stopping
from careconnect.auth import Actor
from careconnect.errors import Refusal, Unavailable
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Change, Changes

log = structlog.get_logger()
_PAUSE = 1.0
_LATE = timedelta(seconds=5)
"""How long a number of the outbox may stay unseen: it is drawn shortly before its transaction is committed."""


class TooManyListen(Unavailable):
    """There are as many open streams as this process, or this person, may have."""

    code, title = "too_many_streams", "Too many screens are following changes at the moment"


@dataclass(eq=False)
class Listener:
    """One open stream; `news` is None when it should end."""

    tenant_id: UUID
    person: UUID
    location_id: UUID | None = None
    news: asyncio.Queue[Changes | None] = field(default_factory=lambda: asyncio.Queue(maxsize=100))

    def tell(self, told: Changes) -> None:
        """Pass on what concerns its place; one that does not keep up is told to read everything anew."""
        items = [one for one in told.items if self._concerns(one)]
        if not items and not told.more:
            return
        if self.news.full():
            while not self.news.empty():
                self.news.get_nowait()
            items, told = [], Changes(newest=told.newest, more=True)
        self.news.put_nowait(told.model_copy(update={"items": items}))

    def end(self) -> None:
        """Let the stream end."""
        with contextlib.suppress(asyncio.QueueFull):  # it is being read, and ends at the next look at `stopping`
            self.news.put_nowait(None)

    def _concerns(self, one: Change) -> bool:
        return self.location_id is None or one.moved or one.location_id in {None, self.location_id}


class _Tail:
    """The end of one tenant's outbox: everything up to `floor` was told, and beyond it what `told` names."""

    def __init__(self, tenant_id: UUID, floor: int) -> None:
        self.actor = Actor.system("appointments:read", tenant_id=tenant_id)
        self.floor = floor
        self.told: dict[int, datetime] = {}

    def fresh(self, found: Changes) -> Changes:
        """Take what was not told yet."""
        if found.more:
            self.floor, self.told = found.newest, {}
            return found
        items = [one for one in found.items if one.number not in self.told]
        self.told |= {one.number: one.at for one in items}
        settled = [number for number, at in self.told.items() if at < clock.now() - _LATE]
        self.floor = max(settled, default=self.floor)
        self.told = {number: at for number, at in self.told.items() if number > self.floor}
        return Changes(newest=found.newest, items=items)


class Live:
    """Who listens, and the one task that has something to tell them."""

    def __init__(
        self, appointments: AppointmentsClient, *, pause: float = _PAUSE, most: int = 500, each: int = 8
    ) -> None:
        self._appointments = appointments
        self._pause = pause
        self._most, self._each = most, each
        self._listeners: set[Listener] = set()
        self._tails: dict[UUID, _Tail] = {}
        self._watcher: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, appointments: AppointmentsClient) -> AsyncIterator[Self]:
        """Make one, and stop its task at the end."""
        live = cls(appointments)
        try:
            yield live
        finally:
            await live.close()

    async def close(self) -> None:
        """End all streams and the task."""
        for listener in self._listeners:
            listener.end()
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)

    @property
    def listening(self) -> int:
        """How many streams are open."""
        return len(self._listeners)

    def check_room(self, person: UUID) -> None:
        """See that one more may listen.

        Raises:
            TooManyListen: this process, or this person, has as many streams as may be.
        """
        own = sum(one.person == person for one in self._listeners)
        if len(self._listeners) >= self._most or own >= self._each:
            raise TooManyListen(retry_after=30)

    @asynccontextmanager
    async def listen(self, listener: Listener) -> AsyncIterator[Listener]:
        """Let somebody listen from now on."""
        self._listeners.add(listener)
        try:
            if listener.tenant_id not in self._tails:
                await self._begin(listener.tenant_id)
            if self._watcher is None or self._watcher.done():
                self._watcher = asyncio.create_task(self._watch())
            yield listener
        finally:
            self._listeners.discard(listener)

    async def since(self, actor: Actor, number: int) -> Changes:
        """Tell what somebody missed who had heard everything up to `number`."""
        return await self._appointments.changes(actor, number)

    async def _begin(self, tenant_id: UUID) -> None:
        actor = Actor.system("appointments:read", tenant_id=tenant_id)
        newest = (await self._appointments.changes(actor)).newest
        self._tails.setdefault(tenant_id, _Tail(tenant_id, newest))

    async def _watch(self) -> None:
        """Ask for each tenant that somebody listens to, until nobody does or the process stops."""
        while self._listeners and not stopping.announced():
            tenants = {one.tenant_id for one in self._listeners}
            self._tails = {known: tail for known, tail in self._tails.items() if known in tenants}
            await asyncio.gather(*(self._ask(tail) for tail in [*self._tails.values()]))
            await asyncio.sleep(self._pause)
        if stopping.announced():
            for listener in [*self._listeners]:
                listener.end()

    async def _ask(self, tail: _Tail) -> None:
        try:
            found = await self._appointments.changes(tail.actor, tail.floor)
        except Refusal as refusal:
            log.warning("live_changes_unknown", code=refusal.code)
            return
        told = tail.fresh(found)
        for listener in [*self._listeners]:
            if listener.tenant_id == tail.actor.tenant_id:
                listener.tell(told)
