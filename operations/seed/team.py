"""The clinic's staff, and as whom they act in the data."""

from dataclasses import dataclass
from uuid import UUID

from careconnect.auth import Actor
from operations.seed.ground import Ground
from services.identity.roles import Role
from services.identity.schemas import StaffWrite


@dataclass(frozen=True)
class Member:
    """A member of staff to be: `account` stands before the @, `consultant` counts in the list of consultants."""

    name: str
    account: str
    role: Role
    location: str | None = None
    consultant: int | None = None


OWNER = "owner"
TEAM = (
    Member("Kumudini Ratnayake", "manager", "admin"),
    Member("Sanduni Perera", "frontdesk", "front_desk", "colombo7"),
    Member("Priya Nadarajah", "frontdesk2", "front_desk", "nugegoda"),
    Member("Dr Anula Wickramasinghe", "anula", "clinician", "colombo7", consultant=0),
    Member("Dr Dilani Gunawardena", "dilani", "clinician", consultant=3),
    Member("Mahesh Fernando", "billing", "billing"),
    Member("Shireen Cassim", "auditor", "auditor"),
)


def write(ground: Ground, member: Member, password: str) -> StaffWrite:
    """Describe a member of staff to the identity service."""
    consultant = None if member.consultant is None else ground.id("consultant", member.consultant)
    return StaffWrite(
        name=member.name,
        email=email(ground, member),
        roles=[member.role],
        consultant_id=consultant,
        location_ids=[ground.id("location", member.location)] if member.location else [],
        password=password,
    )


def email(ground: Ground, member: Member) -> str:
    """Give what a member of staff signs in with."""
    return f"{member.account}@{ground.domain}"


@dataclass(frozen=True)
class Hands:
    """Who does things: the desk of each location, the billing office, the booking process on its own."""

    desks: dict[UUID, Actor]
    billing: Actor
    process: Actor

    @classmethod
    def of(cls, ground: Ground) -> "Hands":
        """Name them for a tenant."""
        desks = {
            ground.id("location", one.location): _staff(ground, one.account) for one in TEAM if one.role == "front_desk"
        }
        process = Actor.workflow(ground.tenant_id, "booking", frozenset())
        return cls(desks, _staff(ground, "billing"), process)


def _staff(ground: Ground, account: str) -> Actor:
    return Actor(id=ground.id("staff", account), tenant_id=ground.tenant_id, kind="staff", scopes=frozenset())
