"""What is asked of the notifications' database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from careconnect.errors import VersionConflict
from careconnect.pagination import Order, Paging, Rows, keyset, ordered
from services.notifications import schemas
from services.notifications.errors import MessageNotFound
from services.notifications.models import PERISHABLE, Base, Cutoff, Message, Preferences

_OUTBOX = Base.metadata.tables["outbox_events"]
_MADE = [Message.created_at, Message.id]
_ORDERS = {"made": _MADE, "status": [Message.status, *_MADE]}
_NEWEST: list[Order] = [Message.created_at.desc(), Message.id.desc()]


# Made once: they are asked for each message.
_PREFERENCES = sa.select(Preferences).where(Preferences.id == sa.bindparam("key"))
_CUTOFF = sa.select(Cutoff).where(Cutoff.id == sa.bindparam("key"))


@dataclass(frozen=True)
class Messages:
    """The tenant's messages, to read."""

    session: ReadSession

    async def get(self, message_id: UUID) -> Message:
        """Give a message.

        Raises:
            MessageNotFound: the tenant has no such message.
        """
        found = await self.session.scalar(sa.select(Message).where(Message.id == message_id))
        if found is None:
            raise MessageNotFound
        return found

    async def page(
        self,
        wanted: schemas.MessageFilter,
        paging: Paging,
        *,
        sort: str = "-made",
        among: Sequence[UUID] | None = None,
    ) -> Rows[Message]:
        """List messages in the order of `sort`, perhaps only those to some patients."""
        said = wanted.model_dump(exclude_none=True, exclude={"before"})
        conditions: list[sa.ColumnElement[bool]] = [getattr(Message, name) == value for name, value in said.items()]
        conditions += [Message.created_at < wanted.before] if wanted.before else []
        conditions += [Message.patient_id == sa.any_(sa.literal([*among], ARRAY(sa.Uuid)))] if among is not None else []
        return await keyset(self.session, sa.select(Message).where(*conditions), ordered(sort, _ORDERS), paging)

    async def tried(self, paging: Paging) -> Rows[Message]:
        """List the messages of which a mail may exist, the newest first."""
        return await keyset(self.session, sa.select(Message).where(Message.attempts > 0), _NEWEST, paging)

    async def preferences(self, patient_id: UUID) -> Preferences | None:
        """Give what a patient said about messages, or None."""
        return await self.session.scalar(_PREFERENCES, {"key": patient_id})

    async def cutoff(self, appointment_id: UUID | None) -> Cutoff | None:
        """Give the version from which on an appointment may be spoken of, or None."""
        if appointment_id is None:
            return None
        return await self.session.scalar(_CUTOFF, {"key": appointment_id})

    async def figures(self, period: schemas.Period) -> schemas.Figures:
        """Count for the dashboard, in one statement and so of one moment."""
        counts = [
            sa.select(sa.func.coalesce(sa.func.max(_OUTBOX.c.id), 0)),
            _settled("sent", period.from_, period.to),
            _settled("failed", period.from_, period.to),
        ]
        row = (await self.session.execute(sa.select(*(count.scalar_subquery() for count in counts)))).one()
        return schemas.Figures(watermark=row[0], sent=row[1], failed=row[2])


@dataclass(frozen=True)
class Outgoing(Messages):
    """The tenant's messages, to write and to send."""

    session: WriteSession

    async def place(self, message_id: UUID, said: schemas.MessageSend, content: bytes) -> Message:
        """Keep a new message, or give the one that is the same; in both cases nobody else changes it meanwhile."""
        row = Message.row(message_id, self.session.tenant_id, said, content)
        added = insert(Message).values(row).on_conflict_do_nothing().returning(Message.id)
        if await self.session.scalar(added) is not None:
            self.session.record("message.queued", "message", message_id, data=what(said))
        same = sa.select(Message).where(sa.or_(Message.id == message_id, *_key(said)))
        wanted = same.order_by(Message.id != message_id).limit(1).with_for_update()
        return (await self.session.scalars(wanted)).one()

    async def hold(self, message_id: UUID) -> Message:
        """Give a message that nobody else changes until this transaction ends.

        Raises:
            MessageNotFound: the tenant has no such message.
        """
        wanted = sa.select(Message).where(Message.id == message_id).with_for_update()
        found = await self.session.scalar(wanted)
        if found is None:
            raise MessageNotFound
        return found

    async def hold_all(self, keys: Collection[UUID]) -> Sequence[Message]:
        """Give messages that nobody else changes until this transaction ends."""
        wanted = sa.select(Message).where(Message.id.in_(keys)).order_by(Message.id).with_for_update()
        return (await self.session.scalars(wanted)).all()

    async def prefer(self, patient_id: UUID, wanted: schemas.Preferences) -> int:
        """Keep what a patient said about messages, and give its version.

        Raises:
            VersionConflict: the change is of another version than there is.
        """
        seen, moment = wanted.version, clock.now()
        found = await self.preferences(patient_id)
        if seen is not None and seen != (found.version if found else 0):
            raise VersionConflict
        said = wanted.model_dump(exclude={"version"}) | {"updated_at": moment}
        row = said | {"tenant_id": self.session.tenant_id, "id": patient_id, "created_at": moment, "version": 1}
        statement = insert(Preferences).values(row)
        kept = statement.on_conflict_do_update(
            index_elements=["tenant_id", "id"],
            set_=said | {"version": Preferences.version + 1},
            where=None if seen is None else Preferences.version == seen,
        )
        version: int | None = await self.session.scalar(kept.returning(Preferences.version))
        if version is None:  # somebody else was faster
            raise VersionConflict
        return version

    async def cut_off(self, appointment_id: UUID, below_version: int) -> Sequence[Message]:
        """Keep from which version on an appointment may be spoken of; give the waiting messages that must not go."""
        moment = clock.now()
        row = {
            "tenant_id": self.session.tenant_id, "id": appointment_id,
            "below_version": below_version, "created_at": moment, "updated_at": moment,
        }  # fmt: skip
        raised = {"below_version": sa.func.greatest(Cutoff.below_version, below_version), "updated_at": moment}
        await self.session.execute(
            insert(Cutoff).values(row).on_conflict_do_update(index_elements=["tenant_id", "id"], set_=raised)
        )
        waiting = sa.select(Message).where(
            Message.appointment_id == appointment_id,
            Message.appointment_version < below_version,
            Message.template.in_(PERISHABLE),
            Message.status == "queued",
        )
        return (await self.session.scalars(waiting.with_for_update())).all()


def _settled(status: str, since: datetime | None, until: datetime | None) -> sa.Select[int]:
    within = [Message.settled_at >= since] if since else []
    within += [Message.settled_at < until] if until else []
    return sa.select(sa.func.count()).where(Message.status == status, *within)


def _key(said: schemas.MessageSend) -> list[sa.ColumnElement[bool]]:
    """Say which message is the same one, whatever its id; a message of no appointment is like no other."""
    if said.appointment_id is None:
        return []
    optional = ("appointment_version", "offset_hours", "payment_id")
    return [
        sa.and_(
            Message.appointment_id == said.appointment_id,
            Message.channel == said.channel,
            Message.template == said.template,
            *(getattr(Message, name).is_not_distinct_from(getattr(said, name)) for name in optional),
        )
    ]


def what(said: schemas.MessageSend) -> dict[str, Any]:
    """Say what the audit may know of a new message."""
    return said.model_dump(mode="json", include={"channel", "template", "appointment_id", "appointment_version"})
