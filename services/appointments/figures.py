"""What the dashboard takes from the appointments, in one statement and so in one snapshot."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict

from careconnect.db import ReadSession
from services.appointments.schemas import Figures, HourCount, Status


class Period(BaseModel):
    """A half-open stretch of time, the one before it of equal meaning, and the zone in which hours are counted."""

    model_config = ConfigDict(extra="forbid")

    from_: AwareDatetime
    to: AwareDatetime
    previous_from: AwareDatetime
    zone: str
    location_id: UUID | None = None


_FIGURES = sa.text("""
WITH counted AS (
  SELECT start_at >= :from AS present, status,
         CASE WHEN start_at >= :from THEN extract(hour FROM start_at AT TIME ZONE :zone)::int END AS hour, count(*) AS n
  FROM appointments
  WHERE tenant_id = :tenant AND start_at >= :previous AND start_at < :to AND status <> 'expired'
    AND (CAST(:location AS uuid) IS NULL OR location_id = :location)
  GROUP BY 1, 2, 3
)
SELECT (SELECT coalesce(max(id), 0) FROM outbox_events WHERE tenant_id = :tenant) AS watermark,
       (SELECT coalesce(json_agg(counted), '[]') FROM counted) AS counted,
       (SELECT count(*) FROM appointments WHERE tenant_id = :tenant AND needs_attention IS NOT NULL) AS attention
""").bindparams(
    *(sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True)) for name in ("from", "previous", "to")),
    *(sa.bindparam(name, type_=sa.Uuid()) for name in ("tenant", "location")),
)


async def read(session: ReadSession, period: Period) -> Figures:
    """Count the appointments that start in the period, by state and by hour of the local day."""
    row = (
        await session.execute(
            _FIGURES,
            {
                "tenant": session.tenant_id,
                "from": period.from_,
                "to": period.to,
                "previous": period.previous_from,
                "zone": period.zone,
                "location": period.location_id,
            },
        )
    ).one()
    present = [one for one in row.counted if one["present"]]
    return Figures(
        watermark=row.watermark,
        total=_sum(present),
        previous_total=_sum(one for one in row.counted if not one["present"]),
        by_status={
            status: _sum(one for one in present if one["status"] == status)
            for status in Status
            if any(one["status"] == status for one in present)
        },
        by_hour=[
            HourCount(hour=one["hour"], status=Status(one["status"]), count=one["n"])
            for one in sorted(present, key=lambda one: (one["hour"], one["status"]))
        ],
        attention=row.attention,
    )


def _sum(rows: Any) -> int:
    return sum(one["n"] for one in rows)
