"""The waiting list: joining, what is offered, how it ends."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession, Write, WriteSession
from careconnect.pagination import Page, PagingQuery, Rows
from services.appointments import occupancy
from services.appointments import repository as appointments
from services.appointments.models import Appointment
from services.appointments.schemas import Status
from services.appointments.waitlist import repository, schemas
from services.appointments.waitlist.models import WaitlistEntry, WaitlistOffer
from services.appointments.waitlist.schemas import EntryStatus

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
Writer = Annotated[Actor, require("appointments:write")]


@router.put("/waitlist/{entry_id}", summary="Join the waiting list", status_code=201)
async def join(
    entry_id: UUID, asked: schemas.EntryWrite, response: Response, _: Writer, session: Write
) -> schemas.Entry:
    """Take a place in the line. The id is the caller's, so a repeat answers with what stands."""
    entry = await repository.find(session, entry_id, lock=True)
    if entry:
        response.status_code = 200
        return await _whole(session, entry)
    entry = WaitlistEntry.join(entry_id, asked)
    session.add(entry)
    await session.flush()
    session.record("waitlist.joined", "waitlist_entry", entry_id, data=entry.facts())
    return _shape(entry, [])


@router.put("/waitlist/{entry_id}/status", summary="Leave the waiting list", status_code=204)
async def close(entry_id: UUID, asked: schemas.EntryClose, _: Writer, session: Write) -> None:
    """End the waiting without a visit; harmless where it has ended."""
    entry = await repository.find(session, entry_id, lock=True)
    if entry and entry.close(EntryStatus(asked.status)):
        session.record(f"waitlist.{asked.status}", "waitlist_entry", entry_id, data=entry.facts())


@router.put("/waitlist/{entry_id}/offers/{offer_id}", summary="Hold a time and offer it", status_code=201)
async def offer(
    entry_id: UUID, offer_id: UUID, asked: schemas.OfferWrite, response: Response, _: Writer, session: Write
) -> schemas.Offer:
    """Hold the time under the offer's id and put it on offer, in one step; a repeat answers with what stands."""
    entry = await repository.get(session, entry_id, lock=True)
    standing = await repository.find_offer(session, offer_id)
    if standing:
        response.status_code = 200
        return _offer(standing)
    entry.offer()
    held = Appointment.hold(offer_id, asked.hold)
    await occupancy.add(session, held, asked.hold.rooms)
    made = WaitlistOffer.make(entry_id, offer_id, asked)
    session.add(made)
    await session.flush()
    session.record("appointment.held", "appointment", offer_id, data=held.facts())
    session.record("waitlist.offered", "waitlist_entry", entry_id, data=made.facts())
    return _offer(made)


@router.put("/waitlist/{entry_id}/offers/{offer_id}/telling", summary="Note who was told", status_code=204)
async def tell(entry_id: UUID, offer_id: UUID, asked: schemas.Told, _: Writer, session: Write) -> None:
    """Note whether a message went out."""
    made = await repository.offer(session, offer_id)
    if made.told != asked.told:
        made.told = asked.told
        session.record("waitlist.told", "waitlist_entry", entry_id, data=made.facts() | {"told": asked.told})


@router.put("/waitlist/{entry_id}/offers/{offer_id}/status", summary="Close an offer", status_code=204)
async def close_offer(entry_id: UUID, offer_id: UUID, asked: schemas.OfferClose, _: Writer, session: Write) -> None:
    """Close it, and give the time back unless it was accepted: then it has been booked under the same id."""
    entry = await repository.get(session, entry_id, lock=True)
    made = await repository.offer(session, offer_id)
    if not made.close(asked.status):
        return
    if asked.status == "accepted":
        entry.book(offer_id)
    else:
        entry.wait_on()
        await _give_back(session, offer_id, f"offer_{asked.status}")
    session.record(f"waitlist.{asked.status}", "waitlist_entry", entry_id, data=made.facts() | entry.facts())


@router.get("/waitlist", summary="List those who wait, the first in line first")
async def search(
    wanted: Annotated[schemas.EntryFilter, Query()], paging: PagingQuery, _: Reader, session: Read
) -> Page[schemas.Entry]:
    """List, with what was offered."""
    found: Rows[WaitlistEntry] = await repository.search(session, wanted, paging)
    offers = await repository.offers(session, [one.id for one in found.items])
    return found.of(lambda one: _shape(one, offers[one.id]))


@router.get("/waitlist/{entry_id}", summary="Read one entry")
async def get(entry_id: UUID, _: Reader, session: Read) -> schemas.Entry:
    """Read it, with what was offered."""
    return await _whole(session, await repository.get(session, entry_id))


@router.get("/offers/{offer_id}", summary="Read one offer")
async def get_offer(offer_id: UUID, _: Reader, session: Read) -> schemas.Offer:
    """Read it."""
    return _offer(await repository.offer(session, offer_id))


async def _give_back(session: WriteSession, appointment_id: UUID, code: str) -> None:
    held = await appointments.find(session, appointment_id, lock=True)
    if held and held.status == Status.HELD and held.release(code):
        data = held.facts() | {"code": code}
        session.record("appointment.released", "appointment", appointment_id, data=data)


async def _whole(session: ReadSession, entry: WaitlistEntry) -> schemas.Entry:
    return _shape(entry, (await repository.offers(session, [entry.id]))[entry.id])


def _shape(entry: WaitlistEntry, offers: list[WaitlistOffer]) -> schemas.Entry:
    fields = schemas.Entry.model_fields.keys() - {"offers"}
    values = {name: getattr(entry, name) for name in fields}
    return schemas.Entry(offers=[_offer(one) for one in offers], **values)


def _offer(made: WaitlistOffer) -> schemas.Offer:
    fields = schemas.Offer.model_fields.keys() - {"start", "end"}
    return schemas.Offer(start=made.start_at, end=made.end_at, **{name: getattr(made, name) for name in fields})
