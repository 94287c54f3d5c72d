"""Recurrence rules (RFC 5545 section 3.3.10), as far as a clinic needs them, on the local wall time of a place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from services.appointments.errors import InvalidRule

MOST = 60
"""How many appointments one series may have."""
LONGEST = timedelta(days=3 * 366)
"""How far ahead a rule is followed; one that has not given its count by then gives too little to be meant."""

_DAY = r"(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)"
_NUMBER = r"-?(?:[1-9]|[12]\d|3[01])"
_PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY",
    "INTERVAL": r"[1-9]\d?",
    "COUNT": r"[1-9]\d?",
    "UNTIL": r"\d{8}(?:T\d{6}Z)?",
    "BYDAY": rf"{_DAY}(?:,{_DAY})*",
    "BYMONTHDAY": rf"{_NUMBER}(?:,{_NUMBER})*",
    "BYSETPOS": r"-?[1-5]",
    "WKST": r"MO|SU",
}


@dataclass(frozen=True)
class Rule:
    """A rule that was read; `text` is how it is kept."""

    parts: dict[str, str]

    @classmethod
    def read(cls, text: str) -> "Rule":
        """Read a rule such as `FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=10`.

        Raises:
            InvalidRule: it is none, or one that goes on for ever, or has parts that are not followed here.
        """
        pairs = [part.partition("=") for part in text.strip().upper().removeprefix("RRULE:").split(";")]
        parts = {name: value for name, _, value in pairs}
        for name, value in parts.items():
            if name not in _PARTS or not re.fullmatch(_PARTS[name], value):
                raise InvalidRule(f"{name or 'An empty part'} is not followed here, or its value is not.")
        if len(parts) != len(pairs):
            raise InvalidRule("Each part is named once.")
        if "FREQ" not in parts:
            raise InvalidRule("FREQ is missing: DAILY, WEEKLY or MONTHLY.")
        if ("COUNT" in parts) == ("UNTIL" in parts):
            raise InvalidRule("Say either COUNT or UNTIL: a series ends.")
        if parts["FREQ"] != "MONTHLY" and re.search(r"\d", parts.get("BYDAY", "")):
            raise InvalidRule("A numbered weekday, such as 2TU, belongs to FREQ=MONTHLY.")
        if int(parts.get("COUNT", 1)) > MOST:
            raise InvalidRule(f"A series has at most {MOST} appointments.")
        return cls(parts)

    @property
    def text(self) -> str:
        """The rule as it is kept."""
        return ";".join(f"{name}={value}" for name, value in self.parts.items())

    def starts(self, first: datetime, zone: ZoneInfo) -> list[datetime]:
        """List the starts as instants, beginning with `first`: the same wall time on each day, whatever the clocks do.

        A wall time that a clock change leaves out is left out and not counted, as the RFC has it; of one that comes
        twice, the first counts.

        Raises:
            InvalidRule: `first` is not a start of the rule, there is none, or there are too many.
        """
        wanted = int(self.parts.get("COUNT", MOST + 1))
        found: list[datetime] = []
        for instant in self._instants(first.astimezone(zone).replace(tzinfo=None), zone):
            found.append(instant)
            if len(found) == wanted:
                break
        if not found or found[0] != first.astimezone(UTC).replace(microsecond=0):
            raise InvalidRule("The first appointment has to be on a day of the rule.")
        if len(found) > MOST:
            raise InvalidRule(f"A series has at most {MOST} appointments; this rule gives more.")
        if "COUNT" in self.parts and len(found) < wanted:
            raise InvalidRule("This rule does not give so many appointments within three years.")
        return found

    def _instants(self, first: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        bare = ";".join(f"{name}={value}" for name, value in self.parts.items() if name not in {"COUNT", "UNTIL"})
        last = min(self._until(zone) or first + LONGEST, first + LONGEST)
        for local in rrulestr(f"{bare};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=first.replace(microsecond=0)):
            instant = as_instant(local, zone)
            if instant:
                yield instant

    def _until(self, zone: ZoneInfo) -> datetime | None:
        said = self.parts.get("UNTIL")
        try:
            if said is None:
                return None
            if said.endswith("Z"):
                return datetime.strptime(said, "%Y%m%dT%H%M%S%z").astimezone(zone).replace(tzinfo=None)
            return datetime.combine(datetime.strptime(said, "%Y%m%d").date(), time.max)  # noqa: DTZ007 - a local day
        except ValueError as error:
            raise InvalidRule("UNTIL is a day that does not exist.") from error


def as_instant(local: datetime, zone: ZoneInfo) -> datetime | None:
    """Give the instant of a wall time, the first of two; None where a clock change leaves the wall time out."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == local else None
