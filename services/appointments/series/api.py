"""Series: laying them down, noting what became of each appointment, and reading them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession, Write
from careconnect.pagination import Page, PagingQuery
from services.appointments.series import repository, schemas
from services.appointments.series.models import Series as Model
from services.appointments.series.schemas import OccurrenceStatus

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
Writer = Annotated[Actor, require("appointments:write")]


@router.put("/series/{series_id}", summary="Lay down a series", status_code=201)
async def plan(
    series_id: UUID, asked: schemas.SeriesPlan, response: Response, _: Writer, session: Write
) -> schemas.Series:
    """Expand the rule and keep the dates. The id is the caller's, so a repeat answers with what stands."""
    series, occurrences = Model.plan(series_id, asked)
    if await repository.add(session, series, occurrences):
        facts = {"rule": series.rule, "total": len(occurrences), "consultant_id": str(series.consultant_id)}
        session.record("series.planned", "series", series_id, data=facts)
    else:
        response.status_code = 200
    return await _whole(session, await repository.get(session, series_id))


@router.put("/series/{series_id}/occurrences/{number}", summary="Note what became of one", status_code=204)
async def note(series_id: UUID, number: int, asked: schemas.Outcome, _: Writer, session: Write) -> None:
    """Note it; a repeat changes nothing."""
    occurrence = await repository.occurrence(session, series_id, number)
    if occurrence.note(asked):
        session.record(f"series.{asked.status}", "series", series_id, data=occurrence.facts())


@router.put("/series/{series_id}/status", summary="Note where a series stands", status_code=204)
async def stand(series_id: UUID, asked: schemas.Standing, _: Writer, session: Write) -> None:
    """Note it; a repeat changes nothing."""
    series = await repository.get(session, series_id, lock=True)
    if series.become(asked.status):
        session.record("series.changed", "series", series_id, data={"series": asked.status})


@router.get("/series", summary="List series, the newest first")
async def search(
    wanted: Annotated[schemas.SeriesFilter, Query()], paging: PagingQuery, _: Reader, session: Read
) -> Page[schemas.SeriesSummary]:
    """List, filtered."""
    found = await repository.search(session, wanted, paging)
    counts = await repository.counts(session, [one.id for one in found.items])
    return found.of(lambda one: schemas.SeriesSummary(**_facts(one, counts[one.id])))


@router.get("/series/{series_id}", summary="Read a series with its appointments")
async def get(series_id: UUID, _: Reader, session: Read) -> schemas.Series:
    """Read it."""
    return await _whole(session, await repository.get(session, series_id))


@router.get("/appointments/{appointment_id}/series", summary="Which place an appointment has in a series")
async def place(appointment_id: UUID, _: Reader, session: Read) -> list[schemas.Place]:
    """Tell; there is one at most."""
    found = await repository.place(session, appointment_id)
    return [found] if found else []


async def _whole(session: ReadSession, series: Model) -> schemas.Series:
    occurrences = await repository.occurrences(session, series.id)
    counts: dict[str, int] = {}
    for one in occurrences:
        counts[one.status] = counts.get(one.status, 0) + 1
    return schemas.Series(**_facts(series, counts), request_hash=series.request_hash, occurrences=occurrences)


def _facts(series: Model, counts: dict[str, int]) -> dict[str, object]:
    names = schemas.SeriesSummary.model_fields.keys() - {"start", "total", "booked", "conflicts"}
    return {name: getattr(series, name) for name in names} | {
        "start": series.start_at,
        "total": sum(counts.values()),
        "booked": counts.get(OccurrenceStatus.BOOKED, 0),
        "conflicts": counts.get(OccurrenceStatus.CONFLICT, 0),
    }
