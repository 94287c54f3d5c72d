"""What every screen names and hardly ever changes: places, visit types, consultants. Kept for a few seconds."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from careconnect.auth import Actor
from careconnect.pagination import Page
from services.consultants.schemas import ConsultantName, VisitType
from services.identity.schemas import Location, Tenant
from web.gateway import Gateway

T = TypeVar("T")
_SECONDS = 5.0
_PAGE = 200


class Known:
    """Remembers per tenant. All staff may read what is remembered; nothing of patients is."""

    def __init__(self, gateway: Gateway, seconds: float = _SECONDS) -> None:
        self._gateway = gateway
        self._seconds = seconds
        self._kept: dict[tuple[UUID, str], tuple[float, Any]] = {}

    async def locations(self, actor: Actor) -> list[Location]:
        """Name the places, by name."""
        return await self.remember(actor, "locations", lambda: self._gateway.identity.locations(actor))

    async def organisation(self, actor: Actor) -> Tenant:
        """Give the organisation itself."""
        return await self.remember(actor, "organisation", lambda: self._gateway.identity.tenant(actor))

    async def visit_types(self, actor: Actor) -> dict[UUID, VisitType]:
        """Give the whole catalogue, by id and in the order of names."""

        async def read() -> dict[UUID, VisitType]:
            types = self._gateway.consultants.visit_types
            return {one.id: one for one in await every(lambda cursor: types(actor, limit=_PAGE, cursor=cursor))}

        return await self.remember(actor, "visit types", read)

    async def consultants(self, actor: Actor) -> dict[UUID, ConsultantName]:
        """Name the consultants who can be booked or could be soon, in the order of names."""

        async def read() -> dict[UUID, ConsultantName]:
            consultants = self._gateway.consultants.list
            found = await every(lambda cursor: consultants(actor, limit=_PAGE, cursor=cursor))
            return {one.id: ConsultantName.model_validate(one.model_dump()) for one in found}

        return await self.remember(actor, "consultants", read)

    async def consultant_names(self, actor: Actor, ids: Iterable[UUID]) -> dict[UUID, ConsultantName]:
        """Name the consultants of `ids`, the archived ones too."""
        found = await self.consultants(actor)
        missing = set(ids) - found.keys()
        if not missing:
            return found
        return found | {one.id: one for one in await self._gateway.consultants.names(actor, missing)}

    async def remember(
        self, actor: Actor, what: str, read: Callable[[], Awaitable[T]], seconds: float | None = None
    ) -> T:
        """Give what was read a moment ago, or read it; `seconds` is for what changes more rarely than the rest."""
        key, moment = (actor.tenant_id, what), time.monotonic()
        kept = self._kept.get(key)
        if kept is None or kept[0] < moment:
            kept = (moment + (seconds or self._seconds), await read())
            self._kept[key] = kept
        value: T = kept[1]
        return value

    def forget(self, actor: Actor) -> None:
        """Read everything anew, because something was changed here."""
        for key in [key for key in self._kept if key[0] == actor.tenant_id]:
            del self._kept[key]


async def every(read: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """Read page after page until there is no other: what people choose from must not lack anything."""
    page = await read(None)
    found = page.items
    while page.next_cursor:
        page = await read(page.next_cursor)
        found += page.items
    return found
