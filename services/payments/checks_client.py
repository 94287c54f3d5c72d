"""The money checks' half of the payments service, as its callers see it."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.payments.schemas import (
    BooksAsk,
    BooksCompared,
    ChargesAsk,
    ChargesCompared,
    CheckBegin,
    CheckBegun,
    CheckEnd,
    Compared,
    Dismissal,
    KeptPage,
    MendingRule,
    MendingRuleWrite,
    MoneyCheck,
    MoneyChecks,
    Orphan,
    OrphanNote,
    OrphanNotes,
    OrphanStatus,
    RemedyWrite,
    UnchargedAsk,
    UnchargedFound,
    VisitsAsk,
)

_PAGE = 60.0
"""Seconds for one page of a comparison; a gateway's list may be slow."""


class MoneyChecksClient(ServiceClient):
    """Typed calls about money checks and orphans."""

    service = "payments"

    async def money_checks(self, actor: Actor) -> MoneyChecks:
        """Read the newest money check that has ended, and the one that runs."""
        return await self.call(actor, "GET", "/money-checks", into=MoneyChecks)

    async def begin_check(self, actor: Actor, check_id: UUID, wanted: CheckBegin) -> CheckBegun:
        """Begin a money check."""
        return await self.call(actor, "PUT", f"/money-checks/{check_id}", json=wanted, into=CheckBegun)

    async def compare_charges(self, actor: Actor, check_id: UUID, asked: ChargesAsk) -> ChargesCompared:
        """Compare a page of a gateway's list with the payments."""
        path = f"/money-checks/{check_id}/charges"
        return await self.call(actor, "POST", path, json=asked, into=ChargesCompared, timeout=_PAGE)

    async def find_uncharged(self, actor: Actor, check_id: UUID, asked: UnchargedAsk) -> UnchargedFound:
        """Find payments that the gateway does not know."""
        path = f"/money-checks/{check_id}/uncharged"
        return await self.call(actor, "POST", path, json=asked, into=UnchargedFound, timeout=_PAGE)

    async def compare_books(self, actor: Actor, check_id: UUID, asked: BooksAsk) -> BooksCompared:
        """Compare a page of the books with each other."""
        path = f"/money-checks/{check_id}/books"
        return await self.call(actor, "POST", path, json=asked, into=BooksCompared, timeout=_PAGE)

    async def compare_visits(self, actor: Actor, check_id: UUID, asked: VisitsAsk) -> Compared:
        """Find which of a page of visits have no invoice."""
        path = f"/money-checks/{check_id}/visits"
        return await self.call(actor, "POST", path, json=asked, into=Compared, timeout=_PAGE)

    async def kept(self, actor: Actor, after: UUID | None = None, limit: int = 2000) -> KeptPage:
        """List a page of what is held for appointments."""
        params = {"after": after, "limit": limit}
        return await self.call(actor, "GET", "/money-checks/kept", params=params, into=KeptPage, timeout=_PAGE)

    async def note_orphans(self, actor: Actor, check_id: UUID, found: list[OrphanNote]) -> None:
        """Note orphans that were found across services."""
        await self.call(actor, "POST", f"/money-checks/{check_id}/orphans", json=OrphanNotes(orphans=found))

    async def end_check(self, actor: Actor, check_id: UUID, wanted: CheckEnd) -> MoneyCheck:
        """End a money check."""
        return await self.call(actor, "PUT", f"/money-checks/{check_id}/conclusion", json=wanted, into=MoneyCheck)

    async def mending_rule(self, actor: Actor) -> MendingRule:
        """Tell what a money check mends by itself."""
        return await self.call(actor, "GET", "/mending-rule", into=MendingRule)

    async def set_mending_rule(self, actor: Actor, wanted: MendingRuleWrite) -> MendingRule:
        """Say it."""
        return await self.call(actor, "PUT", "/mending-rule", json=wanted, into=MendingRule)

    async def orphans(
        self, actor: Actor, *, status: OrphanStatus | None = None, limit: int = 50, cursor: str | None = None,
        count: bool = False,
    ) -> Page[Orphan]:  # fmt: skip
        """List orphans, those that wait or those of one status, the newest first."""
        params = {"status": status, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/orphans", params=params, into=Page[Orphan])

    async def orphan(self, actor: Actor, orphan_id: UUID) -> Orphan:
        """Read an orphan."""
        return await self.call(actor, "GET", f"/orphans/{orphan_id}", into=Orphan)

    async def mend_orphan(self, actor: Actor, orphan_id: UUID) -> Orphan:
        """Mend an orphan that only the payments service knows of."""
        return await self.call(actor, "PUT", f"/orphans/{orphan_id}/mending", into=Orphan, timeout=_PAGE)

    async def orphan_asked(self, actor: Actor, orphan_id: UUID) -> Orphan:
        """Note that a process was asked to mend an orphan."""
        return await self.call(actor, "PUT", f"/orphans/{orphan_id}/asking", into=Orphan)

    async def remedy_orphan(self, actor: Actor, orphan_id: UUID, wanted: RemedyWrite) -> Orphan:
        """Do something about an orphan."""
        return await self.call(actor, "PUT", f"/orphans/{orphan_id}/remedy", json=wanted, into=Orphan, timeout=_PAGE)

    async def dismiss_orphan(self, actor: Actor, orphan_id: UUID, reason: str) -> Orphan:
        """Take an orphan from Attention as it is."""
        wanted = Dismissal(reason=reason)
        return await self.call(actor, "PUT", f"/orphans/{orphan_id}/dismissal", json=wanted, into=Orphan)
