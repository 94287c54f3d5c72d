"""How the rest of the product speaks to the consultants service."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.pagination import Page
from services.consultants import schemas
from services.consultants.places_client import PlacesClient

# Written here because a method of the client is called `list`.
Names = list[schemas.ConsultantName]
Specialties = list[str]
Windows = list[schemas.Window]
WorkingTimes = list[schemas.WorkingTime]
Terms = list[schemas.CancellationTerms]


class ConsultantsClient(PlacesClient):
    """Consultants, their schedules, the catalogue of visit types, and what can be booked when.

    Every method raises the service's own refusals (`services.consultants.errors`), and `Unavailable`.
    """

    service = "consultants"

    async def list(
        self,
        actor: Actor,
        q: str | None = None,
        *,
        status: schemas.Status | None = None,
        specialty: str | None = None,
        archived: bool = False,
        sort: schemas.Sort = "name",
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.Consultant]:
        """List in the order of `sort`; each word of `q` begins a word of name, speciality or registration number."""
        params: dict[str, Any] = {"q": q, "status": status, "specialty": specialty, "archived": archived, "sort": sort}
        params |= {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/consultants", into=Page[schemas.Consultant], params=params)

    async def get(self, actor: Actor, consultant_id: UUID) -> schemas.Consultant:
        """Read a consultant."""
        return await self.call(actor, "GET", f"/consultants/{consultant_id}", into=schemas.Consultant)

    async def names(self, actor: Actor, ids: Iterable[UUID]) -> Names:
        """Name the consultants of `ids`, at most 1000; those that are not known are left out."""
        wanted = schemas.NamesQuery(ids=list(ids))
        return await self.call(actor, "POST", "/consultants/names", into=Names, json=wanted)

    async def specialties(self, actor: Actor) -> Specialties:
        """Name the specialities of all consultants."""
        return await self.call(actor, "GET", "/specialties", into=Specialties)

    async def create(self, actor: Actor, consultant_id: UUID, details: schemas.ConsultantWrite) -> schemas.Consultant:
        """Register a consultant under an id of the caller's; a repeat is harmless."""
        path = f"/consultants/{consultant_id}"
        return await self.call(actor, "PUT", path, into=schemas.Consultant, json=details)

    async def replace(
        self, actor: Actor, consultant_id: UUID, details: schemas.ConsultantReplacement
    ) -> schemas.Consultant:
        """Replace a consultant's details."""
        path = f"/consultants/{consultant_id}/record"
        return await self.call(actor, "PUT", path, into=schemas.Consultant, json=details)

    async def patch(self, actor: Actor, consultant_id: UUID, changes: schemas.ConsultantPatch) -> schemas.Consultant:
        """Change the details that are set in `changes`."""
        path = f"/consultants/{consultant_id}"
        return await self.call(actor, "PATCH", path, into=schemas.Consultant, json=changes)

    async def set_status(
        self, actor: Actor, consultant_id: UUID, status: schemas.Status, version: int | None = None
    ) -> schemas.Consultant:
        """Switch a consultant's status."""
        wanted = schemas.StatusWrite(status=status, version=version)
        path = f"/consultants/{consultant_id}/status"
        return await self.call(actor, "PUT", path, into=schemas.Consultant, json=wanted)

    async def archive(self, actor: Actor, consultant_id: UUID, *, version: int | None = None) -> None:
        """Archive a consultant; with `version`, only as the record was then."""
        await self.call(actor, "DELETE", f"/consultants/{consultant_id}", params={"version": version})

    async def restore(self, actor: Actor, consultant_id: UUID) -> schemas.Consultant:
        """Bring an archived consultant back."""
        return await self.call(actor, "POST", f"/consultants/{consultant_id}/restoration", into=schemas.Consultant)

    async def schedule(self, actor: Actor, consultant_id: UUID) -> schemas.Schedule:
        """Read a consultant's weekly hours."""
        return await self.call(actor, "GET", f"/consultants/{consultant_id}/schedule", into=schemas.Schedule)

    async def put_schedule(
        self, actor: Actor, consultant_id: UUID, schedule: schemas.ScheduleWrite
    ) -> schemas.Schedule:
        """Replace a consultant's weekly hours."""
        path = f"/consultants/{consultant_id}/schedule"
        return await self.call(actor, "PUT", path, into=schemas.Schedule, json=schedule)

    async def exceptions(
        self,
        actor: Actor,
        consultant_id: UUID,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.ScheduleException]:
        """List when the weekly hours do not hold, soonest first."""
        path = f"/consultants/{consultant_id}/exceptions"
        params = {"from": start, "to": end, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", path, into=Page[schemas.ScheduleException], params=params)

    async def exception(self, actor: Actor, consultant_id: UUID, exception_id: UUID) -> schemas.ScheduleException:
        """Read when the weekly hours do not hold."""
        path = f"/consultants/{consultant_id}/exceptions/{exception_id}"
        return await self.call(actor, "GET", path, into=schemas.ScheduleException)

    async def put_exception(
        self, actor: Actor, consultant_id: UUID, exception_id: UUID, told: schemas.ExceptionWrite
    ) -> schemas.ScheduleException:
        """Enter leave, blocked time or extra hours, or change them; a repeat is harmless."""
        path = f"/consultants/{consultant_id}/exceptions/{exception_id}"
        return await self.call(actor, "PUT", path, into=schemas.ScheduleException, json=told)

    async def delete_exception(self, actor: Actor, consultant_id: UUID, exception_id: UUID) -> None:
        """Remove an exception; a repeat is harmless."""
        await self.call(actor, "DELETE", f"/consultants/{consultant_id}/exceptions/{exception_id}")

    async def visit_types(
        self,
        actor: Actor,
        *,
        active: bool | None = None,
        consultant_id: UUID | None = None,
        limit: int = 200,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[schemas.VisitType]:
        """List the catalogue by name; with `consultant_id`, what this consultant offers."""
        params: dict[str, Any] = {"active": active, "consultant_id": consultant_id}
        params |= {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/visit-types", into=Page[schemas.VisitType], params=params)

    async def cancellation_terms(self, actor: Actor) -> Terms:
        """List the cancellation policies of all visit types, and since when they hold."""
        return await self.call(actor, "GET", "/cancellation-terms", into=Terms)

    async def visit_type(self, actor: Actor, visit_type_id: UUID) -> schemas.VisitType:
        """Read a visit type."""
        return await self.call(actor, "GET", f"/visit-types/{visit_type_id}", into=schemas.VisitType)

    async def create_visit_type(
        self, actor: Actor, visit_type_id: UUID, terms: schemas.VisitTypeWrite
    ) -> schemas.VisitType:
        """Add a visit type under an id of the caller's; a repeat is harmless."""
        path = f"/visit-types/{visit_type_id}"
        return await self.call(actor, "PUT", path, into=schemas.VisitType, json=terms)

    async def replace_visit_type(
        self, actor: Actor, visit_type_id: UUID, terms: schemas.VisitTypeReplacement
    ) -> schemas.VisitType:
        """Replace the terms of a visit type."""
        path = f"/visit-types/{visit_type_id}/record"
        return await self.call(actor, "PUT", path, into=schemas.VisitType, json=terms)

    async def prices(
        self, actor: Actor, *, visit_type_id: UUID | None = None, limit: int = 200, cursor: str | None = None
    ) -> Page[schemas.Price]:
        """List the rows of the price lists, all or of one visit type."""
        params = {"visit_type_id": visit_type_id, "limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/price-lists", into=Page[schemas.Price], params=params)

    async def price(self, actor: Actor, price_id: UUID) -> schemas.Price:
        """Read one row of the price lists."""
        return await self.call(actor, "GET", f"/price-lists/{price_id}", into=schemas.Price)

    async def enter_price(self, actor: Actor, price_id: UUID, wanted: schemas.PriceWrite) -> schemas.Price:
        """Enter a price under an id of the caller's; a repeat is harmless."""
        return await self.call(actor, "PUT", f"/price-lists/{price_id}", into=schemas.Price, json=wanted)

    async def replace_price(self, actor: Actor, price_id: UUID, wanted: schemas.PriceReplacement) -> schemas.Price:
        """Replace a price."""
        return await self.call(actor, "PUT", f"/price-lists/{price_id}/record", into=schemas.Price, json=wanted)

    async def delete_price(self, actor: Actor, price_id: UUID) -> None:
        """Remove a price."""
        await self.call(actor, "DELETE", f"/price-lists/{price_id}")

    async def money_policy(self, actor: Actor) -> schemas.MoneyPolicy:
        """Read the organisation's own policies about money."""
        return await self.call(actor, "GET", "/money-policy", into=schemas.MoneyPolicy)

    async def put_money_policy(self, actor: Actor, wanted: schemas.MoneyPolicyWrite) -> schemas.MoneyPolicy:
        """Replace the organisation's own policies about money."""
        return await self.call(actor, "PUT", "/money-policy", into=schemas.MoneyPolicy, json=wanted)

    async def windows(
        self,
        actor: Actor,
        start: datetime,
        end: datetime,
        visit_type_id: UUID,
        *,
        consultant_id: UUID | None = None,
        specialty: str | None = None,
        location_id: UUID | None = None,
    ) -> Windows:
        """List the working time inside `[start, end)` of those who offer a visit type, soonest first."""
        params: dict[str, Any] = {"from": start, "to": end, "visit_type_id": visit_type_id}
        params |= {"consultant_id": consultant_id, "specialty": specialty, "location_id": location_id}
        return await self.call(actor, "GET", "/windows", into=Windows, params=params)

    async def timetable(
        self, actor: Actor, start: datetime, end: datetime, *, consultant_id: Iterable[UUID] = ()
    ) -> schemas.Timetable:
        """Tell who works when inside `[start, end)`, and what keeps them from it: of everybody, or of those named."""
        params: dict[str, Any] = {"from": start, "to": end, "consultant_id": [*consultant_id]}
        return await self.call(actor, "GET", "/timetable", into=schemas.Timetable, params=params)

    async def try_schedule(
        self, actor: Actor, consultant_id: UUID, schedule: schemas.ScheduleWrite, start: datetime, end: datetime
    ) -> Windows:
        """Tell what the working time inside `[start, end)` would be with other weekly hours."""
        path = f"/consultants/{consultant_id}/schedule/trial"
        params = {"from": start, "to": end}
        return await self.call(actor, "POST", path, into=Windows, json=schedule, params=params)

    async def offer(
        self,
        actor: Actor,
        visit_type_id: UUID,
        consultant_id: UUID,
        location_id: UUID | None,
        start: datetime,
        *,
        override_hours: bool = False,
        override_notice: bool = False,
        duration_minutes: int | None = None,
        payer_id: UUID | None = None,
        held: bool = False,
    ) -> schemas.Offer:
        """Ask for the terms of one visit; refused where it cannot be had at `start`."""
        params: dict[str, Any] = {
            "visit_type_id": visit_type_id,
            "consultant_id": consultant_id,
            "location_id": location_id,
        }
        params |= {"start": start, "override_hours": override_hours, "payer_id": payer_id, "held": held}
        params |= {"override_notice": override_notice, "duration_minutes": duration_minutes}
        return await self.call(actor, "GET", "/offer", into=schemas.Offer, params=params)

    async def figures(self, actor: Actor) -> schemas.Figures:
        """Count consultants, for the dashboard."""
        return await self.call(actor, "GET", "/figures", into=schemas.Figures)

    async def working_time(
        self, actor: Actor, start: datetime, end: datetime, *, location_id: UUID | None = None
    ) -> WorkingTimes:
        """Add up each consultant's working minutes inside `[start, end)`; those without any are left out."""
        params = {"from": start, "to": end, "location_id": location_id}
        return await self.call(actor, "GET", "/working-time", into=WorkingTimes, params=params)
