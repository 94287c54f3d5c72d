"""What law 2 remarks: appointments to come whose wall time is no longer the one that people agreed on.

It breaks no law: a zone's rules were changed after the booking, and people have to say what becomes of it.
"""

from zoneinfo import ZoneInfo

from operations.verify.evidence import Evidence

_COMING = """
SELECT zone, start_at, local_start, min(reference) AS reference, count(*) AS many FROM appointments
WHERE start_at > now() AND status IN ('held', 'booked', 'arrived', 'checked_in')
GROUP BY zone, start_at, local_start ORDER BY start_at, zone
"""


async def remarks(evidence: Evidence) -> list[str]:
    """Name them, those of one start together."""
    found = []
    for row in await evidence.rows("appointments", _COMING):
        shown = row["start_at"].astimezone(ZoneInfo(row["zone"])).replace(tzinfo=None)
        if shown != row["local_start"]:
            others = f" and {row['many'] - 1} more" if row["many"] > 1 else ""
            agreed, now = row["local_start"].isoformat(" ", "minutes"), shown.isoformat(" ", "minutes")
            found.append(f"{row['reference']}{others}: agreed for {agreed} in {row['zone']}, where it is {now} now")
    return found
