"""What stands around every screen: the navigation, the place and day, the person, what happened a moment ago."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from careconnect.auth import Actor
from services.identity.schemas import Location, SessionInfo
from web.looks import state_label
from web.pages.flash import Toast
from web.words import gettext


@dataclass(frozen=True)
class Entry:
    """One screen of the navigation. `key` follows `g` on the keyboard; `minor` ones stand below."""

    name: str
    href: str
    label: str
    key: str
    scope: str
    minor: bool = False
    count: int = 0

    @property
    def icon(self) -> str:
        """The icon has the screen's name."""
        return self.name


@dataclass(frozen=True)
class Shown:
    """The person as the corner of the screen shows them."""

    id: UUID
    name: str
    note: str


@dataclass
class Frame:
    """Everything that `frames/page.html` needs."""

    actor: Actor
    csrf: str
    organisation: str
    person: Shown
    places: list[Location]
    location: Location | None
    now: datetime
    path: str
    console: str
    languages: list[tuple[str, str]]
    toasts: list[Toast] = field(default_factory=list)
    waiting: int = 0

    @property
    def zone(self) -> str:
        """The zone in which this screen's times are told."""
        if self.location:
            return self.location.zone
        return self.places[0].zone if self.places else "UTC"

    @property
    def locations(self) -> list[tuple[str, str]]:
        """The places to choose from."""
        return [(str(place.id), place.name) for place in self.places]

    @property
    def nav(self) -> list[Entry]:
        """The screens that this person may see."""
        return [entry for entry in _entries(self.waiting) if self.may(entry.scope)]

    def may(self, scope: str) -> bool:
        """Tell whether the person may do what `scope` names."""
        return self.actor.may(scope)


def shown(session: SessionInfo) -> Shown:
    """Show the person of a session with their roles."""
    roles = ", ".join(state_label(role, "role") for role in session.roles)
    return Shown(session.actor.id, session.staff_name, f"{roles} · {session.tenant.name}")


def _entries(waiting: int) -> list[Entry]:
    return [
        Entry("dashboard", "/", gettext("Dashboard"), "d", "reports:read"),
        Entry("calendar", "/calendar", gettext("Calendar"), "k", "appointments:read"),
        Entry("appointments", "/appointments", gettext("Appointments"), "a", "appointments:read"),
        Entry("queue", "/queue", gettext("Queue"), "q", "appointments:read"),
        Entry("waitlist", "/waitlist", gettext("Waiting list"), "l", "appointments:read"),
        Entry("patients", "/patients", gettext("Patients"), "p", "patients:read"),
        Entry("consultants", "/consultants", gettext("Consultants"), "c", "consultants:read"),
        Entry("billing", "/billing", gettext("Billing"), "b", "payments:read"),
        Entry("messages", "/messages", gettext("Messages"), "m", "messages:read"),
        Entry("reports", "/reports", gettext("Reports"), "r", "reports:read"),
        Entry("attention", "/attention", gettext("Attention"), "w", "appointments:read", count=waiting),
        Entry("settings", "/settings", gettext("Settings"), "s", "identity:read", minor=True),
    ]
