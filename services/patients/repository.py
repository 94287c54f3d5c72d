"""What is asked of the patients' database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import InstrumentedAttribute, aliased

from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Paging, Rows, keyset, ordered
from services.patients import search
from services.patients.errors import PatientArchived, PatientNotFound
from services.patients.likeness import similar_names
from services.patients.models import Base, Counter, Patient, Sealer, SearchTerm
from services.patients.schemas import Demographics, Figures, Period, Standing

_MOST_COMPARED = 500
_ORDERS: dict[str, list[InstrumentedAttribute[Any]]] = {
    "registered": [Patient.number],
    "changed": [Patient.updated_at, Patient.number],
}
_OUTBOX = Base.metadata.tables["outbox_events"]


@dataclass(frozen=True)
class Patients:
    """The tenant's patients, to read."""

    session: ReadSession
    sealer: Sealer

    async def find(self, patient_id: UUID) -> Patient | None:
        """Give a record, or None."""
        return await self.session.scalar(sa.select(Patient).where(Patient.id == patient_id))

    async def get(self, patient_id: UUID) -> Patient:
        """Give a record.

        Raises:
            PatientNotFound: the tenant has no such patient.
        """
        found = await self.find(patient_id)
        if found is None:
            raise PatientNotFound
        return found

    async def page(
        self,
        query: str | None,
        *,
        archived: bool,
        paging: Paging,
        sort: str = "-registered",
        among: Sequence[UUID] | None = None,
    ) -> Rows[Patient]:
        """List records in the order of `sort`; with `query` those that have everything that was typed."""
        statement = sa.select(Patient).where(
            Patient.archived_at.is_not(None) if archived else Patient.archived_at.is_(None)
        )
        if among is not None:
            statement = statement.where(Patient.id == sa.any_(_uuids(among)))
        if query and query.strip():
            terms = search.asked_terms(query, self.sealer.country)
            statement = _with_terms(statement, search.index(self.sealer.keys, terms))
        return await keyset(self.session, statement, ordered(sort, _ORDERS), paging)

    async def some(self, ids: Sequence[UUID]) -> Sequence[Patient]:
        """Give the records among `ids` that exist, in one statement."""
        return (await self.session.scalars(sa.select(Patient).where(Patient.id == sa.any_(_uuids(ids))))).all()

    async def standing(self, patient_id: UUID) -> Standing:
        """Tell whether a patient can be booked, in one statement that opens nothing.

        Raises:
            PatientNotFound: the tenant has no such patient.
            PatientArchived: the record is put away.
        """
        columns = sa.select(Patient.archived_at, Patient.version).where(Patient.id == patient_id)
        row = (await self.session.execute(columns)).one_or_none()
        if row is None:
            raise PatientNotFound
        if row.archived_at is not None:
            raise PatientArchived
        return Standing(id=patient_id, archived=False, version=row.version)

    async def count(self) -> int:
        """Count the records that are not archived."""
        return await self.session.scalar(sa.select(sa.func.count()).where(Patient.archived_at.is_(None))) or 0

    async def figures(self, period: Period) -> Figures:
        """Count for the dashboard, in one statement and so of one moment."""
        counts = [
            sa.select(sa.func.coalesce(sa.func.max(_OUTBOX.c.id), 0)),
            sa.select(sa.func.count()).where(Patient.archived_at.is_(None)),
            _registered(period.from_, period.to),
            _registered(period.previous_from, period.from_) if period.previous_from else sa.select(sa.literal(0)),
        ]
        row = (await self.session.execute(sa.select(*(count.scalar_subquery() for count in counts)))).one()
        return Figures(watermark=row[0], total=row[1], new=row[2], previous_new=row[3])


@dataclass(frozen=True)
class Register(Patients):
    """The tenant's patients, to register and to change."""

    session: WriteSession

    async def queue(self) -> None:
        """Wait until no other registration of this tenant is under way; the next number is then this transaction's."""
        start = insert(Counter).values(tenant_id=self.session.tenant_id, kind=_NUMBERS, value=0)
        await self.session.execute(
            start.on_conflict_do_update(index_elements=["tenant_id", "kind"], set_={"value": Counter.value})
        )

    async def next_number(self) -> int:
        """Take the next number; it is given back when the transaction fails, so that there are no gaps."""
        take = sa.update(Counter).where(Counter.kind == _NUMBERS).values(value=Counter.value + 1)
        number: int = (await self.session.execute(take.returning(Counter.value))).scalar_one()
        return number

    async def lookalikes(self, person: Demographics, *, besides: UUID) -> list[Patient]:
        """Find registered people who may be `person`.

        They have the same national id, the same name and date of birth, or the same telephone and a similar name.
        """
        keys, country = self.sealer.keys, self.sealer.country
        sure = [search.person_term(person)]
        sure += [search.national_id_term(person.national_id, country)] if person.national_id else []
        shared = [search.phone_term(person.phone)] if person.phone else []
        same, reachable = search.index(keys, sure), search.index(keys, shared)
        having = sa.select(SearchTerm.number).where(SearchTerm.term.in_(same + reachable))
        having = having.order_by(SearchTerm.term.not_in(same)).limit(_MOST_COMPARED)
        found = await self.session.scalars(
            sa.select(Patient).where(Patient.number.in_(having), Patient.id != besides).order_by(Patient.number)
        )
        return [
            one for one in found if set(same) & set(one.terms) or similar_names(person, one.person(self.sealer.keys))
        ]

    async def add(self, patient: Patient) -> None:
        """Keep a new record, to be found by its terms."""
        self.session.add(patient)
        await self.session.flush()
        await self._index(patient, patient.terms)

    async def save(self, patient: Patient) -> None:
        """Keep a changed record, and bring what it is found by up to date."""
        history = sa.inspect(patient).attrs.terms.history
        before, after = set(history.deleted[0] if history.deleted else patient.terms), set(patient.terms)
        await self.session.flush()
        if gone := before - after:
            await self.session.execute(
                sa.delete(SearchTerm).where(SearchTerm.number == patient.number, SearchTerm.term.in_(gone))
            )
        await self._index(patient, sorted(after - before))

    async def _index(self, patient: Patient, terms: list[int]) -> None:
        if not terms:
            return
        rows = sa.select(
            sa.literal(patient.tenant_id),
            sa.func.unnest(sa.bindparam("terms", terms, type_=ARRAY(sa.BigInteger))),
            sa.literal(patient.number, sa.BigInteger),
        )
        await self.session.execute(sa.insert(SearchTerm).from_select(["tenant_id", "term", "number"], rows))


_NUMBERS = "mrn"


def _with_terms(statement: sa.Select[Any], terms: list[int]) -> sa.Select[Any]:
    """Keep the records that have all `terms`; none when there is no term."""
    if not terms:
        return statement.where(sa.false())
    for term in terms:
        row = aliased(SearchTerm)
        statement = statement.join(
            row, sa.and_(row.tenant_id == Patient.tenant_id, row.number == Patient.number, row.term == term)
        )
    return statement


def _uuids(ids: Sequence[UUID]) -> sa.BindParameter[Any]:
    return sa.bindparam(None, list(ids), type_=ARRAY(sa.Uuid), unique=True)


def _registered(since: datetime | None, until: datetime | None) -> sa.Select[int]:
    within = [Patient.created_at >= since] if since else []
    within += [Patient.created_at < until] if until else []
    return sa.select(sa.func.count()).where(Patient.archived_at.is_(None), *within)
