"""Which role may do what: the one table that endpoints, screens and tests read.

A scope is `resource:verb`. A person holds the scopes of all their roles; an API client holds scopes of its own, and the
role `integration` is the most that it can be given.
"""

from collections.abc import Iterable
from typing import Literal, get_args

Role = Literal["owner", "admin", "front_desk", "clinician", "billing", "auditor", "integration"]

EVERYBODY = "everybody:read"
"""To see everybody's patients and appointments: a person without it sees their own, and others with a reason."""

READS = frozenset(
    {
        "patients:read",
        "consultants:read",
        "catalogue:read",
        "appointments:read",
        "payments:read",
        "messages:read",
        "reports:read",
        "identity:read",
    }
)
"""What can be seen without clinical notes and without the audit."""

ALL = READS | {
    "patients:write",
    "patients:clinical",
    "consultants:write",
    "catalogue:write",
    "appointments:write",
    "appointments:overbook",
    "payments:write",
    "payments:refund",
    "ledger:close",
    "gateways:manage",
    "payments:discount",
    "drawers:review",
    "insurance:write",
    "insurance:write_off",
    "reports:write",
    "messages:write",
    "staff:manage",
    "audit:read",
    "console:operate",
    EVERYBODY,
}
"""Every scope that a person or an API client can hold."""

ROLES: dict[Role, frozenset[str]] = {
    "owner": ALL,
    "admin": ALL - {"console:operate"},
    "front_desk": READS | {EVERYBODY, "patients:write", "appointments:write", "payments:write", "messages:write"},
    "clinician": frozenset(
        {
            "patients:read",
            "patients:clinical",
            "consultants:read",
            "catalogue:read",
            "appointments:read",
            "appointments:write",
            "appointments:overbook",
            "messages:read",
            "identity:read",
        }
    ),
    "billing": frozenset(
        {
            "patients:read",
            "consultants:read",
            "catalogue:read",
            "appointments:read",
            "payments:read",
            "payments:write",
            "payments:refund",
            "ledger:close",
            "payments:discount",
            "drawers:review",
            "insurance:write",
            "messages:read",
            "reports:read",
            "identity:read",
            EVERYBODY,
        }
    ),
    "auditor": READS | {"audit:read", EVERYBODY},
    "integration": ALL
    - {EVERYBODY, "staff:manage", "gateways:manage", "audit:read", "console:operate", "reports:write"},
}
STAFF_ROLES: tuple[Role, ...] = tuple(role for role in get_args(Role) if role != "integration")
"""The roles that a person can have."""


def scopes_of(roles: Iterable[Role]) -> frozenset[str]:
    """Give everything that somebody with `roles` may do."""
    return frozenset[str]().union(*(ROLES[role] for role in roles))
